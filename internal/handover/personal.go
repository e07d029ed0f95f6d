// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"cmp"
	"encoding/json"
	"path/filepath"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/people"
	"rehome/internal/vault"
)

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

// PersonalOptions say what the papers tell beside a person's own.
type PersonalOptions struct {
	MakesAccounts bool // the destination's accounts are made from our import file: users keep their current password or get one
	Page          func(rehome.Account) ([]byte, error)
	Letter        func(account rehome.Account, password rehome.Secret) ([]byte, error)
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

// WritePersonal writes into folder, for each person of the settings, the page that says what changes, and the settings as
// JSON. Who has a temporary password also gets a letter with it, sealed: the page itself holds no secret. It returns the
// settings with what was written.
func WritePersonal(
	folder string, settings PersonalSettings, everybody *people.Everybody, options PersonalOptions, register vault.Register,
) (PersonalSettings, error) {
	settings.Folder = folder
	sheets := options.sheets(settings.People, everybody)
	to, err := options.expectLetters(folder, sheets, register)
	if err != nil {
		return settings, err
	}
	for _, sheet := range sheets {
		if err := options.write(folder, sheet); err != nil {
			return settings, err
		}
		settings.Sheets++
		if !sheet.temporary {
			continue
		}
		letter, err := options.Letter(sheet.account, sheet.password)
		if err != nil {
			return settings, err
		}
		if err := vault.Seal(letterOf(folder, sheet.Account), to, letter); err != nil {
			return settings, err
		}
		settings.Letters++
	}
	return settings, nil
}

// expectLetters notes the letters before the first is written, and returns who can open them.
func (o PersonalOptions) expectLetters(folder string, sheets []personalSheet, register vault.Register) ([]string, error) {
	var letters []string
	for _, sheet := range sheets {
		if sheet.temporary {
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
		decision := everybody.Decisions[place]
		all[i] = personalSheet{PersonalSetting: one, account: everybody.Moving[place], password: decision.Password,
			temporary: o.MakesAccounts && decision.Origin == atmail8.OriginTemporary && !decision.Missing()}
	}
	return all
}

func letterOf(folder, account string) string {
	return filepath.Join(folder, rehome.FileName(account)+".letter.txt.age")
}

// personalSheet is what one person gets.
type personalSheet struct {
	PersonalSetting
	account   rehome.Account
	temporary bool
	password  rehome.Secret // for the letter
}

func (o PersonalOptions) write(folder string, s personalSheet) error {
	page, err := o.Page(s.account)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(s.PersonalSetting, "", "  ")
	if err != nil {
		return &rehome.Fault{Class: rehome.ClassBug, Op: "write the settings of", Object: s.Account, Cause: err}
	}
	name := filepath.Join(folder, rehome.FileName(s.Account))
	return vault.WriteFiles(map[string][]byte{name + ".html": page, name + ".json": append(text, '\n')})
}

// Outcome implements rehome.Answer.
func (PersonalSettings) Outcome() rehome.Outcome { return rehome.OutcomeDone }
