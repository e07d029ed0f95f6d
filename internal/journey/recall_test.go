// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"errors"
	"testing"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/worker"
)

// patientStep goes on until it is called back. Its first slice sees the account.
type patientStep struct {
	begun chan struct{} // told of each slice that may be long
}

func (*patientStep) Kind() rehome.Kind { return rehome.KindMail }

func (s *patientStep) RunSlice(ctx context.Context, _ rehome.Account, _ time.Time, budget pass.Budget) (pass.Result, error) {
	if budget.Wanted == nil {
		return pass.Result{More: true, Looked: true, Worked: true}, nil
	}
	if budget.Wanted() {
		return pass.Result{}, errors.New("somebody waits, although there is nobody")
	}
	s.begun <- struct{}{}
	select {
	case <-budget.Recall:
		return pass.Result{More: true, Worked: true}, nil
	case <-ctx.Done():
		return pass.Result{}, ctx.Err()
	}
}

// Whoever pauses a wave has the long slices of its accounts end with the next renewal of the leases. What is undone is left.
func TestCrew_pausedWaveEndsLongSlices(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "anna@x.test", "ben@x.test")
	step := &patientStep{begun: make(chan struct{}, 1)}
	m.Simulate(func(*ledger.Ledger, *endpoint.Host, *endpoint.Host, *conductor.Progress) pass.Step { return step })
	who, err := m.chosen(t.Context(), people.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	makeWave(t, m, "staff", WaveChange{}, "anna@x.test", "ben@x.test")
	run, _, err := m.beginRun(t.Context(), who, SyncOptions{}, 9)
	if err != nil {
		t.Fatal(err)
	}
	keeper := worker.NewKeeper(store.Leases, "one", time.Hour)
	c := &crew{move: m, store: store.Leased(), runs: map[int64]*crewRun{}, worked: Worked{Name: "one"}, recall: keeper.Recall,
		options: WorkerOptions{Told: func(string) {}}, watcher: Watcher{Progress: conductor.NewProgress()}}
	c.limits, c.waves = c.share(), m.newWaveKeeper(c.store)
	ctx, release, taken, err := keeper.Claim(t.Context(), "anna@x.test")
	if err != nil || !taken {
		t.Fatalf("taken %v, %v", taken, err)
	}
	done := make(chan bool, 1)
	go func() { done <- c.work(ctx, worker.Job{Run: run.ID, Account: "anna@x.test"}) }()
	<-step.begun
	if err := keeper.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
		t.Fatal("it ended while its wave runs")
	default:
	}
	if _, err := m.PauseWave(t.Context(), "staff", "the source is slow"); err != nil {
		t.Fatal(err)
	}
	if err := keeper.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if <-done {
		t.Error("an account of a wave that was paused is done")
	}
	if err := release(false); err != nil {
		t.Error(err)
	}
	turns, err := store.Passes.Turn(t.Context(), "anna@x.test")
	if err != nil || len(turns) != 1 || turns[0].State != ledger.TurnQueued {
		t.Errorf("%+v, %v, want its turn to wait", turns, err)
	}
}
