// SPDX-License-Identifier: Apache-2.0

// Package journey holds the operations of a move, in the order in which they are used: check,
// export accounts, sync, verify, report, status. Every face, terminal or browser, calls these and
// nothing below them, so that they can never differ.
//
// An operation translates the settings into options of the engines, runs them, and returns what a
// face shows. It prints nothing and knows no engine's inner life.
//
// A caller opens a Move from its settings, calls operations, and closes it.
package journey

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"rehome"
	"rehome/internal/config"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
)

// Move is one organisation's move.
type Move struct {
	settings *config.Config
	version  string
	log      *slog.Logger
	waits    *endpoint.Waits
	meters   *endpoint.Meters
	works    works

	// permit is asked before anything is written to the destination; nil where this process has all accounts to itself.
	permit func() error

	joined atomic.Pointer[func() error] // of a worker: why it does not take part, nil if it does

	simulated Simulated // nil for real ends

	mu     sync.Mutex
	ledger *ledger.Ledger
}

// New returns the move that settings describe. Nothing is opened before an operation needs it. log is told of the course
// of all operations; nil discards.
func New(settings *config.Config, version string, log *slog.Logger) *Move {
	return &Move{settings: settings, version: version, log: rehome.Logger(log), waits: endpoint.NewWaits(), meters: &endpoint.Meters{}}
}

// Waits are the answers that the operations wait for at this moment.
func (m *Move) Waits() *endpoint.Waits { return m.waits }

// Close closes what the operations have opened.
func (m *Move) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ledger == nil {
		return nil
	}
	err := m.ledger.Close()
	m.ledger = nil
	return err
}

// store opens the ledger once.
func (m *Move) store(ctx context.Context) (*ledger.Ledger, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ledger != nil {
		return m.ledger, nil
	}
	location, err := m.location(ctx)
	if err != nil {
		return nil, err
	}
	opened, err := location.Open(ctx)
	if err != nil {
		return nil, err
	}
	m.ledger = opened
	return opened, nil
}

// location is where the ledger is, with the password for it.
func (m *Move) location(ctx context.Context) (ledger.Location, error) {
	password, err := m.settings.StorePassword.Resolve(ctx)
	return ledger.Location{Name: m.settings.Store, Password: password}, err
}

// begun reports whether a ledger is there, and makes none. One whose password is not there yet cannot be.
func (m *Move) begun(ctx context.Context) (bool, error) {
	if file := m.settings.StorePassword.File(); file != "" && !exists(file) {
		return false, nil
	}
	location, err := m.location(ctx)
	if err != nil {
		return false, err
	}
	return location.Exists(ctx)
}

// hasPreStaged reports whether an earlier pass has completed an account; without an open ledger it is not known.
func (m *Move) hasPreStaged(ctx context.Context) (bool, error) {
	m.mu.Lock()
	store := m.ledger
	m.mu.Unlock()
	if store == nil {
		return false, nil
	}
	return store.Accounts.HasPreStaged(ctx)
}

// hosts are both ends, as far as everything that one operation does shares them.
type hosts struct {
	src, dst *endpoint.Host
	dsync    *endpoint.Host // of the destination, which has limits of its own, see endpoint.DsyncSettings
	drops    *endpoint.Host // of the source, likewise, see dropConnections
}

// hosts returns them with the limits of the settings. slowed, which may be nil, is told when one asks to go slower.
func (m *Move) hosts(slowed func(rehome.Side, string)) hosts {
	host := func(side rehome.Side, connections int) *endpoint.Host {
		settings := endpoint.HostSettings{Side: side, Connections: connections, BytesPerSecond: int64(m.settings.Limits.BytesPerSecond), Log: m.log,
			Waits: m.waits, Meters: m.meters, Permit: m.permit}
		if slowed != nil {
			settings.Slowed = func(sentence string) { slowed(side, sentence) }
		}
		return endpoint.NewHost(settings)
	}
	return hosts{
		src: host(rehome.Source, m.settings.Limits.SourceConnections),
		dst: host(rehome.Destination, m.settings.Limits.DestinationConnections),
		dsync: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Destination, Connections: m.settings.Destination.Dsync.Connections, Log: m.log,
			Meters: m.meters, Permit: m.permit}),
		drops: endpoint.NewHost(endpoint.HostSettings{Side: rehome.Source, Connections: dropConnections, Log: m.log, Meters: m.meters,
			Permit: m.permit}),
	}
}

