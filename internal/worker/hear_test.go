// SPDX-License-Identifier: Apache-2.0

package worker_test

import (
	"context"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/worker"
)

// A worker without anything to do stops River's client, whose leader is gone with it. It hears of a job that comes, and finds one that an
// older worker has told to wait; then it rests again, and leaves when it is told to.
func TestWorker_rests(t *testing.T) {
	t.Parallel()
	c, server := begin(t)
	store, queue := c.open()
	ctx := t.Context()
	did := make(chan string, 1)
	end := c.join("one", nil, func(_ context.Context, account string) bool {
		did <- account
		return true
	})
	rests := func() {
		t.Helper()
		must(t, server.Await(ctx, `SELECT EXISTS (SELECT 1 FROM rehome_jobs.river_leader)`))
		must(t, server.Await(ctx, `SELECT NOT EXISTS (SELECT 1 FROM rehome_jobs.river_leader)`))
	}
	for i, account := range []string{"anna@example.test", "bert@example.test"} {
		rests()
		run, err := store.Runs.Begin(ctx, []byte("{}"), 1)
		must(t, err)
		must(t, store.Passes.Begin(ctx, []ledger.Turn{{Address: account, Pass: rehome.PassPreStage, Run: run.ID, State: ledger.TurnQueued}}))
		job := worker.Job{Run: run.ID, Account: account}
		if i == 0 {
			must(t, queue.Insert(ctx, job))
		} else {
			must(t, server.Exec(ctx, `UPDATE rehome_jobs.river_job SET state = 'scheduled', finalized_at = NULL, args = jsonb_set(jsonb_set(args,
				'{account}', '"bert@example.test"'), '{run}', to_jsonb((SELECT MAX(id) FROM rehome.runs)))`))
		}
		select {
		case got := <-did:
			if got != account {
				t.Errorf("did %s, want %s", got, account)
			}
		case <-time.After(time.Minute):
			t.Fatalf("nobody has heard of %s", account)
		}
	}
	rests()
	_, err := store.Workers.Dismiss(ctx)
	must(t, err)
	must(t, end())
}

// A worker that is left alone takes the accounts that the other one would have had, beside those that it has.
func TestWorker_takesMoreWhenOthersLeave(t *testing.T) {
	t.Parallel()
	c, server := begin(t)
	store, queue := c.open()
	ctx := t.Context()
	began, ends := make(chan string, 4), make(chan struct{})
	work := func(_ context.Context, account string) bool {
		began <- account
		<-ends
		return true
	}
	most := worker.Options{Accounts: 4, Divided: true}
	leaves := make(chan struct{})
	other := c.joinWith("other", leaves, most, nil)
	there := `SELECT COUNT(*) = 2 FROM (SELECT 1 FROM rehome.shares WHERE worker <> '' AND part = 'source' AND amount > 0) AS s`
	must(t, server.Await(ctx, `SELECT EXISTS (SELECT 1 FROM rehome.shares WHERE worker = 'other')`))
	stay := make(chan struct{})
	one := c.joinWith("one", stay, most, work)
	must(t, server.Await(ctx, there))
	close(leaves)
	must(t, other())
	run, err := store.Runs.Begin(ctx, []byte("{}"), 4)
	must(t, err)
	for _, account := range []string{"a@example.test", "b@example.test", "c@example.test", "d@example.test"} {
		must(t, store.Passes.Begin(ctx, []ledger.Turn{{Address: account, Pass: rehome.PassPreStage, Run: run.ID, State: ledger.TurnQueued}}))
		must(t, queue.Insert(ctx, worker.Job{Run: run.ID, Account: account}))
	}
	for range 4 { // at once: none ends before
		select {
		case <-began:
		case <-time.After(time.Minute):
			t.Fatal("too few accounts are at work at once")
		}
	}
	close(ends)
	close(stay)
	must(t, one())
}
