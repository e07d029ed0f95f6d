// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"

	"rehome"
	"rehome/internal/clientsetup"
	"rehome/internal/handover"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/vault"
)

// HandoverOptions say what goes into the bundle for the vendor's operations.
type HandoverOptions struct {
	Output  string   // a folder, or a file that ends with .tar.gz
	SealTo  []string // the vendor's age recipients
	POPLogs []string // logs and folders of logs that tell who polls by POP3; none: not known
	UIDLs   bool     // look at the source's maildrops of those who may poll
}

// HandoverDefault is where the bundle goes unless somebody says otherwise.
func (m *Move) HandoverDefault() string { return filepath.Join(m.settings.Accounts.Output, "handover") }

// Handover writes one bundle for the vendor's operations. The same people give the same bundle, octet for
// octet: sealed hashes that have not changed are taken over from the bundle that is there.
func (m *Move) Handover(ctx context.Context, options HandoverOptions) (handover.Bundle, error) {
	p, book, err := m.book(ctx)
	if err != nil {
		return handover.Bundle{}, err
	}
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return handover.Bundle{}, err
	}
	to := m.recipients(identity)
	for _, r := range options.SealTo {
		if !slices.Contains(to, r) {
			to = append(to, r)
		}
	}
	habits, err := m.popHabits(ctx, p.Moving, options)
	if err != nil {
		return handover.Bundle{}, err
	}
	bundle, err := handover.WriteBundle(options.Output, handover.VendorInput{
		Organisation: m.organisationName(), Domains: p.DomainsOf(m.settings.Domains), Accounts: p.Moving,
		Aliases: book.Plan(), POPLog: habits.log, Seen: habits.seen, Drops: habits.drops, Identity: identity, SealTo: to,
	}, m.register())
	if err != nil {
		return bundle, err
	}
	return bundle, m.note(ctx, ledger.AuditLine{Action: actionHandedOver, Object: options.Output})
}

func (m *Move) organisationName() string { return cmp.Or(m.settings.Organisation, "the organisation") }

// Settings reads what the people who move have set up at the source; one without anything is listed with
// the address only.
func (m *Move) Settings(ctx context.Context, only people.Choice) (Sheets, error) {
	_, settings, err := m.personalSettings(ctx, only)
	return Sheets{PersonalSettings: settings, LeftOut: []clientsetup.LeftOut{}}, err
}

// Sheets are what people have set up, with what their pages cannot name.
type Sheets struct {
	handover.PersonalSettings
	LeftOut []clientsetup.LeftOut `json:"left_out"` // services of the destination that no page names
}

// PersonalSheets writes for each person a page that says what changes, and the settings as JSON. Who has
// a temporary password also gets a letter with it, sealed: the page itself holds no secret.
func (m *Move) PersonalSheets(ctx context.Context, only people.Choice) (Sheets, error) {
	p, settings, err := m.personalSettings(ctx, only)
	sheets := Sheets{PersonalSettings: settings, LeftOut: []clientsetup.LeftOut{}}
	if err != nil {
		return sheets, err
	}
	g, err := m.guides(ctx, p, settings.People)
	if err != nil {
		return sheets, err
	}
	for _, domain := range p.DomainsOf(m.settings.Domains) {
		_, left := m.clientServices(domain)
		for _, one := range left {
			if one.Side == rehome.Destination {
				sheets.LeftOut = append(sheets.LeftOut, one)
			}
		}
	}
	sheets.PersonalSettings, err = handover.WritePersonal(m.pagesFolder(), settings, p, handover.PersonalOptions{
		MakesAccounts: m.makesAccounts(), Letter: g.letter, SealTo: m.sealTo,
		Page: func(account rehome.Account) ([]byte, error) { return g.html(ctx, account, "", nil) },
	}, m.register())
	return sheets, err
}

func (m *Move) personalSettings(ctx context.Context, only people.Choice) (p *people.Everybody, settings handover.PersonalSettings, err error) {
	if p, err = m.people(ctx); err != nil {
		return nil, settings, err
	}
	accounts, err := choose(p, only)
	if err != nil {
		return nil, settings, err
	}
	settings, err = m.settingsOf(ctx, p, accounts)
	return p, settings, err
}

// settingsOf reads what the accounts' owners have set up.
func (m *Move) settingsOf(ctx context.Context, p *people.Everybody, accounts []rehome.Account) (settings handover.PersonalSettings, err error) {
	err = m.withDirectory(ctx, func(directory people.Directory) error {
		known, err := people.ReadPreferences(ctx, directory)
		settings = handover.SettingsOf(accounts, known, p.Organisation.Forwards)
		return err
	})
	return settings, err
}

// sealTo are who can open what this move seals.
func (m *Move) sealTo() ([]string, error) {
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return nil, err
	}
	return m.recipients(identity), nil
}