func (h hosts) of(side rehome.Side) *endpoint.Host {
	if side == rehome.Destination {
		return h.dst
	}
	return h.src
}

// end returns one end's IMAP service.
func (m *Move) end(ctx context.Context, side rehome.Side, hosts hosts) (*endpoint.IMAP, error) {
	settings := m.settings.Source.IMAP
	if side == rehome.Destination {
		settings = m.settings.Destination.IMAP
	}
	if settings.Address == "" {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find the " + string(side), Object: string(side) + ".imap.address",
			Cause: errors.New("is not set"), Hint: "name host and port in the configuration"}
	}
	trust, err := settings.Client()
	if err != nil {
		return nil, err
	}
	options := endpoint.Settings{
		Host: hosts.of(side), Address: settings.Address, Security: settings.TLS, TLS: trust, Timeout: settings.Timeout,
		PerAccount: m.settings.Limits.PerAccount,
	}
	options.Compress = settings.Compress
	if settings.Mechanism != "auto" {
		options.Mechanism = settings.Mechanism
	}
	if settings.Login == config.LoginOAuth {
		options.Token = settings.Token.ResolveFor
	}
	if settings.Login == config.LoginMaster {
		if err := m.addMaster(ctx, settings, &options); err != nil {
			return nil, err
		}
	}
	return endpoint.NewIMAP(options), nil
}

// addMaster has a master user open the accounts.
func (m *Move) addMaster(ctx context.Context, settings config.IMAP, options *endpoint.Settings) (err error) {
	options.MasterUser = settings.MasterUser
	options.MasterSeparator = settings.MasterSeparator
	options.MasterStyle = endpoint.MasterStyle(settings.MasterStyle)
	if options.MasterWorked, err = m.hasPreStaged(ctx); err != nil {
		return err
	}
	options.MasterPassword, err = settings.MasterPassword.Resolve(ctx)
	return err
}

// ends returns both.
func (m *Move) ends(ctx context.Context, hosts hosts) (src, dst *endpoint.IMAP, err error) {
	if src, err = m.end(ctx, rehome.Source, hosts); err != nil {
		return nil, nil, err
	}
	dst, err = m.end(ctx, rehome.Destination, hosts)
	return src, dst, err
}

// reach proves that both ends answer, and let a master user in, before anything long begins: a host that is
// down is one clear error and not one for each account.
func reach(ctx context.Context, accounts []rehome.Account, ends ...*endpoint.IMAP) error {
	failures := make([]error, len(ends))
	var all sync.WaitGroup
	for i, e := range ends {
		all.Go(func() { failures[i] = e.Reach(ctx, accounts) })
	}
	all.Wait()
	return cmp.Or(failures...) // that of the first end, whichever came first
}

// rules translates the settings for mailboxes.
func (m *Move) rules() mapping.Rules {
	mail := m.settings.Mail
	rules := mapping.Rules{
		Rename: mail.Rename, Exclude: mail.Exclusions(), NoSpecialUse: !mail.SpecialUse,
		FoldsCase: mail.FoldsCase, Refused: mail.Refused, MaxName: mail.MaxName,
	}
	for _, rule := range mail.Replacements() {
		rules.Patterns = append(rules.Patterns, mapping.Pattern{Match: rule.Match, Replace: rule.With})
	}
	for _, use := range mail.Skip {
		rules.Skip = append(rules.Skip, specialUses[use])
	}
	return rules
}

// specialUses are the settings' words for RFC 6154.
var specialUses = map[string]string{
	"trash": `\Trash`, "junk": `\Junk`, "drafts": `\Drafts`, "sent": `\Sent`, "archive": `\Archive`,
}
