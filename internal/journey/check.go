// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/people"
)

// Check looks at everything a move needs and changes nothing. Trouble is advice, not an error; the
// error is the context's. The ledger keeps that it was looked at, if there is one.
func (m *Move) Check(ctx context.Context) (checkup.Report, error) {
	settings := checkup.NewList("settings")
	m.checkSettings(ctx, settings)
	source := checkup.NewList("source")
	destination := checkup.NewList("destination")
	accounts := m.checkPeople(ctx, source)
	m.checkIMAP(ctx, source, rehome.Source, accounts, checkup.Source)
	m.checkIMAP(ctx, destination, rehome.Destination, accounts, checkup.Destination)
	m.checkPIM(ctx, source, destination, accounts)
	m.pointToDNS(destination, accounts)
	m.checkWriters(ctx, settings)
	m.checkSignOn(ctx, settings)
	m.checkSieve(ctx, source, rehome.Source, m.settings.Source.Sieve, accounts)
	m.checkSieve(ctx, destination, rehome.Destination, m.settings.Destination.Sieve, accounts)
	m.checkDsync(ctx, destination, accounts)
	m.checkPOP3(ctx, source, rehome.Source, m.settings.Source.POP3)
	m.checkPOP3(ctx, destination, rehome.Destination, m.settings.Destination.POP3)
	m.checkSubmission(ctx, source, rehome.Source, m.settings.Source.Submission)
	m.checkSubmission(ctx, destination, rehome.Destination, m.settings.Destination.Submission)
	checkWebmail(ctx, source, m.settings.Source.Webmail)
	checkWebmail(ctx, destination, m.settings.Destination.Webmail)
	m.tellOfPasswords(destination)
	report := checkup.Join(settings, source, destination)
	looks := []ledger.Look{checkLook(report)}
	if len(accounts) > 0 {
		looks = append(looks, movingLook(len(accounts)))
	}
	err := m.look(ctx, looks...)
	if err != nil && settings.Said(err) {
		return report, nil // of a ledger that cannot be opened the report speaks
	}
	return report, err
}

// tellOfPasswords says what follows from how passes log in at the destination: they go on until the last late mail is brought.
func (m *Move) tellOfPasswords(c *checkup.List) {
	master := m.masterAtDestination()
	switch {
	case !m.needsPasswords() && master == "": // nothing is named that moves
	case !m.needsPasswords():
		c.OK("passwords", master+" opens every account, so users may change their passwords as soon as they are on the destination")
	case master != "":
		c.OK("passwords", master+" opens the mail, but contacts and calendars need users' passwords: nobody may change theirs before \"rehome close\" "+
			"(destination.dav.login: master lifts that, if the server lets it in)")
	default:
		c.OK("passwords", "passes need users' passwords, so nobody may change theirs before \"rehome close\"; "+
			"with a master user (destination.imap.login: master) mail would not need them")
	}
}

// pointToDNS names the check that this one does not make: it asks servers that belong to neither end.
func (m *Move) pointToDNS(c *checkup.List, accounts []rehome.Account) {
	domains := m.settings.Domains
	if len(domains) == 0 {
		domains = domainsOf(accounts)
	}
	switch len(domains) {
	case 0:
	case 1:
		c.OK("dns", `not looked at here: "rehome dns check" compares the records of `+domains[0]+" with what the destination needs")
	default:
		c.OK("dns", fmt.Sprintf(`not looked at here: "rehome dns check" compares the records of %d domains with what the destination needs`, len(domains)))
	}
}

// checkIMAP has an end's service looked at.
func (m *Move) checkIMAP(
	ctx context.Context, c *checkup.List, side rehome.Side, accounts []rehome.Account,
	look func(context.Context, *checkup.List, *endpoint.IMAP, []rehome.Account),
) {
	if !m.movesMail(nil) {
		c.OK("imap", "no IMAP server is named: only contacts and calendars move")
		return
	}
	host, err := m.end(ctx, side, m.hosts(nil))
	if err != nil {
		c.Fail("imap", err)
		return
	}
	look(ctx, c, host, accounts)
}

// checkSettings looks at what lies on this machine.
func (m *Move) checkSettings(ctx context.Context, c *checkup.List) {
	for _, placed := range m.settings.References() {
		if _, err := placed.Reference.Resolve(ctx); err != nil {
			c.Fail("secret "+placed.Key, err)
		}
	}
	m.checkLedger(ctx, c)
	if _, err := os.Stat(m.settings.Secrets.Identity); err == nil {
		c.OK("sealing", "sealed files can be opened with "+filepath.Base(m.settings.Secrets.Identity)+"; keep a copy of it in a safe place")
	}
}

// checkLedger proves that it can be reached and takes writes.
func (m *Move) checkLedger(ctx context.Context, c *checkup.List) {
	store, err := m.store(ctx)
	if err != nil {
		c.Fail("store", err)
		return
	}
	doubt, hint, err := store.Check(ctx)
	name := store.Name()
	if m.settings.StoreIsFile() {
		name = filepath.Base(name)
	}
	switch {
	case err != nil:
		c.Fail("store", err)
	case doubt != "":
		c.Warn("store", doubt, hint)
	default:
		c.OK("store", "the ledger "+name+" is writable")
	}
}

