// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/rehearsal"
	"rehome/internal/vault"
	"rehome/internal/verify"
)

// LoginOptions say what a test of log-ins tries.
type LoginOptions struct {
	Again        bool // also what was accepted before
	RetryRefused bool // also what was refused before
	NoProbe      bool // sends no message
	Begins       func(account string)
}

// TestLogins logs in at the destination as the chosen accounts, with the password that each has there, once by each protocol, and
// has one message of each make its way. The answers are kept for reports. With the context's error, the document has what was
// tried until then.
func (m *Move) TestLogins(ctx context.Context, choice people.Choice, options LoginOptions) (rehearsal.Document, error) {
	who, err := m.chosen(ctx, choice)
	if err != nil {
		return rehearsal.Document{}, err
	}
	candidates, err := m.candidates(who)
	if err != nil {
		return rehearsal.Document{}, err
	}
	doors, closeDoors, err := m.doors()
	if err != nil {
		return rehearsal.Document{}, err
	}
	defer closeDoors()
	m.log.Info("verification begins", rehome.LogKind, string(rehearsal.Kind), rehome.LogAccounts, len(candidates))
	limits := m.settings.Destination.LoginTest
	document, failure := rehearsal.Run(ctx, candidates, rehearsal.Options{
		Doors: doors, Logins: who.store.Logins, Probes: who.store.Probes,
		Limits: rehearsal.Limits{Pause: limits.Pause, Refusals: limits.Refusals, Window: limits.Window, Wait: limits.Wait},
		Again:  options.Again, RetryRefused: options.RetryRefused, NoProbe: options.NoProbe, Differ: vault.Differ,
		Changed: func(ctx context.Context, c rehearsal.Change) error {
			return m.note(ctx, ledger.AuditLine{Action: c.Action, Object: c.Account, Before: c.Before, After: c.After})
		},
		Begins: options.Begins, Log: m.log,
	})
	return document, errors.Join(failure, keepLogins(context.WithoutCancel(ctx), who.store, document, failure))
}

// keepLogins keeps the findings of those who were tried; of one in whose midst a run was cut off it knows nothing new.
func keepLogins(ctx context.Context, store *ledger.Ledger, document rehearsal.Document, failure error) error {
	accounts := document.Accounts
	if failure != nil && len(accounts) > 0 {
		accounts = accounts[:len(accounts)-1]
	}
	for _, a := range accounts {
		if err := store.Findings.Replace(ctx, a.Account, rehearsal.Kind, a.Findings()); err != nil {
			return err
		}
	}
	return nil
}

// candidates are the accounts with their passwords, as the export of accounts decides.
func (m *Move) candidates(who selection) ([]rehearsal.Candidate, error) {
	identity, err := vault.LoadIdentity(m.settings.Secrets.Identity)
	if err != nil {
		return nil, err
	}
	printer, err := identity.Printer("logins")
	if err != nil {
		return nil, err
	}
	origins := map[string]string{}
	for _, d := range who.Decisions {
		origins[d.Address] = string(d.Origin)
	}
	forwards := map[string]bool{}
	for _, f := range who.Organisation.Forwards {
		forwards[f.Account] = true
	}
	var all []rehearsal.Candidate
	for _, account := range who.accounts {
		c := rehearsal.Candidate{Account: account, Forwards: forwards[account.Address]}
		if !account.DestinationPassword.Empty() {
			c.Password = "given"
			if m.makesAccounts() {
				c.Password = origins[account.Address]
			}
			c.Print = printer.Print(account.DestinationLogin(), account.DestinationPassword.Reveal())
		}
		all = append(all, c)
	}
	return all, nil
}

