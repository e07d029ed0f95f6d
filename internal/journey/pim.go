// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/content/pim"
	"rehome/internal/davcopy"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
	"rehome/internal/verify/objects"
)

// pimEnds are both ends of contacts and calendars.
type pimEnds struct {
	kinds     []rehome.Kind
	src       *endpoint.DAV // nil when only the database is read
	dst       *endpoint.DAV
	directory people.Directory    // nil when there is none
	tables    people.ObjectReader // the directory, if it can be read for contacts and calendars
	via       config.DAVVia
	repairs   pim.Needs // that are offered to the destination
}

func (e *pimEnds) close() error {
	if e == nil {
		return nil
	}
	e.dst.Close()
	if e.src != nil {
		e.src.Close()
	}
	if e.directory != nil {
		return e.directory.Close()
	}
	return nil
}

// pimEnds opens what contacts and calendars need; nil when none of them move. Without only, they move if
// both ends are set.
func (m *Move) pimEnds(ctx context.Context, only []rehome.Kind, hosts hosts) (*pimEnds, error) {
	e := &pimEnds{via: m.settings.Source.DAV.Via, repairs: pim.SafeNeeds()}
	if m.settings.Destination.DAV.Repairs == config.RepairsAll {
		e.repairs = pim.Every()
	}
	for _, kind := range []rehome.Kind{rehome.KindContacts, rehome.KindCalendars} { // contacts first
		if wants(only, kind) {
			e.kinds = append(e.kinds, kind)
		}
	}
	if len(e.kinds) == 0 {
		return nil, nil
	}
	src, dst := m.settings.Source.DAV.DAV, m.settings.Destination.DAV.DAV
	if dst.URL == "" || src.URL == "" && m.settings.Source.Database.DSN == "" {
		if len(only) == 0 {
			return nil, nil
		}
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "contacts and calendars",
			Cause: errors.New("source.dav or destination.dav is not set"),
			Hint:  "write where the CalDAV and CardDAV servers are: source.dav.url and destination.dav.url"}
	}
	return e, m.openPIM(ctx, e, src, dst, hosts)
}

// openPIM fills in the ends. Where only the server is read, an account without a password logs in by the
// digest that SabreDAV keeps of it.
func (m *Move) openPIM(ctx context.Context, e *pimEnds, src, dst config.DAV, hosts hosts) (err error) {
	settings, err := m.davSettings(hosts.dst, dst)
	if err == nil && m.masterOpensDAV() {
		err = m.addDAVMaster(ctx, &settings)
	}
	if err != nil {
		return err
	}
	e.dst = endpoint.NewDAV(settings)
	if e.directory, err = m.directory(ctx); err != nil {
		return err
	}
	e.tables, _ = e.directory.(people.ObjectReader)
	if src.URL == "" || e.via == config.DAVDatabase {
		return nil
	}
	settings, err = m.davSettings(hosts.src, src)
	if err != nil {
		return err
	}
	if locator, able := e.directory.(people.DAVLocator); able {
		settings.UserURL = userURL(locator)
	}
	if e.via == config.DAVServer {
		settings.Digest = func(ctx context.Context, account rehome.Account) (rehome.Secret, error) {
			return people.ReadDigest(ctx, e.directory, account.Address)
		}
	}
	e.src = endpoint.NewDAV(settings)
	return nil
}

// masterOpensDAV reports whether a master user opens contacts and calendars at the destination.
func (m *Move) masterOpensDAV() bool { return m.settings.Destination.DAV.Login == config.LoginMaster }

// addDAVMaster has the master user of the destination's mail open contacts and calendars too.
func (m *Move) addDAVMaster(ctx context.Context, options *endpoint.DAVSettings) (err error) {
	imap := m.settings.Destination.IMAP
	options.MasterUser, options.MasterSeparator = imap.MasterUser, imap.MasterSeparator
	if options.MasterWorked, err = m.hasPreStaged(ctx); err != nil {
		return err
	}
	options.MasterPassword, err = imap.MasterPassword.Resolve(ctx)
	return err
}

// userURL looks up where an account's own webmail finds its collections.
func userURL(locator people.DAVLocator) func(context.Context, rehome.Account, dav.Kind) (string, error) {
	return func(ctx context.Context, account rehome.Account, kind dav.Kind) (string, error) {
		places, err := locator.DAVPlaces(ctx, account.Address)
		if kind == dav.Calendars {
			return places.Calendars, err
		}
		return places.Contacts, err
	}
}

func (m *Move) davSettings(host *endpoint.Host, settings config.DAV) (endpoint.DAVSettings, error) {
	trust, err := settings.Client()
	return endpoint.DAVSettings{
		Host: host, URL: settings.URL, TLS: trust, Timeout: settings.Timeout,
		AllowPlaintext: settings.AllowPlaintext || settings.OnThisMachine(), UserAgent: "rehome/" + m.version,
	}, err
}

