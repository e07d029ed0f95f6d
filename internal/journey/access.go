// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/people"
)

// AccountsPlan says for every account that the source knows how its data can be read, and how it gets a
// password at the destination. With logins not nil it also logs in, as that says.
func (m *Move) AccountsPlan(ctx context.Context, logins *people.LoginOptions) (people.AccessPlan, error) {
	p, err := m.people(ctx)
	if err != nil {
		return people.AccessPlan{}, err
	}
	digests, err := m.digests(ctx, p)
	if err != nil {
		return people.AccessPlan{}, err
	}
	plan := p.PlanAccess(m.accessOptions(), digests)
	if logins != nil {
		err = m.logInAll(ctx, p, plan, *logins)
	}
	return plan, err
}

// accessOptions translates the settings.
func (m *Move) accessOptions() people.AccessOptions {
	login := m.settings.Source.IMAP.Login
	server := m.settings.Source.DAV.URL != ""
	tables := m.settings.Source.Database.DSN != ""
	via := m.settings.Source.DAV.Via
	return people.AccessOptions{
		MasterUser: login == config.LoginMaster, Token: login == config.LoginOAuth,
		Server: server && via != config.DAVDatabase, Tables: tables && via != config.DAVServer,
		Objects:       m.settings.Destination.DAV.URL != "" && (server || tables),
		MakesAccounts: m.makesAccounts(),
	}
}

// digests tells whose HA1 the directory keeps, where it is used: only the server is to be read, and no password is known.
func (m *Move) digests(ctx context.Context, p *people.Everybody) (found map[string]bool, err error) {
	dav := m.settings.Source.DAV
	if dav.URL == "" || dav.Via != config.DAVServer {
		return nil, nil
	}
	err = m.withDirectory(ctx, func(directory people.Directory) error {
		found, err = p.Digests(ctx, directory)
		return err
	})
	return found, err
}

// logInAll tries the accounts at each end that is asked for, and writes what came of it into the plan.
func (m *Move) logInAll(ctx context.Context, p *people.Everybody, plan people.AccessPlan, options people.LoginOptions) error {
	accounts, err := choose(p, options.Accounts)
	if err != nil {
		return err
	}
	for _, side := range []rehome.Side{rehome.Source, rehome.Destination} {
		if !options.On(side) {
			continue
		}
		logins, err := m.logIns(ctx, side, accounts, options)
		if err != nil {
			return err
		}
		plan.Note(side, logins)
	}
	return nil
}

// logIns tries the accounts at one end.
func (m *Move) logIns(
	ctx context.Context, side rehome.Side, accounts []rehome.Account, options people.LoginOptions,
) (map[string]people.Login, error) {
	host, err := m.end(ctx, side, m.hosts(nil))
	if err != nil {
		return nil, err
	}
	return people.LogIns(ctx, people.IMAPHost{IMAP: host}, side, accounts, options)
}

// CheckAccounts logs in once as everybody at the destination. listed, if not nil, is the destination's own
// list of accounts (people.ReadListed): only that can tell a missing account from a wrong password, and name
// accounts that nobody expects.
func (m *Move) CheckAccounts(ctx context.Context, listed []string, options people.LoginOptions) (people.AccountsChecked, error) {
	p, err := m.people(ctx)
	if err != nil {
		return people.AccountsChecked{}, err
	}
	accounts, err := choose(p, options.Accounts)
	if err != nil {
		return people.AccountsChecked{}, err
	}
	logins, err := m.logIns(ctx, rehome.Destination, people.Tried(accounts, listed), options)
	if err != nil {
		return people.AccountsChecked{}, err
	}
	checked := p.Arrivals(accounts, listed, logins, options.Accounts.All())
	if !options.Accounts.All() {
		return checked, nil
	}
	return checked, m.look(ctx, accountsLook(checked), movingLook(len(p.Moving)))
}