// checkPeople looks at who moves; none means that nobody is known.
func (m *Move) checkPeople(ctx context.Context, c *checkup.List) []rehome.Account {
	m.checkDirectory(ctx, c)
	p, err := m.people(ctx)
	if err != nil {
		if !c.Said(err) {
			c.Fail("people", err)
		}
		return nil
	}
	checkup.People(c, p)
	for _, lone := range p.LoneDomains(m.settings.Domains) {
		c.Warn("people", "no account is in "+lone.Domain+", which the settings name under domains", loneHint(lone))
	}
	checkup.Staying(c, p)
	if m.makesAccounts() {
		checkup.Passwords(c, p.Counts)
	}
	return p.Moving
}

// checkDirectory looks at where the source keeps its people.
func (m *Move) checkDirectory(ctx context.Context, c *checkup.List) {
	directory, err := m.directory(ctx)
	if err != nil {
		c.Fail("database", err)
		return
	}
	describer, able := directory.(people.Describer)
	if !able {
		return
	}
	about, err := describer.About(ctx)
	if err = errors.Join(err, directory.Close()); err != nil {
		c.Fail("database", err)
		return
	}
	checkup.Directory(c, about)
}

// checkPIM looks at both ends of contacts and calendars. That the settings do not name them is no
// mistake: then they stay.
func (m *Move) checkPIM(ctx context.Context, source, destination *checkup.List, accounts []rehome.Account) {
	ends, err := m.pimEnds(ctx, nil, m.hosts(nil))
	if err != nil {
		destination.Fail("dav", err)
		return
	}
	if ends == nil {
		destination.Warn("dav", "contacts and calendars are not copied: the settings name no servers for them",
			"set destination.dav.url, and source.dav.url or source.database")
		return
	}
	defer func() { _ = ends.close() }() // only looked at
	if ends.src != nil {
		checkup.DAV(ctx, source, ends.src, accounts, func(a rehome.Account) bool {
			return !a.SourcePassword.Empty() && a.Services.CalDAV && a.Services.CardDAV
		})
	}
	if shares, err := people.ReadShares(ctx, ends.directory); err != nil {
		source.Fail("shares", err)
	} else {
		checkup.Shares(source, shares)
	}
	known := func(a rehome.Account) bool { return !a.DestinationPassword.Empty() || m.masterOpensDAV() }
	if home := checkup.DAV(ctx, destination, ends.dst, accounts, known); home != nil {
		checkup.Scheduling(destination, home, m.settings.Destination.DAV.ScheduleAgentClient)
	}
}

// checkSieve looks at a ManageSieve server that is named. What is wrong with the end itself was said already.
func (m *Move) checkSieve(
	ctx context.Context, c *checkup.List, side rehome.Side, settings config.Sieve, accounts []rehome.Account,
) {
	if settings.Address == "" && side == rehome.Destination {
		c.OK("rules", "no ManageSieve server is named: rules are written to files, see \"rehome rules export\"")
	}
	if settings.Address == "" || len(accounts) == 0 {
		return
	}
	host, err := m.end(ctx, side, m.hosts(nil))
	if err != nil {
		return
	}
	account, ok := checkup.Sample(accounts, host, func(a rehome.Account) bool {
		return side == rehome.Source && !a.SourcePassword.Empty() || side == rehome.Destination && !a.DestinationPassword.Empty()
	})
	if !ok {
		return
	}
	end, err := sieveEnd(settings, host)
	if err != nil {
		c.Fail("rules", err)
		return
	}
	checkup.Sieve(ctx, c, side, end, account)
}

// checkPOP3 looks at a POP3 server that is named, without logging in.
func (m *Move) checkPOP3(ctx context.Context, c *checkup.List, side rehome.Side, settings config.POP3) {
	if settings.Address == "" {
		return
	}
	trust, err := settings.Client()
	if err != nil {
		c.Fail("pop3", err)
		return
	}
	checkup.POP3(ctx, c, settings.Address, settings.TLS, endpoint.NewPOP3(endpoint.ServiceSettings{
		Host: m.hosts(nil).of(side), Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: settings.Timeout}))
}

// checkSubmission looks at a server for the mail of users that is named, without logging in.
func (m *Move) checkSubmission(ctx context.Context, c *checkup.List, side rehome.Side, settings config.Submission) {
	if settings.Address == "" {
		return
	}
	trust, err := settings.Client()
	if err != nil {
		c.Fail("sending", err)
		return
	}
	checkup.Submission(ctx, c, settings.Address, settings.TLS, endpoint.NewSubmission(endpoint.ServiceSettings{
		Host: m.hosts(nil).of(side), Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: settings.Timeout}))
}

// checkWebmail looks at a page that people are sent to.
func checkWebmail(ctx context.Context, c *checkup.List, address string) {
	if address == "" {
		return
	}
	sentence, err := reachedPage(ctx, address)
	checkup.Page(c, "webmail", sentence, err)
}
