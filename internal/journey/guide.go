// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/clientsetup"
	"rehome/internal/config"
	"rehome/internal/davcopy"
	"rehome/internal/devices"
	"rehome/internal/guide"
	"rehome/internal/handover"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/vault"
)

// guides makes the pages of people: everything that they have in common is read once.
type guides struct {
	move      *Move
	book      *guide.Book
	about     guide.Organisation
	everybody *people.Everybody
	settings  map[string]handover.PersonalSetting
	switches  clientsetup.Switches          // nil if nobody has switched
	store     *ledger.Ledger                // nil if there is none yet
	sightings map[string][]devices.Sighting // by account
	services  map[string]clientsetup.Services
	now       time.Time
}

// guides reads what the pages are made of. It connects to the directory of the source, if there is one.
func (m *Move) guides(ctx context.Context, p *people.Everybody, settings []handover.PersonalSetting) (*guides, error) {
	c := m.settings.Clients
	g := &guides{
		move: m, everybody: p, settings: map[string]handover.PersonalSetting{}, services: map[string]clientsetup.Services{}, now: time.Now(),
		about: guide.Organisation{Name: m.settings.Organisation, Contact: c.Contact, Help: c.Help,
			PasswordStays: m.needsPasswords(),
			RulesCopied:   m.settings.Destination.Sieve.Address != "", DAVCopied: m.settings.Destination.DAV.URL != ""},
	}
	var err error
	if g.book, err = guide.Open(c.Texts, c.Language); err != nil {
		return nil, err
	}
	for _, one := range settings {
		g.settings[one.Account] = one
	}
	if g.store, err = m.storeIfThere(ctx); err != nil {
		return nil, err
	}
	if g.switches, err = m.switchesIfAny(ctx, p.DomainsOf(m.settings.Domains)); err != nil || g.store == nil {
		return g, err
	}
	g.sightings, err = sightingsOf(ctx, g.store)
	return g, err
}

// guidesOf reads also what people have set up.
func (m *Move) guidesOf(ctx context.Context, p *people.Everybody, accounts []rehome.Account) (*guides, error) {
	settings, err := m.settingsOf(ctx, p, accounts)
	if err != nil {
		return nil, err
	}
	return m.guides(ctx, p, settings.People)
}

// storeIfThere opens the ledger, and makes none: who only wants papers has begun nothing.
func (m *Move) storeIfThere(ctx context.Context) (*ledger.Ledger, error) {
	if begun, err := m.begun(ctx); err != nil || !begun {
		return nil, err
	}
	return m.store(ctx)
}

// person puts together the facts of one account. profile is the name of the file with the profile for Apple's devices that goes along
// with the page, if the account can have one; "" if none does. there are the account's collections; nil asks the ledger.
func (g *guides) person(ctx context.Context, account rehome.Account, profile string, there []guide.Collection) (guide.Person, error) {
	c := g.move.settings.Clients
	setting := g.settings[account.Address]
	both := g.both(account.Domain())
	p := guide.Person{
		Preference: setting.Preference, Address: account.Address, Forwards: setting.Forwards, Password: g.password(account.Address),
		Login:    cmp.Or(account.DestinationUser, loginOf(c.DestinationLogin, account.Address)),
		OldLogin: cmp.Or(account.SourceUser, loginOf(c.SourceLogin, account.Address)), OwnLogin: account.DestinationUser != "",
		Source: both.Source, Destination: both.Destination, Devices: devices.Of(g.sightings[account.Address]), ProfileFile: profile,
		Language: g.book.Choose(setting.Language),
	}
	if c.Responder != "" {
		p.ProfileFile, p.ProfileLink = "", "https://"+c.Responder+"/mail/apple.mobileconfig?emailaddress="+url.QueryEscape(account.Address)
	}
	p.Switched, p.Day = g.side(account)
	if p.Collections = there; there != nil || g.store == nil {
		return p, nil
	}
	var err error
	p.Collections, err = collectionsOf(ctx, g.store, account.Address)
	return p, err
}

