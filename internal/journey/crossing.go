// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"rehome"
	"rehome/internal/cutover"
	"rehome/internal/ledger"
	"rehome/internal/switchover"
)

// CutoverOptions choose what a run does.
type CutoverOptions struct {
	Domains   []string // none means all that move
	Overrides []string // gates that somebody answers for
	Why       string   // the reason
	Once      bool     // ends as soon as there is something to wait for
	Wait      bool     // waits also for what only a person can change
	// Told hears of what happens, one line at a time; it is called from several goroutines, never at once.
	Told func(CutoverLine)
}

// CutoverLine is one thing that has happened.
type CutoverLine struct {
	At     time.Time
	Domain string
	Text   string
}

// Crossing is where domains stand on their way across.
type Crossing struct {
	Domains []CrossingDomain `json:"domains"`
}

// CrossingDomain is one domain.
type CrossingDomain struct {
	Domain    string                   `json:"domain"`
	State     ledger.CutoverState      `json:"state"` // "" before the first run
	Since     time.Time                `json:"since,omitzero"`
	Waits     []ledger.CutoverHold     `json:"waits_for"`
	Switched  time.Time                `json:"switched_at,omitzero"` // when every server gave the new records
	Safe      time.Time                `json:"safe_at,omitzero"`     // when no resolver gives the old ones any more
	Live      time.Time                `json:"live_at,omitzero"`     // if no more mail comes late
	Looked    time.Time                `json:"looked_at,omitzero"`   // when late mail was last looked for
	Late      int64                    `json:"late_messages"`
	Arriving  *Arriving                `json:"still_arriving,omitempty"` // at the source, since the final pass began
	Returned  int64                    `json:"returned_messages"`
	Records   []CrossingRecord         `json:"records"`
	Overrides []ledger.CutoverOverride `json:"overrides"`
	Next      string                   `json:"next_step"` // what to do now
}

// CrossingRecord is one set of records.
type CrossingRecord struct {
	About  string             `json:"about"`
	Name   string             `json:"name"`
	Before []string           `json:"before"`
	After  []string           `json:"after"`
	State  ledger.RecordState `json:"state"`
	ByHand bool               `json:"by_hand,omitempty"`
	Wrote  time.Time          `json:"written_at,omitzero"`
	Seen   time.Time          `json:"seen_at,omitzero"`
}

// Outcome implements rehome.Answer: done when every domain is where it was to go; waiting when a person is asked.
func (c Crossing) Outcome() rehome.Outcome {
	outcome := rehome.OutcomeDone
	for _, d := range c.Domains {
		switch d.State {
		case ledger.CutoverLive, ledger.CutoverRolledBack, ledger.CutoverClosed:
			continue
		}
		if slices.ContainsFunc(d.Waits, func(h ledger.CutoverHold) bool { return h.Until.IsZero() }) {
			return rehome.OutcomeWaiting
		}
		outcome = rehome.OutcomeRemaining
	}
	return outcome
}

// RunCutover takes domains across, as far as it can now, from wherever they stand. It may be ended at any moment and run again. An
// error is one that concerns all; what holds a domain is in the answer. With the context's error, the answer is where they stand.
func (m *Move) RunCutover(ctx context.Context, options CutoverOptions) (Crossing, error) {
	domains, store, err := m.crossing(ctx, options.Domains)
	if err != nil {
		return Crossing{}, err
	}
	unlock, err := lockFor(store)
	if err != nil {
		return Crossing{}, err
	}
	defer unlock()
	driver := m.driver(ctx, store, options.Told)
	if err := override(ctx, driver, domains, options); err != nil {
		return Crossing{}, err
	}
	stop := func(c ledger.Cutover, wait time.Duration) bool {
		return wait > 0 && (options.Once || !options.Wait && onlyPersons(c))
	}
	return m.drive(ctx, driver, domains, stop)
}

// lockFor is the lock of the ledger. A run that takes domains across holds it for days, and may be ended at any moment.
func lockFor(store *ledger.Ledger) (unlock func(), err error) {
	unlock, err = store.Lock()
	var fault *rehome.Fault
	if errors.As(err, &fault) && !errors.Is(err, ledger.ErrAtWork) { // whose hint is to drain them
		fault.Hint = `end the other run with Ctrl-C, or wait for it if it is a sync; it goes on later with the same command. Then run this again`
	}
	return unlock, err
}

// onlyPersons reports whether a domain is held before its switch by something that does not pass by itself. What is written may
// not be left alone, so after that a run goes on looking.
func onlyPersons(c ledger.Cutover) bool {
	switch c.State {
	case ledger.CutoverGates, ledger.CutoverFinalPass, ledger.CutoverReady:
		return slices.ContainsFunc(c.Held, func(h ledger.CutoverHold) bool { return h.Until.IsZero() })
	}
	return false
}

// crossing returns the domains that are meant, and the ledger.
func (m *Move) crossing(ctx context.Context, domains []string) ([]string, *ledger.Ledger, error) {
	known, err := m.domains(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, domain := range domains {
		if !slices.Contains(known, domain) {
			return nil, nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: domain, Cause: errors.New("it is not a domain of this move"),
				Hint: "the domains that move are " + strings.Join(known, ", ")}
		}
	}
	if len(domains) == 0 {
		domains = known
	}
	store, err := m.store(ctx)
	return domains, store, err
}

