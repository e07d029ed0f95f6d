// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"path/filepath"

	"rehome"
	"rehome/internal/bundle"
	"rehome/internal/clientsetup"
	"rehome/internal/config"
	"rehome/internal/guide"
	"rehome/internal/people"
)

// Bundles are what was written of people's contacts and calendars.
type Bundles struct {
	Folder   string          `json:"folder"`
	Accounts []bundle.Bundle `json:"accounts"`
	Failed   []FailedBundle  `json:"failed"`
}

// FailedBundle is an account without a bundle. One from an earlier run stays.
type FailedBundle struct {
	Account string `json:"account"`
	Why     string `json:"why"`
	Hint    string `json:"hint"`

	err error
}

// Outcome implements rehome.Answer.
func (b Bundles) Outcome() rehome.Outcome {
	outcome := rehome.OutcomeDone
	for _, one := range b.Accounts {
		if _, unread := one.Objects(); unread > 0 {
			outcome = rehome.OutcomeRemaining
		}
	}
	for _, one := range b.Failed {
		if outcome = rehome.OutcomeOf(one.err); outcome != rehome.OutcomeWaiting {
			outcome = rehome.OutcomeRemaining
		}
	}
	if len(b.Accounts) == 0 && len(b.Failed) > 0 {
		return rehome.OutcomeOf(b.Failed[0].err)
	}
	return outcome
}

// ExportBundles writes for each account of a choice its contacts, calendars and tasks at the source into files that other programs
// import, together with what its devices need. An account's trouble is its own.
func (m *Move) ExportBundles(ctx context.Context, only people.Choice) (answer Bundles, err error) {
	answer = Bundles{
		Folder: filepath.Join(m.settings.Accounts.Output, "clients", "export"), Accounts: []bundle.Bundle{}, Failed: []FailedBundle{},
	}
	src := m.settings.Source
	if src.DAV.URL == "" && src.Database.DSN == "" {
		return answer, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "contacts and calendars",
			Cause: &config.SettingsError{Cause: errors.New("neither source.dav nor source.database is in the settings")},
			Hint:  "write where the CalDAV and CardDAV server is: source.dav.url"}
	}
	signer, err := m.profileSigner()
	if err != nil {
		return answer, err
	}
	who, err := m.chosen(ctx, only)
	if err != nil {
		return answer, err
	}
	papers, err := m.guidesOf(ctx, who.Everybody, who.accounts)
	if err != nil {
		return answer, err
	}
	ends := &pimEnds{via: src.DAV.Via}
	if err := m.openPIM(ctx, ends, src.DAV.DAV, m.settings.Destination.DAV.DAV, m.hosts(nil)); err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, ends.close()) }()
	for _, account := range who.accounts {
		one, err := m.exportBundle(ctx, ends, who, account, answer.Folder, signer, papers)
		switch {
		case ctx.Err() != nil:
			return answer, ctx.Err()
		case err != nil:
			answer.Failed = append(answer.Failed, FailedBundle{Account: account.Address, Why: err.Error(), Hint: rehome.HintOf(err), err: err})
		default:
			answer.Accounts = append(answer.Accounts, one)
		}
	}
	return answer, nil
}

func (m *Move) exportBundle(
	ctx context.Context, ends *pimEnds, who selection, account rehome.Account, folder string, signer *clientsetup.Signer,
	papers *guides,
) (bundle.Bundle, error) {
	open, _ := ends.openers(who.store.Objects, true)
	source, err := ends.source(ctx, account, who.store, open)
	if err != nil {
		return bundle.Bundle{}, err
	}
	defer source.Close()
	return bundle.Write(ctx, folder, account.Address, source, func(folder string, there []bundle.Collection) error {
		_, err := clientsetup.WritePerson(folder, papers.both(account.Domain()).Destination, deviceOwner(account), signer)
		if err != nil {
			return err
		}
		return papers.write(ctx, folder, account, exported(there))
	})
}

// exported are the collections of a bundle, as the page shows them.
func exported(there []bundle.Collection) []guide.Collection {
	all := []guide.Collection{}
	for _, c := range there {
		all = append(all, guide.Collection{Name: c.Name, Contacts: c.Kind == rehome.KindContacts, Objects: c.Objects + len(c.Unread)})
	}
	return all
}
