// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

const (
	lasting = time.Hour
	instant = time.Millisecond
)

// claim takes an account that is free.
func claim(t testing.TB, l *ledger.Ledger, holder, address string, long time.Duration) ledger.Lease {
	t.Helper()
	lease, taken, err := l.Leases.Claim(t.Context(), holder, address, long)
	must(t, err)
	if !taken || lease.Address != address || lease.Holder != holder {
		t.Fatalf("%s claims %s: %+v, taken %v", holder, address, lease, taken)
	}
	return lease
}

// over waits for the database's clock to end a lease.
func over(t testing.TB, l *handle, lease ledger.Lease) {
	t.Helper()
	for {
		held, err := l.again.Leases.Held(t.Context())
		must(t, err)
		still := false
		for _, h := range held {
			still = still || h == lease
		}
		if !still {
			return
		}
	}
}

func leaseHeldByOne(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	before, err := l.Leases.Time(ctx)
	must(t, err)
	if now, err := l.again.Leases.Time(ctx); err != nil || now.Before(before) || now.Sub(before) > lasting {
		t.Errorf("it is %v after %v, %v", now, before, err)
	}
	first := claim(t, l.Ledger, "one", "anna@example.test", lasting)
	if _, taken, err := l.again.Leases.Claim(ctx, "two", "anna@example.test", lasting); err != nil || taken {
		t.Errorf("two have one account: %v", err)
	}
	if _, taken, err := l.Leases.Claim(ctx, "one", "anna@example.test", lasting); err != nil || taken {
		t.Errorf("one has an account twice: %v", err)
	}
	other := claim(t, l.again, "two", "bert@example.test", lasting)
	held, err := l.again.Leases.Held(ctx)
	must(t, err)
	if diff := cmp.Diff([]ledger.Lease{first, other}, held); diff != "" {
		t.Errorf("held: %s", diff)
	}
	if n, err := l.Leases.AtWork(ctx); err != nil || n != 2 {
		t.Errorf("%d at work, %v, want both", n, err)
	}
	must(t, l.Leases.Release(ctx, first, true))
	next := claim(t, l.again, "two", "anna@example.test", lasting)
	if next.Epoch != first.Epoch+1 {
		t.Errorf("epoch %d after %d", next.Epoch, first.Epoch)
	}
	must(t, l.Leases.Release(ctx, first, true)) // a lease that is not the current one gives nothing back
	if _, taken, err := l.Leases.Claim(ctx, "one", "anna@example.test", lasting); err != nil || taken {
		t.Errorf("taken %v, %v after a release by somebody who was not the holder", taken, err)
	}
}

func leaseRenewedOnlyWhileItLasts(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	lost := claim(t, l.Ledger, "one", "anna@example.test", instant)
	kept := claim(t, l.Ledger, "one", "bert@example.test", lasting)
	claim(t, l.again, "two", "carl@example.test", lasting)
	over(t, l, lost)
	for range 2 {
		held, err := l.Leases.Renew(ctx, "one", lasting, nil)
		must(t, err)
		if diff := cmp.Diff([]ledger.Renewed{{Lease: kept}}, held); diff != "" {
			t.Errorf("renewed: %s", diff)
		}
	}
	short, err := l.Leases.Renew(ctx, "one", instant, nil)
	if err != nil || len(short) != 1 {
		t.Errorf("renewed %v, %v", short, err)
	}
	over(t, l, kept)
	if held, err := l.Leases.Renew(ctx, "one", lasting, nil); err != nil || len(held) > 0 {
		t.Errorf("what was over came back: %v, %v", held, err)
	}
}

