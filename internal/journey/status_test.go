// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/people"
)

// What was under way when its process ended is not shown as if it were so still.
func TestStatusTurns_withoutASync(t *testing.T) {
	t.Parallel()
	turns := []ledger.Turn{{Address: "a", State: ledger.TurnWorking}, {Address: "b", State: ledger.TurnWaiting}, {Address: "c",
		State: ledger.TurnQueued}}
	for running, want := range map[bool][]ledger.TurnState{
		true:  {ledger.TurnWorking, ledger.TurnWaiting, ledger.TurnQueued},
		false: {TurnInterrupted, ledger.TurnWaiting, ledger.TurnQueued},
	} {
		got := statusTurns(turns, running)
		for i, turn := range turns {
			if got[turn.Address].State != want[i] {
				t.Errorf("running %v: %s is %s, want %s", running, turn.Address, got[turn.Address].State, want[i])
			}
		}
	}
}

// Workers that wait for the end of an old lease go on by themselves: nobody has to begin anything. Those that can do nothing do not, and
// nobody does with what no workers have begun.
func TestStatus_workersGoOn(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "anna@x.test")
	is := func(when string, running, goesOn bool) {
		t.Helper()
		status, err := m.Status(t.Context(), people.Choice{})
		if err != nil || status.Running != running || status.GoesOn != goesOn {
			t.Errorf("%s: running %v, goes on %v, %v; want %v, %v", when, status.Running, status.GoesOn, err, running, goesOn)
		}
	}
	fine := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	turn := ledger.Turn{Address: "anna@x.test", Pass: rehome.PassPreStage, State: ledger.TurnQueued}
	fine(store.Passes.Begin(t.Context(), []ledger.Turn{turn}))
	_, err := store.Workers.Report(t.Context(), ledger.Worker{Name: "one"}, time.Hour)
	fine(err)
	is("of a process alone", false, false)
	run, err := store.Runs.Begin(t.Context(), []byte("{}"), 1)
	fine(err)
	turn.Run = run.ID
	fine(store.Passes.Begin(t.Context(), []ledger.Turn{turn}))
	is("nobody has begun", false, true)
	lease, _, err := store.Leased().Leases.Claim(t.Context(), "before", turn.Address, time.Hour)
	fine(err)
	is("the old lease lasts", true, false)
	fine(store.Leased().Leases.Release(t.Context(), lease, false))
	is("it is over", false, true)
	fine(store.Workers.Hinder(t.Context(), "one", "cannot begin"))
	is("the worker can do nothing", false, false)
	fine(store.Workers.Hinder(t.Context(), "one", ""))
	_, err = store.Workers.Dismiss(t.Context())
	fine(err)
	is("it leaves", false, false)
}
