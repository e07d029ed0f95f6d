// SPDX-License-Identifier: Apache-2.0

package worker_test

import (
	"context"
	"slices"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/worker"
)

// A wave that begins later, and has the higher priority, does not wait for all that an earlier one has left; who was begun goes first.
func TestQueue_goesByPrecedence(t *testing.T) {
	t.Parallel()
	c, _ := begin(t)
	store, queue := c.open()
	ctx := t.Context()
	came := []worker.Job{{Account: "low@x.test", Precedence: -3}, {Account: "alone@x.test"}, {Account: "high@x.test", Precedence: 10},
		{Account: "begun@x.test", Precedence: -3, Epoch: 1}, {Account: "higher@x.test", Precedence: 20}}
	run, err := store.Runs.Begin(ctx, []byte("{}"), len(came))
	must(t, err)
	for _, job := range came {
		must(t, store.Passes.Begin(ctx, []ledger.Turn{{Address: job.Account, Pass: rehome.PassPreStage, Run: run.ID, State: ledger.TurnQueued}}))
		job.Run = run.ID
		must(t, queue.Insert(ctx, job))
	}
	done, leave := make(chan string), make(chan struct{})
	end := c.joinWith("one", leave, worker.Options{Accounts: 1}, func(_ context.Context, account string) bool {
		done <- account
		return true
	})
	var got []string
	for range came {
		got = append(got, <-done)
	}
	if want := []string{"begun@x.test", "high@x.test", "higher@x.test", "alone@x.test", "low@x.test"}; !slices.Equal(got, want) {
		t.Errorf("done in the order %q, want %q", got, want)
	}
	close(leave)
	must(t, end())
}