// Whoever was only thought dead writes nothing, be it an intent or a receipt, also while others write beside him.
func leaseFencesWhoWasThoughtDead(t *testing.T, empty Empty) {
	l := create(t, empty)
	zombie, worker := l.Leased(), l.again.Leased()
	old := claim(t, zombie, "one", "anna@example.test", lasting)
	under := ledger.WithLease(t.Context(), old)
	m, err := zombie.Mail.Mailbox(under, inbox())
	must(t, err)
	ids, err := zombie.Mail.Intend(under, m, 7, messages(1))
	must(t, err)
	if held, err := zombie.Leases.Renew(t.Context(), "one", instant, nil); err != nil || len(held) != 1 {
		t.Fatalf("renewed %v, %v", held, err)
	}
	over(t, l, old)
	refused := func(when string, err error) {
		t.Helper()
		if !errors.Is(err, ledger.ErrLeaseLost) || rehome.HintOf(err) == "" {
			t.Errorf("%s: %v, want %v", when, err, ledger.ErrLeaseLost)
		}
	}
	_, err = zombie.Mail.Intend(under, m, 7, messages(2))
	refused("an intent when the lease is over", err)
	next := claim(t, worker, "two", "anna@example.test", lasting)
	beside := claim(t, zombie, "one", "bert@example.test", lasting)
	done := make(chan error, 1)
	go func() {
		done <- zombie.Passes.Begin(ledger.WithLease(t.Context(), beside), queued("bert@example.test"))
	}()
	_, err = zombie.Mail.Intend(under, m, 7, messages(3))
	refused("an intent when another has it", err)
	refused("a receipt", zombie.Mail.Receive(under, m, ids[0], messages(1)))
	refused("a turn", zombie.Passes.Begin(under, queued("anna@example.test")))
	must(t, <-done)
	now := ledger.WithLease(t.Context(), next)
	m, err = worker.Mail.Mailbox(now, inbox())
	must(t, err)
	if len(m.Intents) != 1 || !m.Done.Empty() {
		t.Errorf("%d intents, done %s; want what was written in time and no more", len(m.Intents), m.Done)
	}
	must(t, worker.Mail.Receive(now, m, ids[0], messages(1)))
	if got := addresses(t, l); got != "bert@example.test" {
		t.Errorf("rows of %s, want of the account beside it", got)
	}
}

// A worker writes about many accounts at once: what it has lost is refused, and the rest is there.
func leasesOfManyAtOnce(t *testing.T, empty Empty) {
	l := create(t, empty)
	worker := l.Leased()
	const accounts = 70
	var leases []ledger.Lease
	for i := range accounts {
		lease := claim(t, worker, "one", fmt.Sprintf("%02d@example.test", i), lasting)
		switch i % 7 {
		case 3:
			must(t, worker.Leases.Release(t.Context(), lease, false))
		case 5:
			must(t, worker.Leases.Release(t.Context(), lease, false))
			claim(t, l.again, "two", lease.Address, lasting)
		}
		leases = append(leases, lease)
	}
	var work sync.WaitGroup
	for i, lease := range leases {
		work.Go(func() {
			err := worker.Passes.Begin(ledger.WithLease(t.Context(), lease), queued(lease.Address))
			if lost := i%7 == 3 || i%7 == 5; lost != errors.Is(err, ledger.ErrLeaseLost) || !lost && err != nil {
				t.Errorf("%s: %v, lost %v", lease.Address, err, lost)
			}
		})
	}
	work.Wait()
	turns, err := l.again.Passes.Turns(t.Context())
	if err != nil || len(turns) != accounts/7*5 {
		t.Errorf("%d turns, %v, want those of the accounts that were not lost", len(turns), err)
	}
}

// What a worker copies is written under a lease or not at all; what does not copy needs none.
func leaseIsNeededByAWorker(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	worker := l.Leased()
	_, err := worker.Mail.Mailbox(ctx, inbox())
	for name, err := range map[string]error{
		"mail": err, "turns": worker.Passes.Begin(ctx, queued("anna@example.test")),
		"objects": worker.Objects.NoteTrial(ctx, "anna@example.test", ledger.Trial{UID: "u"}),
	} {
		if rehome.ClassOf(err) != rehome.ClassBug {
			t.Errorf("%s: %v, want a bug", name, err)
		}
	}
	lease := claim(t, worker, "one", "anna@example.test", lasting)
	for range 3 { // lines are numbered one after the other, whoever writes them
		for _, l := range []*ledger.Ledger{worker, l.again} {
			must(t, l.Audit.Append(ledger.WithLease(ctx, lease), ledger.AuditLine{Action: "look"}))
		}
	}
	if last, err := ledger.CheckChain(l.again.Audit.Lines(ctx)); err != nil || last.Line != 6 {
		t.Errorf("line %d, %v", last.Line, err)
	}
}

