// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func manyAtOnce(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	const writers = 200
	var work sync.WaitGroup
	for i := range writers {
		work.Go(func() {
			anchor := inbox()
			anchor.Source = fmt.Sprint(i)
			m, err := l.Mail.Mailbox(ctx, anchor)
			if err != nil {
				t.Error(err)
				return
			}
			ids, err := l.Mail.Intend(ctx, m, 1, messages(imap.UID(i+1)), messages(imap.UID(i+1000)))
			if err != nil || len(ids) != 2 {
				t.Errorf("intend: %v %v", ids, err)
				return
			}
			if i%10 == 0 { // a change that fails in the midst of the others
				err := l.Passes.Save(ctx, ledger.Account{Address: anchor.Source, State: "nonsense"}, nil, ledger.Turn{State: ledger.TurnOver})
				if err == nil || rehome.ClassOf(err) != rehome.ClassBug {
					t.Errorf("an impossible state: %v, want an error of our own making", err)
				}
			}
			if err := l.Mail.Receive(ctx, m, ids[0], messages(imap.UID(i+1))); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	for i := range writers {
		anchor := inbox()
		anchor.Source = fmt.Sprint(i)
		m := load(t, l, anchor)
		if got, want := m.Done.String(), fmt.Sprint(i+1); got != want || len(m.Intents) != 1 || m.Intents[0].Items[0].UID != imap.UID(i+1000) {
			t.Fatalf("mailbox %d: done %s, intents %v, want %s and one", i, got, m.Intents, want)
		}
	}
	accounts, err := l.again.Accounts.All(ctx)
	if err != nil || len(accounts) > 0 {
		t.Errorf("accounts %v, %v, want none", accounts, err)
	}
}

func cancelledContext(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ids, err := l.Mail.Intend(ctx, m, 1, messages(1))
	_, readErr := l.again.Accounts.All(ctx)
	for name, err := range map[string]error{"intend": err, "adopt": l.Mail.Adopt(ctx, m, messages(1)), "read": readErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v %v, want %v", name, ids, err, context.Canceled)
		}
	}
	if again := load(t, l, inbox()); len(again.Intents) > 0 || !again.Done.Empty() || !m.Done.Empty() {
		t.Errorf("something was written: %+v", again)
	}
}

// Two processes write at the same time: each waits for the other, and both are there in the end.
func twoHandlesAtOnce(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	const each = 30
	var work sync.WaitGroup
	for i, h := range []*ledger.Ledger{l.Ledger, l.again} {
		work.Go(func() {
			for n := range each {
				uid := imap.UID(1 + 2*n + i)
				if _, err := h.Mail.Intend(ctx, m, 1, messages(uid)); err != nil {
					t.Errorf("handle %d: %v", i, err)
					return
				}
			}
		})
	}
	work.Wait()
	var found imap.UIDSet
	for _, intent := range load(t, l, inbox()).Intents {
		found.AddSet(sourceUIDs(intent.Items))
	}
	if found.Len() != 2*each {
		t.Errorf("intents of %s, want of %d messages", found, 2*each)
	}
}

// A copy has one process; the lock keeps nobody from reading or writing, and ends with its holder.
func lockHeldByOne(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	unlock, err := l.Lock()
	must(t, err)
	if second, err := l.again.Lock(); err == nil {
		second()
		t.Error("two hold the lock")
	} else {
		wantOperator(t, err, "in use by another rehome run", "rehome status")
	}
	locked, err := l.again.Locked()
	if err != nil || !locked {
		t.Errorf("locked %v, %v; want locked", locked, err)
	}
	must(t, l.again.Passes.Begin(ctx, queued("anna@example.test")))
	for range 2 { // work beside those that copy has a lock of its own
		done, err := l.again.LockFor("notify")
		must(t, err)
		other, err := l.LockFor("others")
		must(t, err)
		if second, err := l.LockFor("notify"); err == nil {
			second()
			t.Error("two do the same work")
		} else {
			wantOperator(t, err, "another rehome run does the same", "wait until that run has ended")
		}
		other()
		done()
	}
	unlock()
	if locked, err := l.again.Locked(); err != nil || locked {
		t.Errorf("locked %v, %v; want nobody", locked, err)
	}
	unlock, err = l.again.Lock()
	must(t, err)
	unlock()
}

// To ask whether the lock is held takes it from nobody who wants it at that moment.
func lockBesideThoseWhoAsk(t *testing.T, empty Empty) {
	l := create(t, empty)
	unlock, err := l.Lock()
	must(t, err)
	unlock()
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 50 {
				if _, err := l.again.Locked(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		unlock, err := l.Lock()
		must(t, err)
		unlock()
	}
	work.Wait()
}