// reach proves that the servers answer.
func (e *pimEnds) reach(ctx context.Context) error {
	if e == nil {
		return nil
	}
	return pass.BothEnds("",
		func() error {
			if e.src == nil {
				return nil
			}
			return e.src.Reach(ctx)
		},
		func() error { return e.dst.Reach(ctx) },
	)
}

// readsTables reports whether an account is read from the tables: where the server would not show all of it, or
// not without a password that nobody has told; and where atmail's own address book was read in an earlier pass,
// which the server would show as other contacts.
func (e *pimEnds) readsTables(ctx context.Context, account rehome.Account, store *ledger.Ledger) (bool, error) {
	if e.tables == nil || e.via == config.DAVServer {
		return false, nil
	}
	if e.src == nil || account.SourcePassword.Empty() || !people.ServesAll(account) {
		return true, nil
	}
	known, err := store.Objects.Collections(ctx, account.Address)
	for href, c := range known {
		if c.Kind == rehome.KindContacts && e.tables.OnlyInTables(href) {
			return true, err
		}
	}
	return false, err
}

// source opens an account's contacts and calendars where all of them may be read; open logs in at the server.
func (e *pimEnds) source(ctx context.Context, account rehome.Account, store *ledger.Ledger, open openDAV) (people.Objects, error) {
	tables, err := e.readsTables(ctx, account, store)
	if err != nil {
		return nil, err
	}
	if tables {
		return e.tables.Objects(ctx, account.Address)
	}
	session, err := open(ctx, account)
	if err != nil { // an interface that holds a nil session is not nil
		return nil, err
	}
	return session, nil
}

// openers log in at both ends, anew: by nothing that is remembered. There may be no server at the source.
func (e *pimEnds) openers(store *ledger.Objects, anew bool) (source, destination openDAV) {
	opener := func(host *endpoint.DAV) openDAV {
		switch {
		case host == nil:
			return nil
		case anew:
			return host.Open
		}
		return remembering(store, host)
	}
	return opener(e.src), opener(e.dst)
}

// openObjects is the opener of contacts and calendars.
func (m *Move) openObjects(ctx context.Context, who selection, hosts hosts, options SyncOptions, watcher Watcher) (work kindOfWork, err error) {
	ends, err := m.pimEnds(ctx, options.Only, hosts)
	if err != nil || ends == nil {
		return work, err
	}
	work.close = ends.close
	if err := ends.reach(ctx); err != nil {
		return work, err
	}
	work.step = m.pimEngine(who.store, ends, options, watcher.Progress)
	return work, nil
}

// pimEngine returns the engine for contacts and calendars; nil when none move.
func (m *Move) pimEngine(store *ledger.Ledger, ends *pimEnds, options SyncOptions, observer davcopy.Observer) *davcopy.Engine {
	if ends == nil {
		return nil
	}
	openSource, openDestination := ends.openers(store.Objects, options.CopyAgain)
	// Requests of one account are no log-ins of their own: as many as the host's gate lets through, where
	// more are faster.
	return davcopy.New(davcopy.Options{
		Source: func(ctx context.Context, account rehome.Account) (davcopy.Reader, error) {
			return ends.source(ctx, account, store, openSource)
		},
		Destination: openDestination, Ledger: store.Objects, EscrowDir: m.settings.Mail.Escrow, Kinds: ends.kinds,
		Connections: m.settings.Limits.DestinationConnections, ScheduleAgent: m.settings.Destination.DAV.ScheduleAgentClient, Observer: observer,
		Log:     m.log,
		Repairs: ends.repairs, SourceHosts: m.sourceHosts(),
		Deletions: cmp.Or(options.Deletions, m.settings.Mail.Deletions), ConfirmDeletions: options.ConfirmDeletions,
		CopyAgain: options.CopyAgain,
	})
}

// sourceHosts are the names of the machines that are switched off after the move.
func (m *Move) sourceHosts() []string {
	var hosts []string
	if u, err := url.Parse(m.settings.Source.DAV.URL); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	if host, _, err := net.SplitHostPort(m.settings.Source.IMAP.Address); err == nil {
		hosts = append(hosts, host)
	}
	return hosts
}

// verified is what the verification reads anew; nil when none move.
func (e *pimEnds) verified(store *ledger.Ledger) []verify.Part {
	if e == nil {
		return nil
	}
	open, openDestination := e.openers(store.Objects, true) // nothing that is remembered
	return []verify.Part{objects.New(objects.Options{
		Source: func(ctx context.Context, account rehome.Account) (objects.End, error) {
			return e.source(ctx, account, store, open)
		},
		Destination: func(ctx context.Context, account rehome.Account) (objects.End, error) {
			session, err := openDestination(ctx, account)
			if err != nil {
				return nil, err
			}
			return session, nil
		},
		Kinds: e.kinds, Repairs: e.repairs, Explainer: ObjectReasons(store.Objects),
	})}
}
