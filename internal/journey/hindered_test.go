// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"strings"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/worker"
)

// A worker that cannot begin says so to all, tries again more and more rarely, hands jobs back, and is not ready meanwhile.
func TestCrew_hindered(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "anna@x.test")
	var said []string
	leave := make(chan struct{})
	close(leave) // nobody waits in this test
	c := &crew{move: m, store: store, runs: map[int64]*crewRun{}, leave: leave, worked: Worked{Name: "one"},
		options: WorkerOptions{Told: func(sentence string) { said = append(said, sentence) }}}
	if _, err := store.Workers.Report(t.Context(), ledger.Worker{Name: "one", Began: time.Now()}, time.Minute); err != nil {
		t.Fatal(err)
	}
	job := worker.Job{Run: 7, Account: "anna@x.test"}
	able := func(wantSaid int) {
		t.Helper()
		if c.able(t.Context(), job) || c.hindrance() == nil || len(said) != wantSaid {
			t.Errorf("able, or hindered by %v; said %q", c.hindrance(), said)
		}
	}
	able(1)
	able(1) // not tried again at once
	for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		c.runs[7].again = time.Now()
		able(2 + i)
		if c.runs[7].pause != want {
			t.Errorf("tried again in %s, want %s", c.runs[7].pause, want)
		}
	}
	status, err := m.WorkersThere(t.Context())
	if err != nil || len(status.Workers) != 1 || !strings.HasPrefix(status.Workers[0].Hindered, "cannot begin: run 7 is not in the ledger") {
		t.Errorf("%+v, %v", status, err)
	}
	synced, err := lookAtRun(t.Context(), store, ledger.Run{ID: 7})
	if err != nil || len(synced.Hindered) != 1 || !synced.tells(WorkersSynced{Workers: []string{"one"}}) {
		t.Errorf("%+v, %v", synced, err)
	}
	c.hinder(t.Context(), nil, 0)
	if status, err = m.WorkersThere(t.Context()); err != nil || status.Workers[0].Hindered != "" || said[len(said)-1] != "can begin now" {
		t.Errorf("%+v, %v, %q", status, err, said)
	}
	if _, err := m.DismissWorkers(t.Context(), "one", "two"); err == nil || !strings.Contains(err.Error(), "find worker two: there is no such worker") {
		t.Errorf("%v", err)
	}
	if there, err := store.Workers.All(t.Context()); err != nil || there[0].Leaving {
		t.Errorf("%+v, %v: told to leave although another name was wrong", there, err)
	}
}
