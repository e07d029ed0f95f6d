// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"path/filepath"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/people"
	"rehome/internal/protocol"
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

// PersonalOptions say what the pages tell beside a person's own.
type PersonalOptions struct {
	Organisation  string            // its name, for people
	Incoming      string            // host and port of the destination's IMAP service
	Outgoing      string            // of its submission service; "" is not known
	OutgoingTLS   protocol.Security // when TLS begins there
	Webmail       string            // its address; "" is not known
	Contacts      string            // URL of its contacts and calendars; "" is none
	MakesAccounts bool              // the destination's accounts are made from our import file: users keep their current password or get one
	// PasswordStays says that nobody may change a password before the move is complete: passes log in with it.
	PasswordStays bool
	SealTo        func() ([]string, error) // age recipients of the letters; asked only if there are any
}

// SettingsOf puts together what the accounts' owners have set up; one without anything is listed with the address only.
func SettingsOf(accounts []rehome.Account, known map[string]people.Preference, forwards []rehome.Forward) PersonalSettings {
	targets := map[string][]string{}
	for _, forward := range forwards {
		targets[forward.Account] = append(targets[forward.Account], forward.Target)
	}
	settings := PersonalSettings{People: []PersonalSetting{}}
	for _, account := range accounts {
		one := PersonalSetting{Preference: known[account.Address]}
		one.Account = account.Address
		one.DisplayName = cmp.Or(one.DisplayName, strings.TrimSpace(account.FirstName+" "+account.LastName))
		one.Forwards = targets[account.Address]
		settings.People = append(settings.People, one)
	}
	return settings
}

// WritePersonal writes into folder, for each person of the settings, a page that says what changes, and the settings as
// JSON. Who has a temporary password also gets a letter with it, sealed: the page itself holds no secret. It returns the
// settings with what was written.
func WritePersonal(
	folder string, settings PersonalSettings, everybody *people.Everybody, options PersonalOptions, register vault.Register,
) (PersonalSettings, error) {
	settings.Folder = folder
	page, err := template.New("page").Parse(personalPage)
	if err != nil {
		return settings, &rehome.Fault{Class: rehome.ClassBug, Op: "read", Object: "the page's template", Cause: err}
	}
	sheets := options.sheets(settings.People, everybody)
	to, err := options.expectLetters(folder, sheets, register)
	if err != nil {
		return settings, err
	}
	for _, sheet := range sheets {
		if err := sheet.write(page, folder); err != nil {
			return settings, err
		}
		settings.Sheets++
		if sheet.Temporary {
			if err := vault.Seal(letterOf(folder, sheet.Account), to, sheet.letter()); err != nil {
				return settings, err
			}
			settings.Letters++
		}
	}
	return settings, nil
}

// expectLetters notes the letters before the first is written, and returns who can open them.
func (o PersonalOptions) expectLetters(folder string, sheets []personalSheet, register vault.Register) ([]string, error) {
	var letters []string
	for _, sheet := range sheets {
		if sheet.Temporary {
			letters = append(letters, letterOf(folder, sheet.Account))
		}
	}
	if err := register.Expect(vault.SecretLetter, letters...); err != nil || len(letters) == 0 {
		return nil, err
	}
	return o.SealTo()
}

func (o PersonalOptions) sheets(settings []PersonalSetting, everybody *people.Everybody) []personalSheet {
	places := make(map[string]int, len(everybody.Moving))
	for i, account := range everybody.Moving {
		places[account.Address] = i
	}
	all := make([]personalSheet, len(settings))
	for i, one := range settings {
		place := places[one.Account]
		all[i] = o.sheetOf(one, everybody.Moving[place], everybody.Decisions[place])
	}
	return all
}

func letterOf(folder, account string) string {
	return filepath.Join(folder, rehome.FileName(account)+".letter.txt.age")
}

// personalSheet is what a person's page shows.
type personalSheet struct {
	PersonalSetting
	Organisation, Login string
	Incoming, Contacts  string
	Outgoing, Webmail   string
	OutgoingTLS         protocol.Security
	Kept, Temporary     bool   // the own password, or a temporary one
	PasswordStays       bool   // until the move is complete
	SignatureText       string // for copying; the page shows markup as text
	POP3                bool
	password            rehome.Secret // for the letter
}

func (o PersonalOptions) sheetOf(one PersonalSetting, account rehome.Account, decision atmail8.Decision) personalSheet {
	return personalSheet{
		PersonalSetting: one, Organisation: o.Organisation, Login: account.DestinationLogin(),
		Incoming: o.Incoming, Contacts: o.Contacts, Outgoing: o.Outgoing, OutgoingTLS: o.OutgoingTLS, Webmail: o.Webmail,
		Kept:          o.MakesAccounts && decision.Origin == atmail8.OriginOwn,
		Temporary:     o.MakesAccounts && decision.Origin == atmail8.OriginTemporary && !decision.Missing(),
		SignatureText: one.Signature, POP3: account.Services.POP3, password: decision.Password, PasswordStays: o.PasswordStays,
	}
}

func (s personalSheet) write(page *template.Template, folder string) error {
	var html bytes.Buffer
	if err := page.Execute(&html, s); err != nil {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write the page of", Object: s.Account, Cause: err}
	}
	text, err := json.MarshalIndent(s.PersonalSetting, "", "  ")
	if err != nil {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write the settings of", Object: s.Account, Cause: err}
	}
	name := filepath.Join(folder, rehome.FileName(s.Account))
	return vault.WriteFiles(map[string][]byte{name + ".html": html.Bytes(), name + ".json": append(text, '\n')})
}

// letter is what only the person, and who hands it over, may read. Who changed a password that later passes need would get no
// late mail.
func (s personalSheet) letter() []byte {
	advice := "Use it once to log in, and choose a new password right away."
	if s.PasswordStays {
		advice = "Use it until you are told that the move is complete, then choose a new password.\n" +
			"Until then, mail that arrives late is brought over with this one."
	}
	return fmt.Appendf(nil, "%s\n\nYour new mail account: %s\nYour temporary password: %s\n\n%s Do not tell anyone.\n",
		s.Organisation, s.Login, s.password.Reveal(), advice)
}

// Host is that of a server's address, which programs want apart from its port.
func (s personalSheet) Host(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

// Port is the other half of it.
func (s personalSheet) Port(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

// Outcome implements rehome.Answer.
func (PersonalSettings) Outcome() rehome.Outcome { return rehome.OutcomeDone }
