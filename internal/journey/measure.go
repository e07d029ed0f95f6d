// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"sync"
	"time"

	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
)

// Measured is what this process has done since it began. What counts up goes on over all that it does.
type Measured struct {
	Version string
	Work    map[string]WorkMeasured // by work: sync, verify
	Servers map[endpoint.Server]endpoint.Metered
	Ledger  ledger.Spent
	Awaited time.Duration // for how long the answer is waited for that is waited for longest; 0 for none
}

// WorkMeasured is what was done of a kind of work.
type WorkMeasured struct {
	conductor.Totals

	Running bool
	Now     conductor.Snapshot // of what has begun last, if it is running
}

// works are what this process does and has done.
type works struct {
	mu      sync.Mutex
	past    map[string]conductor.Totals
	present []presentWork
}

type presentWork struct {
	work     string
	progress *conductor.Progress
}

// begin counts a work until the returned function is called.
func (w *works) begin(work string, progress *conductor.Progress) (over func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.present = append(w.present, presentWork{work, progress})
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.past == nil {
			w.past = map[string]conductor.Totals{}
		}
		w.past[work] = w.past[work].Plus(progress.Totals())
		for i, p := range w.present {
			if p.progress == progress {
				w.present = append(w.present[:i:i], w.present[i+1:]...)
				return
			}
		}
	}
}

func (w *works) measure() map[string]WorkMeasured {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]WorkMeasured{}
	for _, work := range []string{workSync, workVerify} {
		all[work] = WorkMeasured{Totals: w.past[work]}
	}
	for _, p := range w.present {
		m := all[p.work]
		m.Totals, m.Running, m.Now = m.Plus(p.progress.Totals()), true, p.progress.Snapshot()
		all[p.work] = m
	}
	return all
}

// Measure returns what this process has done so far. It contacts nobody.
func (m *Move) Measure() Measured {
	now := Measured{Version: m.version, Work: m.works.measure(), Servers: m.meters.Read()}
	if store := m.opened(); store != nil {
		now.Ledger = store.Spent()
	}
	if wait, waits := m.waits.Longest(); waits {
		now.Awaited = time.Since(wait.Since)
	}
	return now
}

// opened returns the ledger if it is open, or nil.
func (m *Move) opened() *ledger.Ledger {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ledger
}

// Standing is where the whole move stands, in figures.
type Standing struct {
	Accounts []ledger.AccountTotal
	Findings []ledger.FindingTotal
	Workers  int // that are there
	Held     int // accounts that workers have
	Hindered int // workers that can do nothing for now
	Waves    map[ledger.WaveState]int
}

// Standing reads the ledger. It is an error if that is not open yet.
func (m *Move) Standing(ctx context.Context) (now Standing, err error) {
	store := m.opened()
	if store == nil {
		return now, errNotOpen
	}
	if now.Accounts, err = store.Accounts.Totals(ctx); err != nil {
		return now, err
	}
	if now.Findings, err = store.Findings.Totals(ctx); err != nil {
		return now, err
	}
	waves, err := store.Waves.All(ctx)
	now.Waves = map[ledger.WaveState]int{}
	for _, w := range waves {
		now.Waves[w.State]++
	}
	if err != nil || !m.Shared() {
		return now, err
	}
	there, err := store.Workers.All(ctx)
	if err != nil {
		return now, err
	}
	held, err := store.Leases.Held(ctx)
	now.Workers, now.Held, now.Hindered = len(there), len(held), len(hinderedOf(there))
	return now, err
}

var errNotOpen = errors.New("the store is not open yet")

// Ready reports whether this process can do what it was started for: the ledger answers and, of a worker, it has a place among the
// others and has not lost it. The error says why not.
func (m *Move) Ready(ctx context.Context) error {
	store := m.opened()
	if store == nil {
		return errNotOpen
	}
	if _, err := store.Leases.Time(ctx); err != nil {
		return err
	}
	if joined := m.joined.Load(); joined != nil {
		return (*joined)()
	}
	return nil
}
