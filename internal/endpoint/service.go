// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"cmp"
	"context"

	"rehome"
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
}

// newService returns one of a host that speaks a protocol at an address; first is how many connections, or whatever the
// unit is, it begins with. A host that is nil is one of its own, with the defaults.
func newService(host *Host, protocol, address, unit string, first int) service {
	if host == nil {
		host = NewHost(HostSettings{})
	}
	gate := host.gate.inner(min(first, host.settings.Connections))
	log := newHostLog(host.settings.Log, host.settings.Side, protocol, address)
	tell := func(sentence string) { host.hear(protocol, sentence) }
	waits := func() func() {
		return host.settings.Waits.Begin("the " + cmp.Or(string(host.settings.Side), "server") + " " + address)
	}
	return service{
		waits: waits,
		host:  host, side: host.settings.Side, gate: gate, log: log,
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
	return err
}

// enter waits for a place.
func (s *service) enter(ctx context.Context) error {
	s.patience.relax()
	return s.gate.enter(ctx)
}

// openSession waits for a place and logs in as account, unless the lock-out forbids it. The place is given back if that fails;
// whoever closes the session gives it back otherwise.
func openSession[S any](ctx context.Context, s *service, account rehome.Account, logIn func() (S, error)) (session S, err error) {
	if err := s.enter(ctx); err != nil {
		return session, err
	}
	err = s.attempt(ctx, account, func() (err error) {
		session, err = logIn()
		return err
	})
	if err != nil {
		s.gate.leave()
	}
	return session, err
}
