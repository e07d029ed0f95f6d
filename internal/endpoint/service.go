// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"cmp"
	"context"
	"crypto/tls"
	"math"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol"
)

// service is what every service of a host has. A new one is a file with a type that embeds it: it takes a place at the
// gate before it dials and gives it back when the connection is closed, has the lock-out admit its log-ins, tells the
// patience what its server says about speed, and has the host paid for the octets that it carries.
type service struct {
	host     *Host
	side     rehome.Side
	gate     *gate // within the host's
	patience *patience
	lockout  *lockout // made by the service, which knows what to say
	log      hostLog
	waits    func() (over func()) // notes that an answer is waited for
	meter    *meter
}

// newService returns one of a host that speaks a protocol at an address; first is how many connections, or whatever the
// unit is, it begins with. A host that is nil is one of its own, with the defaults.
func newService(host *Host, protocol, address, unit string, first int) service {
	if host == nil {
		host = NewHost(HostSettings{})
	}
	gate := host.gate.inner(min(first, host.settings.Connections))
	gate.meter = host.meterOf(protocol, address)
	log := newHostLog(host.settings.Log, host.settings.Side, protocol, address)
	tell := func(sentence string) { host.hear(protocol, sentence) }
	waits := func() func() {
		return host.settings.Waits.Begin("the " + cmp.Or(string(host.settings.Side), "server") + " " + address)
	}
	return service{
		waits: waits, meter: gate.meter,
		host: host, side: host.settings.Side, gate: gate, log: log,
		patience: &patience{gate: gate, side: host.settings.Side, unit: unit, tell: tell, log: log.Logger},
	}
}

// Host returns the host of which this is a service.
func (s *service) Host() *Host { return s.host }

// attempt logs in unless the lock-out forbids it, and tells it how that ended.
func (s *service) attempt(ctx context.Context, account rehome.Account, logIn func() error) error {
	if err := s.lockout.admit(ctx, account); err != nil {
		return err
	}
	err := logIn()
	s.lockout.note(account, err)
	s.meter.loggedIn(err)
	return err
}

// enter waits for a place.
func (s *service) enter(ctx context.Context) error {
	s.patience.relax()
	return s.gate.enter(ctx)
}

// pay is Host.pay of octets of this service.
func (s *service) pay(ctx context.Context, octets int) error {
	if s.host.pace == nil {
		return nil
	}
	began := time.Now()
	defer func() { s.meter.add(Load{Paced: time.Since(began)}) }()
	return s.host.pay(ctx, octets)
}

// openSession waits for a place and logs in as account, unless the lock-out forbids it. The place is given back if that fails;
// whoever closes the session gives it back otherwise.
func openSession[S any](ctx context.Context, s *service, account rehome.Account, logIn func() (S, error)) (session S, err error) {
	if err := s.enter(ctx); err != nil {
		return session, err
	}
	return openIn(ctx, s, account, logIn)
}

// openIn is openSession in a place that was taken.
func openIn[S any](ctx context.Context, s *service, account rehome.Account, logIn func() (S, error)) (session S, err error) {
	err = s.attempt(ctx, account, func() (err error) {
		session, err = logIn()
		return err
	})
	if err != nil {
		s.gate.leave()
	}
	return session, err
}

// ServiceSettings say where a service of an end is that people enter beside IMAP: POP3, submission, ManageSieve.
type ServiceSettings struct {
	Host  *Host // nil is one of its own, with the defaults
	Login       // that of IMAP

	Address  string
	Security protocol.Security
	TLS      *tls.Config
	Timeout  time.Duration
}

// besideIMAP returns the service of a protocol that settings describe, and the settings with their defaults.
func besideIMAP(protocol string, settings ServiceSettings) (service, ServiceSettings) {
	settings.Login = settings.filledIn()
	s := newService(settings.Host, protocol, settings.Address, "connections", math.MaxInt)
	s.lockout = settings.lockout(s.side, "check the login of the "+string(s.side)+", then run the same command again")
	return s, settings
}

// stay is what a logged-in connection holds until it is closed: its place at the gate.
type stay struct {
	gate  *gate
	log   connectionLog
	quit  func(context.Context) error
	ended func() error // how the connection has broken; nil where a client does not keep that
	once  sync.Once
}

// Close says good-bye, within a short time, and gives the place back. It may be called twice.
func (s *stay) Close() {
	s.once.Do(func() {
		defer s.gate.leave()
		var broken error
		if s.ended != nil {
			broken = s.ended()
		}
		s.log.closed(broken)
		// A fresh context: sessions are also closed when the work's own context was cancelled.
		ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		_ = s.quit(ctx) // the connection is gone either way, and nothing depends on the good-bye
	})
}

// look connects with dial, in a place of the gate, and returns what the server says of itself to everybody.
func look[C, T any](
	ctx context.Context, s *service, dial func() (C, error), says func(C) T, quit func(C, context.Context) error,
) (said T, err error) {
	if err := s.enter(ctx); err != nil {
		return said, err
	}
	defer s.gate.leave()
	defer s.waits()()
	client, err := dial()
	if err != nil {
		return said, err
	}
	said = says(client)
	_ = quit(client, ctx) // only looked at
	return said, nil
}