func (g *guides) both(domain string) clientsetup.Services {
	if _, known := g.services[domain]; !known {
		g.services[domain], _ = g.move.clientServices(domain)
	}
	return g.services[domain]
}

// page makes the page of one account.
func (g *guides) page(ctx context.Context, account rehome.Account, profile string, there []guide.Collection) (guide.Page, error) {
	p, err := g.person(ctx, account, profile, there)
	if err != nil {
		return guide.Page{}, err
	}
	page, err := g.book.Make(g.about, p)
	if err != nil {
		return page, &rehome.Fault{Class: rehome.ClassOperator, Op: "write the page of", Object: account.Address, Cause: err,
			Hint: "correct the texts in clients.texts"}
	}
	return page, nil
}

// html makes the page of one account as a file.
func (g *guides) html(ctx context.Context, account rehome.Account, profile string, there []guide.Collection) ([]byte, error) {
	page, err := g.page(ctx, account, profile, there)
	if err != nil {
		return nil, err
	}
	html, err := page.HTML(nil)
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassBug, Op: "write the page of", Object: account.Address, Cause: err}
	}
	return html, nil
}

// write writes the page of one account into a folder that also has the files for its devices.
func (g *guides) write(ctx context.Context, folder string, account rehome.Account, there []guide.Collection) error {
	name := rehome.FileName(account.Address)
	html, err := g.html(ctx, account, name+".mobileconfig", there)
	if err != nil {
		return err
	}
	return vault.WriteFile(filepath.Join(folder, name+".html"), html)
}

// password says how somebody gets the new one.
func (g *guides) password(address string) guide.Password {
	i := slices.IndexFunc(g.everybody.Decisions, func(d atmail8.Decision) bool { return d.Address == address })
	if i < 0 || !g.move.makesAccounts() {
		return guide.PasswordTold
	}
	switch decision := g.everybody.Decisions[i]; {
	case decision.Origin == atmail8.OriginOwn:
		return guide.PasswordKept
	case decision.Origin == atmail8.OriginTemporary && !decision.Missing():
		return guide.PasswordTemporary
	}
	return guide.PasswordTold
}

// letter writes what only the person, and who hands it over, may read.
func (g *guides) letter(account rehome.Account, password rehome.Secret) ([]byte, error) {
	letter, err := g.book.Letter(g.book.Choose(g.settings[account.Address].Language), g.about, account.DestinationLogin(), password)
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "write the letter of", Object: account.Address, Cause: err,
			Hint: "correct the texts in clients.texts"}
	}
	return letter, nil
}

// loginOf is a user name of the form that the settings name.
func loginOf(form config.LoginForm, address string) string {
	if local, _, found := strings.Cut(address, "@"); found && form == config.LoginFormLocalPart {
		return local
	}
	return address
}

// collectionsOf are an account's address books and calendars as the last complete pass has counted them.
func collectionsOf(ctx context.Context, store *ledger.Ledger, address string) ([]guide.Collection, error) {
	rows, err := store.Objects.Collections(ctx, address)
	if err != nil {
		return nil, err
	}
	var all []guide.Collection
	for _, row := range rows {
		if row.State != (ledger.CollectionState{}) {
			all = append(all, guide.Collection{Name: davcopy.NameOf(row), Contacts: row.Kind == rehome.KindContacts, Objects: int(row.State.Objects)})
		}
	}
	slices.SortFunc(all, func(a, b guide.Collection) int {
		if a.Contacts != b.Contacts {
			return map[bool]int{true: 1, false: -1}[a.Contacts] // calendars first
		}
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Objects, b.Objects))
	})
	return all, nil
}

// side says whether an account is at the destination by now, and on which day that was or will be; zero is not known.
func (g *guides) side(account rehome.Account) (switched bool, day time.Time) {
	if g.switches == nil {
		return false, time.Time{}
	}
	state, own := g.switches.OfPerson(account.Address)
	if !own {
		state = g.switches.OfDomain(account.Domain())
	}
	if state.Side == rehome.Destination {
		day = state.From
	}
	return state.At(g.now) == rehome.Destination, day
}
