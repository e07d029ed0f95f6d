// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// slicer plays the engine: what each account's slices return is its script.
type slicer struct {
	play func(ctx context.Context, call call) (pass.Result, error)

	mu      sync.Mutex
	calls   []call
	running map[string]bool
	most    int // slices at once
	clash   string
}

// call is one slice as the conductor asked for it.
type call struct {
	account string
	number  int // of this account's slices, from 1
	at      time.Duration
	started time.Time
	budget  pass.Budget
}

var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when every bubble of synctest begins

func (s *slicer) Kind() rehome.Kind { return rehome.KindMail }

func (s *slicer) RunSlice(ctx context.Context, account rehome.Account, started time.Time, budget pass.Budget) (pass.Result, error) {
	c := call{account: account.Address, number: 1, at: time.Since(start), started: started, budget: budget}
	s.mu.Lock()
	for _, earlier := range s.calls {
		if earlier.account == c.account {
			c.number++
		}
	}
	s.calls = append(s.calls, c)
	if s.running == nil {
		s.running = map[string]bool{}
	}
	if s.running[c.account] {
		s.clash = c.account
	}
	s.running[c.account] = true
	s.most = max(s.most, len(s.running))
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, c.account)
	}()
	result, err := s.play(ctx, c)
	if c, counted := result.Counts.(counts); counted {
		result.Advanced = c.did > 0
	}
	return result, err
}

// times returns when an account had its slices.
func (s *slicer) times(account string) []time.Duration {
	var all []time.Duration
	for _, c := range s.calls {
		if c.account == account {
			all = append(all, c.at)
		}
	}
	return all
}

// book keeps in memory what the conductor writes.
type book struct {
	failSave, failFindings func(ledger.Account) error
	failTurns              error

	mu       sync.Mutex
	rows     map[string][]ledger.Account // every version
	findings map[string][]rehome.Finding
	turns    map[string]ledger.Turn
	dead     bool
}

func (b *book) Save(_ context.Context, a ledger.Account, findings map[rehome.Kind][]rehome.Finding, turn ledger.Turn) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failSave != nil {
		if err := b.failSave(a); err != nil {
			return err
		}
	}
	if b.dead {
		return nil
	}
	if b.rows == nil {
		b.rows, b.findings = map[string][]ledger.Account{}, map[string][]rehome.Finding{}
	}
	if b.failFindings != nil && len(findings) > 0 {
		if err := b.failFindings(a); err != nil {
			return err
		}
	}
	b.rows[a.Address] = append(b.rows[a.Address], a)
	for kind, found := range findings {
		b.findings[a.Address+"/"+string(kind)] = found
	}
	b.note(turn)
	return nil
}

func (b *book) Turns(context.Context) ([]ledger.Turn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Collect(maps.Values(b.turns))
	slices.SortFunc(all, func(a, b ledger.Turn) int { return cmp.Compare(a.Place, b.Place) })
	return all, b.failTurns
}

func (b *book) Begin(_ context.Context, queue []ledger.Turn) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range queue {
		b.note(t)
	}
	return nil
}

func (b *book) Wait(_ context.Context, t ledger.Turn) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note(t)
	return nil
}

// note does what the ledger does with a turn; after the end of the process that is nothing.
func (b *book) note(t ledger.Turn) {
	if b.turns == nil {
		b.turns = map[string]ledger.Turn{}
	}
	switch {
	case b.dead:
	case t.State == ledger.TurnOver:
		delete(b.turns, t.Address)
	default:
		b.turns[t.Address] = t
	}
}

// die plays that the process ends: nothing of what it goes on to do is written.
func (b *book) die() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dead = true
}

// last returns an account's row as it is in the end.
func (b *book) last(account string) ledger.Account {
	if rows := b.rows[account]; len(rows) > 0 {
		return rows[len(rows)-1]
	}
	return ledger.Account{}
}

func accounts(names ...string) []rehome.Account {
	all := make([]rehome.Account, len(names))
	for i, name := range names {
		all[i].Address = name
	}
	return all
}

// conduct runs a pass and returns the outcomes by account.
func conduct(t *testing.T, ctx context.Context, options Options, names ...string) (map[string]Ended, error) {
	t.Helper()
	if options.Ledger == nil {
		options.Ledger = &book{}
	}
	outcomes, err := New(options).Run(ctx, accounts(names...))
	byName := map[string]Ended{}
	for _, o := range outcomes {
		byName[o.Account] = o
	}
	return byName, err
}

// bubble runs a test in fake time.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func fault(class rehome.Class) error {
	return &rehome.Fault{Class: class, Op: "copy", Object: "INBOX", Server: "no", Hint: "do something"}
}

// looked is the result of a slice that saw both ends.
func looked(r pass.Result) pass.Result {
	r.Looked = true
	return r
}

// counts are what a slicer counts.
type counts struct {
	did  int
	size pass.Size
}

func (c counts) Plus(later pass.Counts, looked bool) pass.Counts {
	sum := counts{c.did + later.(counts).did, c.size}
	if looked {
		sum.size = later.(counts).size
	}
	return sum
}

func (c counts) Size() pass.Size { return c.size }

// did returns what a step has done to an account.
func did(o Ended, kind rehome.Kind) int {
	c, _ := o.Counts[kind].(counts)
	return c.did
}

// step is a step of another kind, which says nothing of an account's size.
type step struct {
	kind rehome.Kind
	play func(call call) (pass.Result, error)
}

func (s step) Kind() rehome.Kind { return s.kind }

func (s step) RunSlice(_ context.Context, account rehome.Account, started time.Time, budget pass.Budget) (pass.Result, error) {
	return s.play(call{account: account.Address, started: started, budget: budget})
}

func steps(all ...pass.Step) []pass.Step { return all }