// driver translates the settings.
func (m *Move) driver(ctx context.Context, store *ledger.Ledger, told func(CutoverLine)) *switchover.Driver {
	var mu sync.Mutex
	tell := func(domain string, lines []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range lines {
			m.log.Info("cutover", rehome.LogDomain, domain, rehome.LogWhy, text)
			if told != nil {
				told(CutoverLine{time.Now(), domain, text})
			}
		}
	}
	settings := m.crossingSettings()
	return &switchover.Driver{
		Store: store.Cutovers, World: &world{move: m, store: store}, Settings: settings, Person: whoIn(ctx), Now: time.Now,
		Began: func(c ledger.Cutover, action switchover.Action, first bool) {
			tell(c.Domain, switchover.Beginning(c, action, first))
		},
		Told: func(was ledger.Cutover, step switchover.Step, action switchover.Action, out switchover.Outcome) {
			tell(was.Domain, switchover.Words(was, step, action, out, settings))
		},
	}
}

func (m *Move) crossingSettings() switchover.Settings {
	s := m.settings.Cutover
	return switchover.Settings{Lag: s.Lag, Quiet: s.Quiet, Every: s.Every, Look: s.Look}
}

// override keeps somebody's word for gates, before anything is asked.
func override(ctx context.Context, driver *switchover.Driver, domains []string, options CutoverOptions) error {
	for _, domain := range domains {
		for _, gate := range options.Overrides {
			if err := driver.Override(ctx, domain, switchover.Gate(gate), options.Why); err != nil {
				return err
			}
		}
	}
	return nil
}

// drive goes on with all domains at once.
func (m *Move) drive(ctx context.Context, driver *switchover.Driver, domains []string, stop switchover.Stop) (Crossing, error) {
	failures := make([]error, len(domains))
	var all sync.WaitGroup
	for i, domain := range domains {
		all.Go(func() { _, failures[i] = driver.Run(ctx, domain, stop) })
	}
	all.Wait()
	crossing, err := m.CutoverStatus(context.WithoutCancel(ctx), domains)
	if ctx.Err() != nil {
		return crossing, errors.Join(ctx.Err(), err)
	}
	return crossing, errors.Join(append(failures, err)...)
}

// CutoverStatus says where domains stand. It talks to no server.
func (m *Move) CutoverStatus(ctx context.Context, domains []string) (Crossing, error) {
	domains, store, err := m.crossing(ctx, domains)
	if err != nil {
		return Crossing{}, err
	}
	rows, err := store.Cutovers.All(ctx)
	if err != nil {
		return Crossing{}, err
	}
	crossing := Crossing{Domains: []CrossingDomain{}}
	for _, domain := range domains {
		row := ledger.Cutover{Domain: domain}
		if i := slices.IndexFunc(rows, func(c ledger.Cutover) bool { return c.Domain == domain }); i >= 0 {
			row = rows[i]
		}
		d := crossingDomain(row, m.crossingSettings())
		if !row.Switched.IsZero() {
			if d.Arriving, err = arriving(ctx, store, domain, time.Now()); err != nil {
				return Crossing{}, err
			}
		}
		crossing.Domains = append(crossing.Domains, d)
	}
	return crossing, nil
}

func crossingDomain(c ledger.Cutover, settings switchover.Settings) CrossingDomain {
	d := CrossingDomain{
		Domain: c.Domain, State: c.State, Since: c.Since, Waits: nonNil(c.Held), Switched: c.Switched, Looked: c.Looked, Late: c.Late,
		Returned: c.Returned, Records: []CrossingRecord{}, Overrides: nonNil(c.Overrides), Next: switchover.NextStep(c, settings, time.Now()),
	}
	if !c.Switched.IsZero() {
		d.Safe = switchover.SafeAt(c)
	}
	if c.State == ledger.CutoverLate {
		d.Live = switchover.LiveAt(c, settings)
	}
	for _, r := range c.Records {
		d.Records = append(d.Records, CrossingRecord{About: r.About, Name: r.Name, Before: nonNil(r.Before.Data), After: nonNil(r.After.Data),
			State: r.State, ByHand: r.ByHand, Wrote: r.Wrote, Seen: r.Seen})
	}
	return d
}

// recordsOf are the sets that a plan exchanges at the switch.
func recordsOf(plan cutover.Plan) []ledger.CutoverRecord {
	var all []ledger.CutoverRecord
	for _, s := range plan.Steps {
		if s.Phase != cutover.AtSwitch || s.Action != cutover.Publish && s.Action != cutover.Replace {
			continue
		}
		r := ledger.CutoverRecord{About: s.About, Name: s.Name,
			Before: ledger.RecordSet{Type: string(s.Type), Data: s.Now, TTL: time.Duration(s.NowTTL) * time.Second},
			After:  ledger.RecordSet{Type: string(s.Type), Data: s.Wanted, TTL: time.Duration(s.TTL) * time.Second}}
		if s.Type == typeAlias && len(s.Now) > 0 && !strings.HasPrefix(s.Now[0], aliasPrefix) {
			r.Before.Type = "A" // addresses give way to an alias
		}
		slices.Sort(r.Before.Data)
		slices.Sort(r.After.Data)
		all = append(all, r)
	}
	return all
}

// How a plan writes an alias.
const (
	typeAlias   = "CNAME"
	aliasPrefix = "CNAME "
)
