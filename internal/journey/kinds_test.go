// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/people"
)

// greeting is a kind of work of which nobody else knows anything.
type greeting struct{ kept []rehome.Finding }

const kindGreeting = rehome.Kind("greeting")

func (g *greeting) Kind() rehome.Kind { return kindGreeting }

func (g *greeting) RunSlice(_ context.Context, account rehome.Account, _ time.Time, _ pass.Budget) (pass.Result, error) {
	for i := range g.kept {
		g.kept[i].Account = account.Address
	}
	return pass.Result{Looked: true, Findings: g.kept, Blocked: pass.Blocked(account.Address, g.kept)}, nil
}

// A kind of work is a step and its opener: accounts, findings, the states that status shows and what is closed in the end
// follow without a line about it anywhere else.
func TestSync_anotherKindOfWork(t *testing.T) {
	t.Parallel()
	settings, _ := twoEnds(t)
	move := open(t, settings)
	who, err := move.chosen(t.Context(), people.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	closed := 0
	left := rehome.Finding{Code: "greeting_unread", Severity: rehome.SeverityError, Sentence: "nobody has read it", NextStep: "read it", Blocks: true}
	step := &greeting{kept: []rehome.Finding{left}}
	openGreeting := func(context.Context, selection, hosts, SyncOptions, Watcher) (kindOfWork, error) {
		return kindOfWork{step: step, close: func() error { closed++; return nil }}, nil
	}
	watcher := Watcher{Progress: conductor.NewProgress()}
	for _, round := range []struct {
		kept  []rehome.Finding
		state ledger.AccountState
	}{{step.kept, ledger.AccountBlocked}, {nil, ledger.AccountPreStaged}} {
		step.kept = round.kept
		synced, err := move.sync(t.Context(), append(move.kindsOfWork(), openGreeting), who, SyncOptions{}, watcher)
		if err != nil || len(synced.Accounts) != 1 || synced.complete() != (len(round.kept) == 0) {
			t.Fatalf("got %+v, %v", synced, err)
		}
		status, err := move.Status(t.Context(), people.Choice{})
		if err != nil || len(status.Accounts) != 1 || status.Accounts[0].State != round.state {
			t.Errorf("status: got %+v, %v, want %s", status.Accounts, err, round.state)
		}
		kept, err := who.store.Findings.All(t.Context(), anna)
		if named := slices.ContainsFunc(kept, func(f rehome.Finding) bool { return f.Code == left.Code }); err != nil || named != (len(round.kept) > 0) {
			t.Errorf("the ledger has %+v, %v", kept, err)
		}
	}
	if closed != 2 {
		t.Errorf("closed %d times, want once a pass", closed)
	}
}

// What was begun is closed when a later kind of work cannot begin.
func TestOpenAll_closesWhatWasOpened(t *testing.T) {
	t.Parallel()
	closed, refused, broken := 0, errors.New("refused"), errors.New("broken")
	opens := func(work kindOfWork, err error) opener {
		return func(context.Context, selection, hosts, SyncOptions, Watcher) (kindOfWork, error) { return work, err }
	}
	counts := kindOfWork{close: func() error { closed++; return broken }}
	_, err := openAll(t.Context(), []opener{opens(counts, nil), opens(kindOfWork{}, nil), opens(counts, refused)}, selection{}, hosts{},
		SyncOptions{}, Watcher{})
	if closed != 2 || !errors.Is(err, refused) || !errors.Is(err, broken) {
		t.Errorf("closed %d, error %v; want both closed, and all that went wrong", closed, err)
	}
}

func TestStepsOf_smallestBoundHolds(t *testing.T) {
	t.Parallel()
	step := &greeting{}
	for _, test := range []struct {
		opened        []kindOfWork
		steps, bounds int
	}{
		{nil, 0, 0},
		{[]kindOfWork{{workers: 3}}, 0, 0},
		{[]kindOfWork{{step: step}, {step: step, workers: 8}, {step: step, workers: 3}, {step: step, workers: 5}}, 4, 3},
	} {
		if steps, workers := stepsOf(test.opened); len(steps) != test.steps || workers != test.bounds {
			t.Errorf("%d steps, %d workers, want %d and %d", len(steps), workers, test.steps, test.bounds)
		}
	}
}
