// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/clientsetup"
	"rehome/internal/ledger"
)

// switches tell who has switched: what an administrator has written in the file takes precedence, domain by domain, over where
// the domains stand on their way across.
type switches struct {
	file    *clientsetup.SwitchFile // nil if there is none
	crossed atomic.Pointer[map[string]clientsetup.Switch]
	read    func(context.Context) (map[string]clientsetup.Switch, error) // nil if no domain was ever begun with
}

var _ clientsetup.Switches = (*switches)(nil)

// openSwitches reads both. If there is neither, the error is that the file is missing: after the switch all devices would be told
// the old servers.
func (m *Move) openSwitches(ctx context.Context, domains []string) (*switches, error) {
	s := &switches{}
	var missing error
	s.file, missing = clientsetup.OpenSwitches(m.settings.Clients.Switched, domains)
	if missing != nil {
		s.file = nil
		if !errors.Is(missing, fs.ErrNotExist) {
			return nil, missing
		}
	}
	crossed := map[string]clientsetup.Switch{}
	begun, err := m.begun(ctx) // a responder may run elsewhere, and makes no ledger
	if err != nil {
		return nil, err
	}
	if begun {
		store, err := m.store(ctx)
		if err != nil {
			return nil, err
		}
		s.read = func(ctx context.Context) (map[string]clientsetup.Switch, error) {
			return crossedDomains(ctx, store.Cutovers)
		}
		if crossed, err = s.read(ctx); err != nil {
			return nil, err
		}
	}
	if missing != nil && len(crossed) == 0 {
		return nil, missing
	}
	s.crossed.Store(&crossed)
	return s, nil
}

// crossedDomains are the domains that anybody has begun with, and whose servers their people need: the destination's from when every
// server gave the new records, until they are put back.
func crossedDomains(ctx context.Context, store *ledger.Cutovers) (map[string]clientsetup.Switch, error) {
	rows, err := store.All(ctx)
	all := make(map[string]clientsetup.Switch, len(rows))
	for _, c := range rows {
		s := clientsetup.Switch{Side: rehome.Source}
		switch c.State {
		case ledger.CutoverProbing, ledger.CutoverReleasing, ledger.CutoverLate, ledger.CutoverLive, ledger.CutoverClosing, ledger.CutoverClosed:
			s = clientsetup.Switch{Side: rehome.Destination, From: c.Switched}
		}
		all[c.Domain] = s
	}
	return all, err
}

// OfDomain implements clientsetup.Switches.
func (s *switches) OfDomain(domain string) clientsetup.Switch {
	if s.file != nil {
		if said, is := s.file.Says(domain); is {
			return said
		}
	}
	if state, known := (*s.crossed.Load())[domain]; known {
		return state
	}
	return clientsetup.Switch{Side: rehome.Source}
}

// OfPerson implements clientsetup.Switches.
func (s *switches) OfPerson(address string) (clientsetup.Switch, bool) {
	if s.file == nil {
		return clientsetup.Switch{}, false
	}
	return s.file.OfPerson(address)
}

// crossedEvery is how often the ledger is looked at.
const crossedEvery = 2 * time.Second

// Watch follows both until the context ends. A ledger that cannot be read leaves what was, and is warned of once.
func (s *switches) Watch(ctx context.Context, tell func(string), warn func(error)) {
	var all sync.WaitGroup
	defer all.Wait()
	if s.file != nil {
		all.Go(func() { s.file.Watch(ctx, tell, warn) })
	}
	if s.read == nil {
		return
	}
	ticks := time.NewTicker(crossedEvery)
	defer ticks.Stop()
	failing := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		now, err := s.read(ctx)
		if err != nil {
			if ctx.Err() == nil && err.Error() != failing {
				failing = err.Error()
				warn(err)
			}
			continue
		}
		failing = ""
		former := *s.crossed.Swap(&now)
		for _, domain := range slices.Sorted(maps.Keys(now)) {
			if now[domain].Side != former[domain].Side && (former[domain].Side != "" || now[domain].Side == rehome.Destination) {
				tell(domain + " has switched: its people are told the servers of the " + string(now[domain].Side))
			}
		}
	}
}
