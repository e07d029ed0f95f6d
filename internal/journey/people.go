// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/atmail7"
	"rehome/internal/atmail8"
	"rehome/internal/config"
	"rehome/internal/ledger"
	"rehome/internal/roster"
	"rehome/internal/vault"
)

// people is who moves and who does not.
type people struct {
	organisation rehome.Organisation
	moving       []rehome.Account // by address
	staying      []Staying
	findings     []rehome.Finding
	sheet        vault.Sheet
	decisions    []atmail8.Decision // one for each of moving: what the import file gets
	counts       atmail8.Counts
}

// Staying is an account that does not move, with the reason.
type Staying struct {
	Account string `json:"account"`
	Reason  string `json:"reason"`
}

// people is everybody known, of whom somebody moves: an operation on nobody would end well and have done
// nothing.
func (m *Move) people(ctx context.Context) (*people, error) {
	p, err := m.everybody(ctx)
	if err == nil && len(p.moving) == 0 {
		err = m.nobodyMoves(p)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// everybody reads database and roster, and adds what is known of passwords at both ends.
func (m *Move) everybody(ctx context.Context) (*people, error) {
	p := &people{}
	if err := m.readDatabase(ctx, p); err != nil {
		return nil, err
	}
	if m.settings.Roster != "" {
		// The roster may hold passwords; that there is none is for Load to say.
		if err := vault.CheckPrivate(m.settings.Roster); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		rows, err := roster.Load(m.settings.Roster)
		if err != nil {
			return nil, err
		}
		p.organisation.Accounts = roster.Merge(p.organisation.Accounts, rows)
	}
	if len(p.organisation.Accounts) == 0 {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "people", Cause: errors.New("neither database nor roster names any"),
			Hint: "set source.database.dsn, or roster: with a CSV of addresses"}
	}
	if err := m.openSheet(p); err != nil {
		return nil, err
	}
	m.choose(p)
	m.addPasswords(p)
	return p, nil
}

// database opens the source's database; nil when there is none.
func (m *Move) database(ctx context.Context) (*atmail7.Database, error) {
	settings := m.settings.Source.Database
	if settings.DSN == "" {
		return nil, nil
	}
	password, err := settings.Password.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	masterKey, err := settings.MasterKey.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	options := atmail7.Settings{
		DSN: settings.DSN, Password: password, MasterKey: masterKey, Profile: settings.Profile, ProfileFile: settings.ProfileFile,
		QuotaUnit: atmail7.QuotaUnit(settings.QuotaUnit), PlainLooksHashed: settings.PlainLooksHashed,
	}
	return atmail7.Open(ctx, options)
}

func (m *Move) readDatabase(ctx context.Context, p *people) (err error) {
	database, err := m.database(ctx)
	if err != nil || database == nil {
		return err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	p.organisation, p.findings, err = database.Organisation(ctx)
	return err
}

// openSheet loads the temporary passwords that were handed out before. A move without any needs no
// identity.
func (m *Move) openSheet(p *people) error {
	p.sheet = vault.Sheet{}
	if _, err := os.Stat(m.sheetFile()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return err
	}
	p.sheet, err = vault.LoadSheet(m.sheetFile(), identity)
	return err
}

// choose sorts the accounts into those that move and those that stay.
func (m *Move) choose(p *people) {
	for _, account := range p.organisation.Accounts {
		if reason := m.staysBecause(account); reason != "" {
			p.staying = append(p.staying, Staying{Account: account.Address, Reason: reason})
			continue
		}
		p.moving = append(p.moving, account)
	}
	byAddress := func(a, b rehome.Account) int { return strings.Compare(a.Address, b.Address) }
	slices.SortFunc(p.moving, byAddress)
}

func (m *Move) staysBecause(account rehome.Account) string {
	if len(m.settings.Domains) > 0 && !slices.Contains(m.settings.Domains, account.Domain()) {
		return "its domain is not among those that move; add it to domains to move it"
	}
	if account.Disabled && m.settings.Accounts.IncludeDisabled != config.DisabledImport {
		return "the source has disabled it; set accounts.include_disabled: import to move it"
	}
	return ""
}

// nobodyMoves says why, and which domain of the settings is misspelt if one is.
func (m *Move) nobodyMoves(p *people) error {
	fault := &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "somebody who moves",
		Cause: &config.SettingsError{Cause: fmt.Errorf("all %s stay: %s", count(len(p.staying), "account"), p.staying[0].Reason)}}
	for _, lone := range m.loneDomains(p) {
		fault.Object = "somebody who moves in " + lone.domain
		fault.Cause = &config.SettingsError{Cause: errors.New("there are accounts in " + strings.Join(lone.known, ", ") + " only")}
		fault.Hint = lone.hint()
	}
	return fault
}

// loneDomain is a domain of the settings in which nobody has an account, and which the source does not know
// otherwise, for instance for its aliases.
type loneDomain struct {
	domain string
	known  []string // domains with accounts; the first few
}

// mostDomains bounds how many are named.
const mostDomains = 5

func (m *Move) loneDomains(p *people) []loneDomain {
	known := map[string]bool{}
	for _, account := range p.organisation.Accounts {
		known[account.Domain()] = true
	}
	if len(p.moving) > 0 {
		for _, domain := range p.organisation.Domains {
			known[domain] = true
		}
	}
	var lone []loneDomain
	for _, domain := range m.settings.Domains {
		if !known[domain] {
			lone = append(lone, loneDomain{domain: domain, known: slices.Sorted(maps.Keys(known))})
		}
	}
	for i := range lone {
		if n := len(lone[i].known); n > mostDomains {
			lone[i].known = append(lone[i].known[:mostDomains:mostDomains], count(n-mostDomains, "other domain"))
		}
	}
	return lone
}

func (l loneDomain) hint() string {
	if meant := config.Nearest(l.domain, l.known); meant != "" {
		return fmt.Sprintf("correct domains: in the settings (did you mean %s instead of %s?)", meant, l.domain)
	}
	return "correct domains: in the settings, or take " + l.domain + " out of them"
}

// addPasswords fills in the log-ins that the roster does not give: at the source the user's own
// plain password, at an atmail 8 what the import file holds.
func (m *Move) addPasswords(p *people) {
	// Before the temporary ones are filled in, which would then pass for the people's own.
	p.decisions, p.counts = atmail8.PlanPasswords(p.moving, m.policy(), passwords(p.sheet))
	for i := range p.moving {
		account := &p.moving[i]
		if account.SourcePassword.Empty() && account.Password.Form == rehome.PasswordPlain {
			account.SourcePassword = account.Password.Stored
		}
		if account.DestinationPassword.Empty() && m.settings.Destination.Kind == config.DestinationAtmail8 {
			account.DestinationPassword = p.decisions[i].Password
		}
	}
}

func (m *Move) policy() atmail8.Policy {
	p := m.settings.Accounts.Policy
	return atmail8.Policy{MinLength: p.MinLength, MinLower: p.MinLower, MinUpper: p.MinUpper, MinDigit: p.MinDigit, MinSymbol: p.MinSymbol, MaxSame: p.MaxSame}
}

// selection is the people of the move, those of them a command is about, and the ledger that knows them.
type selection struct {
	*people
	accounts []rehome.Account
	store    *ledger.Ledger
}

// chosen finds the accounts that are named, or all, and opens the ledger.
func (m *Move) chosen(ctx context.Context, names []string) (selection, error) {
	p, err := m.people(ctx)
	if err != nil {
		return selection{}, err
	}
	accounts, err := p.only(names)
	if err != nil {
		return selection{}, err
	}
	store, err := m.store(ctx)
	return selection{people: p, accounts: accounts, store: store}, err
}

// only keeps the accounts that are named; an unknown name is an error before anything is done.
func (p *people) only(names []string) ([]rehome.Account, error) {
	if len(names) == 0 {
		return p.moving, nil
	}
	var chosen []rehome.Account
	for _, name := range names {
		i := slices.IndexFunc(p.moving, func(a rehome.Account) bool { return strings.EqualFold(a.Address, name) })
		if i < 0 {
			return nil, p.unknown(name)
		}
		chosen = append(chosen, p.moving[i])
	}
	return chosen, nil
}

func (p *people) unknown(name string) error {
	fault := &rehome.Fault{Class: rehome.ClassOperator, Op: "find account", Object: name, Cause: errors.New("nobody of that address moves"),
		Hint: `run "rehome accounts list" to see who moves`}
	for _, s := range p.staying {
		if strings.EqualFold(s.Account, name) {
			fault.Cause, fault.Hint = fmt.Errorf("it stays: %s", s.Reason), ""
		}
	}
	return fault
}

// passwords returns the temporary passwords by address.
func passwords(sheet vault.Sheet) map[string]rehome.Secret {
	all := make(map[string]rehome.Secret, len(sheet))
	for address, entry := range sheet {
		all[address] = entry.Password
	}
	return all
}