// doors are the destination's services that the settings name, opened with each account's own password.
func (m *Move) doors() (doors []rehearsal.Door, closeAll func(), err error) {
	closeAll = func() {}
	host, dst := m.hosts(nil).dst, m.settings.Destination
	login := endpoint.Login{Trial: true}
	door, err := imapDoor(host, dst.IMAP, login)
	if err != nil {
		return nil, closeAll, err
	}
	doors = append(doors, door)
	if s := dst.POP3; s.Address != "" {
		trust, err := s.Client()
		if err != nil {
			return nil, closeAll, err
		}
		doors = append(doors, rehearsal.POP3Door(s.Address, endpoint.NewPOP3(endpoint.ServiceSettings{
			Host: host, Login: login, Address: s.Address, Security: s.TLS, TLS: trust, Timeout: s.Timeout})))
	}
	if s := dst.Sieve; s.Address != "" {
		trust, err := s.Client()
		if err != nil {
			return nil, closeAll, err
		}
		doors = append(doors, rehearsal.SieveDoor(s.Address, endpoint.NewSieve(endpoint.ServiceSettings{
			Host: host, Login: login, Address: s.Address, Security: s.TLS, TLS: trust, Timeout: s.Timeout})))
	}
	if s := dst.Submission; s.Address != "" {
		trust, err := s.Client()
		if err != nil {
			return nil, closeAll, err
		}
		doors = append(doors, rehearsal.SubmissionDoor(s.Address, endpoint.NewSubmission(endpoint.ServiceSettings{
			Host: host, Login: login, Address: s.Address, Security: s.TLS, TLS: trust, Timeout: s.Timeout})))
	}
	if dst.DAV.URL == "" {
		return doors, closeAll, nil
	}
	options, err := m.davSettings(host, dst.DAV.DAV)
	if err != nil {
		return nil, closeAll, err
	}
	options.Trial = true
	end := endpoint.NewDAV(options)
	return append(doors, rehearsal.DAVDoor(dst.DAV.URL, end)), end.Close, nil
}

// imapDoor is opened with each account's own password, whoever opens the accounts for the copy.
func imapDoor(host *endpoint.Host, settings config.IMAP, login endpoint.Login) (rehearsal.Door, error) {
	if settings.Address == "" {
		return rehearsal.Door{}, &rehome.Fault{Class: rehome.ClassOperator, Op: "find the destination", Object: "destination.imap.address",
			Cause: errors.New("is not set"), Hint: "name host and port in the configuration"}
	}
	trust, err := settings.Client()
	if err != nil {
		return rehearsal.Door{}, err
	}
	options := endpoint.Settings{Host: host, Login: login, Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: settings.Timeout}
	if settings.Mechanism != "auto" && settings.Login != config.LoginOAuth {
		options.Mechanism = settings.Mechanism
	}
	return rehearsal.IMAPDoor(endpoint.NewIMAP(options)), nil
}

// loginsOf returns what the last test of log-ins has shown, by account: the last attempt by each protocol.
func loginsOf(ctx context.Context, store *ledger.Ledger) (map[string][]verify.Login, error) {
	attempts, err := store.Logins.Last(ctx)
	if err != nil {
		return nil, err
	}
	type key struct{ address, protocol string }
	last := map[key]ledger.Login{}
	for _, a := range attempts {
		last[key{a.Address, a.Protocol}] = a
	}
	all := map[string][]verify.Login{}
	for _, a := range attempts {
		if last[key{a.Address, a.Protocol}] == a {
			all[a.Address] = append(all[a.Address], verify.Login{Protocol: a.Protocol, Host: a.Host, Result: a.Result, At: a.Began})
		}
	}
	return all, nil
}

// loginFindings returns what the last test of log-ins has found of some accounts, without what is only worth knowing.
func (m *Move) loginFindings(ctx context.Context, wanted func(address string) bool) ([]rehome.Finding, error) {
	store, err := m.store(ctx)
	if err != nil {
		return nil, err
	}
	all, err := store.Findings.All(ctx, "")
	if err != nil {
		return nil, err
	}
	found := []rehome.Finding{}
	for _, f := range all {
		if rehearsal.Raises(f) && f.Severity != rehome.SeverityInfo && wanted(f.Account) {
			found = append(found, f)
		}
	}
	return found, nil
}
