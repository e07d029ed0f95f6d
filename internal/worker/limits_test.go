// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/ledger"
)

// Without a number of its own each worker takes its part of the accounts that there are connections for, beside all that are there and can
// do something, idle or not: those that wait for a job will take one.
func TestWorker_atOnce(t *testing.T) {
	t.Parallel()
	there := func(name string) ledger.Member {
		return ledger.Member{Worker: ledger.Worker{Name: name}, There: true, Has: ledger.Amounts{Source: 1, Destination: 1}}
	}
	one, two, idle, leaves, dead, hindered := there("one"), there("two"), there("idle"), there("leaves"), there("dead"), there("hindered")
	idle.Idle, leaves.Leaving, dead.There = true, true, false
	hindered.Idle, hindered.Hindered = true, "cannot begin"
	for _, test := range []struct {
		crew    []ledger.Member
		most    int
		divided bool
		want    int
	}{
		{[]ledger.Member{one}, 400, true, 400},
		{[]ledger.Member{one, two, idle}, 400, true, 134},
		{[]ledger.Member{one, two, leaves, dead, hindered}, 400, true, 200},
		{[]ledger.Member{one, two, idle}, 2, true, 1},
		{[]ledger.Member{one, two}, 400, false, 400},
		{nil, 400, true, 400},
	} {
		w := New(Options{Accounts: test.most, Divided: test.divided})
		w.crew.Store(able(test.crew))
		if got := w.atOnce(); got != test.want {
			t.Errorf("%d at once, want %d: %+v", got, test.want, test)
		}
	}
}

// Who has no connection yet waits with the jobs in hand, and does not give them back at once: the queue would give them out again, and with
// them all others.
func TestDesk_waitsUntilItOpens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, leave := newDesk(), make(chan struct{})
		ended, end := context.WithCancel(t.Context())
		began := time.Now()
		wants := func(ctx context.Context, in bool, after time.Duration) {
			t.Helper()
			if got := d.enterSoon(ctx, time.Minute, leave); got != in || time.Since(began) != after {
				t.Errorf("%v after %s, wanted %v after %s", got, time.Since(began), in, after)
			}
		}
		wants(t.Context(), false, time.Minute)
		time.AfterFunc(time.Second, func() { d.allow(true) })
		wants(t.Context(), true, 61*time.Second)
		wants(t.Context(), true, 61*time.Second)
		d.allow(false)
		wants(t.Context(), false, 121*time.Second)
		time.AfterFunc(time.Second, end)
		wants(ended, false, 122*time.Second)
		if d.opened(ended, leave) {
			t.Error("it is closed, and nobody waits for it any more")
		}
		time.AfterFunc(time.Second, func() { d.allow(true) })
		if !d.opened(t.Context(), leave) || time.Since(began) != 123*time.Second {
			t.Errorf("it opened after %s", time.Since(began))
		}
		d.allow(false)
		close(leave)
		wants(t.Context(), false, 123*time.Second)
	})
}
