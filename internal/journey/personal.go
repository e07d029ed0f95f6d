// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"path/filepath"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/config"
	"rehome/internal/people"
	"rehome/internal/vault"
)

//go:embed personal.html.tmpl
var personalPage string

// PersonalSettings are what people have set up, and the sheets that tell them what changes.
type PersonalSettings struct {
	People  []PersonalSetting `json:"people"`
	Folder  string            `json:"folder,omitempty"` // where the sheets are; empty if none were written
	Sheets  int               `json:"sheets"`
	Letters int               `json:"letters"` // sealed, with a temporary password
}

// PersonalSetting is what one person has set up.
type PersonalSetting struct {
	people.Preference
	Forwards []string `json:"forwards,omitempty"`
}

// Settings reads what the people who move have set up at the source; one without anything is listed with
// the address only.
func (m *Move) Settings(ctx context.Context, only []string) (PersonalSettings, error) {
	p, err := m.people(ctx)
	if err != nil {
		return PersonalSettings{}, err
	}
	return m.settingsOf(ctx, p, only)
}

func (m *Move) settingsOf(ctx context.Context, p *people.Everybody, only []string) (PersonalSettings, error) {
	accounts, err := p.Only(only)
	if err != nil {
		return PersonalSettings{}, err
	}
	known, err := m.preferences(ctx)
	if err != nil {
		return PersonalSettings{}, err
	}
	forwards := map[string][]string{}
	for _, forward := range p.Organisation.Forwards {
		forwards[forward.Account] = append(forwards[forward.Account], forward.Target)
	}
	settings := PersonalSettings{People: []PersonalSetting{}}
	for _, account := range accounts {
		one := PersonalSetting{Preference: known[account.Address]}
		one.Account = account.Address
		one.DisplayName = cmp.Or(one.DisplayName, strings.TrimSpace(account.FirstName+" "+account.LastName))
		one.Forwards = forwards[account.Address]
		settings.People = append(settings.People, one)
	}
	return settings, nil
}

func (m *Move) preferences(ctx context.Context) (known map[string]people.Preference, err error) {
	err = m.withDirectory(ctx, func(directory people.Directory) error {
		known, err = people.ReadPreferences(ctx, directory)
		return err
	})
	return known, err
}

// PersonalSheets writes for each person a page that says what changes, and the settings as JSON. Who has
// a temporary password also gets a letter with it, sealed: the page itself holds no secret.
func (m *Move) PersonalSheets(ctx context.Context, only []string) (PersonalSettings, error) {
	p, err := m.people(ctx)
	if err != nil {
		return PersonalSettings{}, err
	}
	settings, err := m.settingsOf(ctx, p, only)
	if err != nil {
		return settings, err
	}
	settings.Folder = filepath.Join(m.settings.Accounts.Output, "people")
	page, err := template.New("page").Parse(personalPage)
	if err != nil {
		return settings, &rehome.Fault{Class: rehome.ClassBug, Op: "read", Object: "the page's template", Cause: err}
	}
	sheets, err := m.sheets(p, settings)
	if err != nil {
		return settings, err
	}
	for _, sheet := range sheets {
		if err := m.writeSheet(page, settings.Folder, sheet); err != nil {
			return settings, err
		}
		settings.Sheets++
		if sheet.Temporary {
			if err := m.writeLetter(settings.Folder, sheet); err != nil {
				return settings, err
			}
			settings.Letters++
		}
	}
	return settings, nil
}

// sheets are what is to be written. The letters among them are noted before the first is.
func (m *Move) sheets(p *people.Everybody, settings PersonalSettings) (all []personalSheet, err error) {
	places := make(map[string]int, len(p.Moving))
	for i, account := range p.Moving {
		places[account.Address] = i
	}
	var letters []string
	for _, one := range settings.People {
		i := places[one.Account]
		sheet := m.sheetOf(one, p.Moving[i], p.Decisions[i])
		all = append(all, sheet)
		if sheet.Temporary {
			letters = append(letters, letterOf(settings.Folder, one.Account))
		}
	}
	return all, m.register().Expect(vault.SecretLetter, letters...)
}

func letterOf(folder, account string) string {
	return filepath.Join(folder, fileName(account)+".letter.txt.age")
}

// personalSheet is what a person's page shows.
type personalSheet struct {
	PersonalSetting
	Organisation, Login string
	Incoming, Contacts  string
	Kept, Temporary     bool   // the own password, or a temporary one
	SignatureText       string // for copying; the page shows markup as text
	POP3                bool
	password            rehome.Secret // for the letter
}

func (m *Move) sheetOf(one PersonalSetting, account rehome.Account, decision atmail8.Decision) personalSheet {
	atCloud := m.settings.Destination.Kind == config.DestinationAtmail8
	return personalSheet{
		PersonalSetting: one, Organisation: m.organisationName(), Login: account.DestinationLogin(),
		Incoming: m.settings.Destination.IMAP.Address, Contacts: m.settings.Destination.DAV.URL,
		Kept:          atCloud && decision.Origin == atmail8.OriginOwn,
		Temporary:     atCloud && decision.Origin == atmail8.OriginTemporary && !decision.Missing(),
		SignatureText: one.Signature, POP3: account.Services.POP3, password: decision.Password,
	}
}

func (m *Move) writeSheet(page *template.Template, folder string, sheet personalSheet) error {
	var html bytes.Buffer
	if err := page.Execute(&html, sheet); err != nil {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write the page of", Object: sheet.Account, Cause: err}
	}
	text, err := json.MarshalIndent(sheet.PersonalSetting, "", "  ")
	if err != nil {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write the settings of", Object: sheet.Account, Cause: err}
	}
	name := filepath.Join(folder, fileName(sheet.Account))
	return vault.WriteFiles(map[string][]byte{name + ".html": html.Bytes(), name + ".json": append(text, '\n')})
}

// writeLetter seals what only the person, and who hands it over, may read.
func (m *Move) writeLetter(folder string, sheet personalSheet) error {
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return err
	}
	letter := fmt.Sprintf("%s\n\nYour new mail account: %s\nYour temporary password: %s\n\nUse it once to log in, and choose a password of your own at once. Tell it to nobody.\n",
		sheet.Organisation, sheet.Login, sheet.password.Reveal())
	return vault.Seal(letterOf(folder, sheet.Account), m.recipients(identity), []byte(letter))
}

// fileName makes a name of an address that every file system takes: an address may hold a slash.
func fileName(address string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, address)
}

// Host and Port split the server's address for programs that want them apart.
func (s personalSheet) Host() string { host, _, _ := net.SplitHostPort(s.Incoming); return host }

// Port is the other half of it.
func (s personalSheet) Port() string { _, port, _ := net.SplitHostPort(s.Incoming); return port }