func leaseAbandonedUntilItIsTakenUp(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	queue := queued("anna@example.test", "bert@example.test", "carl@example.test", "dora@example.test", "emil@example.test", "none@example.test")
	for i := range queue[:5] {
		queue[i].Run = 7
	}
	must(t, l.Passes.Begin(ctx, queue))
	local := claim(t, l.Ledger, "one", "none@example.test", lasting)
	must(t, l.Leases.Release(ctx, local, false))
	dead := claim(t, l.Ledger, "one", "anna@example.test", instant)
	over(t, l, dead)
	left := claim(t, l.Ledger, "one", "bert@example.test", lasting)
	must(t, l.Leases.Release(ctx, left, false))
	done := claim(t, l.Ledger, "one", "carl@example.test", lasting)
	must(t, l.Leases.Release(ctx, done, true))
	claim(t, l.Ledger, "one", "dora@example.test", lasting)
	want := func(leases ...ledger.Lease) {
		t.Helper()
		var want []ledger.Abandoned
		for _, lease := range leases {
			want = append(want, ledger.Abandoned{Lease: lease, Run: 7})
		}
		got, err := l.again.Leases.Abandoned(ctx, 10)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("abandoned: %s", diff)
		}
	}
	want(left, dead)
	if got, err := l.Leases.Abandoned(ctx, 1); err != nil || len(got) != 1 || got[0].Lease != left {
		t.Errorf("the first: %v, %v", got, err)
	}
	never := ledger.Abandoned{Lease: ledger.Lease{Address: "emil@example.test"}, Run: 7}
	again := ledger.Abandoned{Lease: done, Run: 7} // somebody was done with it, and has not taken it out of the run
	if got, err := l.again.Leases.Unclaimed(ctx, 10); err != nil || !cmp.Equal(got, []ledger.Abandoned{again, never}) {
		t.Errorf("unclaimed: %v, %v; want %v", got, err, []ledger.Abandoned{again, never})
	}
	claim(t, l.again, "two", "bert@example.test", lasting)
	want(dead)
	must(t, l.Passes.Wait(ctx, ledger.Turn{Address: dead.Address, State: ledger.TurnOver}))
	want()
}

// A process that copies alone has all accounts: nobody claims one, and it does not begin while one is claimed.
func leaseAndLock(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	worker := l.again.Leased()
	lease := claim(t, worker, "one", "anna@example.test", lasting)
	claim(t, worker, "two", "bert@example.test", instant)
	locked, err := l.Locked()
	if err != nil || !locked {
		t.Errorf("locked %v, %v while a worker has an account", locked, err)
	}
	_, err = l.Lock()
	wantOperator(t, err, "at work with workers (one", "rehome worker drain")
	must(t, worker.Leases.Release(ctx, lease, false))
	late := claim(t, worker, "one", "carl@example.test", instant)
	over(t, l, late)
	unlock, err := l.Lock()
	must(t, err)
	if _, taken, err := worker.Leases.Claim(ctx, "one", "anna@example.test", lasting); err != nil || taken {
		t.Errorf("taken %v, %v beside a process that copies alone", taken, err)
	}
	must(t, l.Passes.Begin(ctx, queued("carl@example.test")))
	err = worker.Passes.Begin(ledger.WithLease(ctx, late), queued("carl@example.test"))
	if !errors.Is(err, ledger.ErrLeaseLost) {
		t.Errorf("a worker wrote about an account that another process has: %v", err)
	}
	unlock()
	if next := claim(t, worker, "one", "carl@example.test", lasting); next.Epoch <= late.Epoch+1 {
		t.Errorf("epoch %d, want one that the process had in between", next.Epoch)
	}
}

func workersAreThereWhileTheyReport(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	began := time.Unix(1000, 0).UTC()
	report := func(name string, long time.Duration, leave bool) {
		t.Helper()
		got, err := l.Workers.Report(ctx, ledger.Worker{Name: name, Began: began}, long)
		if err != nil || got != leave {
			t.Errorf("%s: leave %v, %v; want %v", name, got, err, leave)
		}
	}
	want := func(want ...ledger.Worker) {
		t.Helper()
		got, err := l.again.Workers.All(ctx)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("workers: %s", diff)
		}
	}
	report("one", lasting, false)
	report("two", lasting, false)
	report("dead", -time.Second, false)
	report("one", lasting, false)
	want(ledger.Worker{Name: "one", Began: began}, ledger.Worker{Name: "two", Began: began})
	must(t, l.Workers.Hinder(ctx, "one", "it lacks a secret"))
	must(t, l.Workers.Hinder(ctx, "nobody", "is not there"))
	report("one", lasting, false) // which says nothing of it
	want(ledger.Worker{Name: "one", Began: began, Hindered: "it lacks a secret"}, ledger.Worker{Name: "two", Began: began})
	must(t, l.Workers.Hinder(ctx, "one", ""))
	want(ledger.Worker{Name: "one", Began: began}, ledger.Worker{Name: "two", Began: began})
	told, err := l.again.Workers.Dismiss(ctx, "two", "nobody")
	must(t, err)
	if diff := cmp.Diff([]ledger.Worker{{Name: "two", Began: began, Leaving: true}}, told); diff != "" {
		t.Errorf("told: %s", diff)
	}
	for name, wanted := range map[string]bool{"one": false, "two": true, "nobody": false} {
		if leave, err := l.Workers.Leaving(ctx, name); err != nil || leave != wanted {
			t.Errorf("%s is to leave: %v, %v; want %v", name, leave, err, wanted)
		}
	}
	report("one", lasting, false)
	report("two", lasting, true)
	must(t, l.Workers.Gone(ctx, "two"))
	report("two", lasting, false)
	if told, err := l.again.Workers.Dismiss(ctx); err != nil || len(told) != 2 {
		t.Errorf("told %v, %v; want both", told, err)
	}
	report("one", lasting, true)
	must(t, l.Workers.Gone(ctx, "one"))
	want(ledger.Worker{Name: "two", Began: began, Leaving: true})
}

func runsHaveTheTurnsThatNameThem(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(1000, 5) }
	first, err := l.Runs.Begin(ctx, []byte(`{"a":1}`), 3)
	must(t, err)
	second, err := l.Runs.Begin(ctx, []byte{}, 0)
	must(t, err)
	if first.ID == 0 || second.ID == first.ID {
		t.Errorf("runs %d and %d", first.ID, second.ID)
	}
	got, known, err := l.again.Runs.Get(ctx, first.ID)
	if diff := cmp.Diff(first, got); err != nil || !known || diff != "" {
		t.Errorf("known %v, %v: %s", known, err, diff)
	}
	if _, known, err := l.again.Runs.Get(ctx, first.ID+second.ID); err != nil || known {
		t.Errorf("known %v, %v", known, err)
	}
	queue := queued("anna@example.test", "bert@example.test", "carl@example.test", "dora@example.test")
	for i := range queue[:3] {
		queue[i].Run = first.ID
	}
	must(t, l.Passes.Begin(ctx, queue))
	anna := queue[0]
	anna.State = ledger.TurnFailed
	must(t, l.Passes.Wait(ctx, anna))
	must(t, l.Passes.Wait(ctx, ledger.Turn{Address: "bert@example.test", State: ledger.TurnOver}))
	left, err := l.again.Runs.Left(ctx, first.ID)
	must(t, err)
	if diff := cmp.Diff(map[ledger.TurnState]int64{ledger.TurnFailed: 1, ledger.TurnQueued: 1}, left); diff != "" {
		t.Errorf("left: %s", diff)
	}
	turn, err := l.again.Passes.Turn(ctx, "anna@example.test")
	must(t, err)
	anna.Since = time.Unix(1000, 0).UTC()
	if diff := cmp.Diff([]ledger.Turn{anna}, turn); diff != "" {
		t.Errorf("turn: %s", diff)
	}
	if turn, err := l.again.Passes.Turn(ctx, "bert@example.test"); err != nil || len(turn) != 0 {
		t.Errorf("turn %v, %v of one that is over", turn, err)
	}
}
