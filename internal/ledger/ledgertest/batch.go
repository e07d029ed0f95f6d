// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// stored returns all batches at the destination.
func stored(t testing.TB, l *handle, m *ledger.Mailbox) []ledger.Stored {
	t.Helper()
	var all []ledger.Stored
	must(t, l.again.Mail.Stored(t.Context(), m, func(s ledger.Stored) error {
		all = append(all, s)
		return nil
	}))
	return all
}

func intendComesBackAsItWas(t *testing.T, empty Empty) {
	l := create(t, empty)
	l.now = func() time.Time { return time.Unix(1000, 0) }
	m := load(t, l, inbox())
	first := []ledger.Item{
		{UID: 9, Size: 70_000, Flags: []string{`\Flagged`, `\Seen`}}, {UID: 4}, {UID: 5, Size: 1, Flags: []string{`\Flagged`, `\Seen`}},
	}
	second := []ledger.Item{{UID: 1, Size: 3}}
	ids, err := l.Mail.Intend(t.Context(), m, 42, first, second)
	must(t, err)

	l.now = func() time.Time { return time.Unix(1090, 0) }
	want := []ledger.Intent{
		{ID: ids[0], Floor: 42, Items: first, Alive: time.Unix(1090, 0)}, {ID: ids[1], Floor: 42, Items: second, Alive: time.Unix(1090, 0)},
	}
	must(t, l.Mail.Orphan(t.Context(), inbox().Address))
	l.now = func() time.Time { return time.Unix(2000, 0) }
	must(t, l.Mail.Orphan(t.Context(), inbox().Address)) // nothing new: they were orphans already
	if diff := cmp.Diff(want, load(t, l, inbox()).Intents); diff != "" {
		t.Error(diff)
	}
	if done := stored(t, l, m); len(done) > 0 || !m.Done.Empty() {
		t.Errorf("an intent counts as done: %v", done)
	}
}

func intendForSeveralMailboxesIsOneChange(t *testing.T, empty Empty) {
	l := create(t, empty)
	other := inbox()
	other.Source, other.Destination = "Other", "Other"
	one, two := load(t, l, inbox()), load(t, l, other)
	first := ledger.Beginning{Mailbox: one, Floor: 42, Batches: [][]ledger.Item{messages(1, 2), messages(3)}}
	ids, err := l.Mail.IntendAll(t.Context(), first, ledger.Beginning{Mailbox: two, Floor: 7, Batches: [][]ledger.Item{messages(9)}})
	must(t, err)
	if len(ids) != 2 || len(ids[0]) != 2 || len(ids[1]) != 1 {
		t.Fatalf("ids %v", ids)
	}
	for _, want := range []struct {
		anchor  ledger.Anchor
		ids     []int64
		floor   imap.UID
		sources []string
	}{{inbox(), ids[0], 42, []string{"1:2", "3"}}, {other, ids[1], 7, []string{"9"}}} {
		intents := load(t, l, want.anchor).Intents
		if len(intents) != len(want.ids) {
			t.Fatalf("%s has %d intents", want.anchor.Source, len(intents))
		}
		for i, intent := range intents {
			if got := sourceUIDs(intent.Items).String(); intent.ID != want.ids[i] || intent.Floor != want.floor || got != want.sources[i] {
				t.Errorf("%s: intent %d of %s above %d", want.anchor.Source, intent.ID, got, intent.Floor)
			}
		}
	}

	// What cannot be written of one is not written of any.
	first.Batches = [][]ledger.Item{messages(5)}
	nowhere := ledger.Beginning{Mailbox: two, Floor: 7, Batches: [][]ledger.Item{{{Size: 1}}}}
	if _, err := l.Mail.IntendAll(t.Context(), first, nowhere); err == nil {
		t.Error("a message without a UID was taken")
	}
	if n := len(load(t, l, inbox()).Intents); n != 2 {
		t.Errorf("%d intents, want the 2 of before", n)
	}
}

func receiveFewerThanIntended(t *testing.T, empty Empty) {
	for name, finish := range map[string]func(*handle, *testing.T, *ledger.Mailbox, int64, []ledger.Item) error{
		"receipt": func(l *handle, t *testing.T, m *ledger.Mailbox, id int64, items []ledger.Item) error {
			return l.Mail.Receive(t.Context(), m, id, items)
		},
		"adoption": func(l *handle, t *testing.T, m *ledger.Mailbox, id int64, items []ledger.Item) error {
			return recovered(t, l, m, id, items)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := create(t, empty)
			m := load(t, l, inbox())
			id := intend(t, l, m, messages(1, 2, 3, 4)...)
			items := []ledger.Item{
				{UID: 4, DstUID: 30, Size: 9, Digest: make([]byte, 32)},
				{UID: 2, DstUID: 31, Size: 8, Flags: []string{"$Junk"}, Digest: make([]byte, 32)},
			}
			must(t, finish(l, t, m, id, items))

			again := load(t, l, inbox())
			if again.Done.String() != "2,4" || again.Ours.String() != "30:31" || len(again.Intents) > 0 {
				t.Errorf("done %s, ours %s, intents %v, want 2,4 and 30:31", again.Done, again.Ours, again.Intents)
			}
			items[0].Digest, items[1].Digest = nil, nil // not among what comes back
			if diff := cmp.Diff([]ledger.Stored{{BatchID: id, Items: items}}, stored(t, l, m)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func receiveOnlyOnce(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	received := intend(t, l, m, messages(1)...)
	voided := intend(t, l, m, messages(2)...)
	must(t, l.Mail.Receive(t.Context(), m, received, messages(1)))
	must(t, l.Mail.Void(t.Context(), received, voided)) // a receipt cannot be voided
	for name, id := range map[string]int64{"received": received, "voided": voided, "unknown": 9999} {
		err := l.Mail.Receive(t.Context(), m, id, messages(5))
		wantOperator(t, err, "another rehome", "wait until that run has ended")
		if m.Done.Contains(5) {
			t.Errorf("%s intent: 5 counts as done", name)
		}
	}
	if again := load(t, l, inbox()); again.Done.String() != "1" || len(again.Intents) > 0 {
		t.Errorf("done %s, intents %v, want 1 and none", again.Done, again.Intents)
	}
}

// A row without UIDs could never be read again.
func batchMessageWithoutUID(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	id := intend(t, l, m, messages(1)...)
	nowhere := []ledger.Item{{UID: 1, DstUID: 2}, {UID: 2}}
	_, err := l.Mail.Intend(ctx, m, 1, messages(3), []ledger.Item{{DstUID: 5}})
	for name, err := range map[string]error{
		"intend": err, "receive": l.Mail.Receive(ctx, m, id, nowhere), "adopt": l.Mail.Adopt(ctx, m, nowhere),
		"adopt intent": recovered(t, l, m, id, nowhere),
	} {
		if err == nil || rehome.ClassOf(err) != rehome.ClassBug {
			t.Errorf("%s: %v, want an error of our own making", name, err)
		}
	}
	if again := load(t, l, inbox()); len(again.Intents) != 1 || !again.Done.Empty() {
		t.Errorf("something was written: %+v", again)
	}
}

func refuseReplacedThenWithdrawnWhenDone(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	first := time.Unix(100, 0)
	second := time.Unix(200, 5)
	for _, moment := range []time.Time{first, second} {
		l.now = func() time.Time { return moment }
		for uid := imap.UID(1); uid <= 4; uid++ {
			must(t, l.Mail.Refuse(ctx, m, ledger.Refusal{UID: uid, Code: "a_finding", Words: moment.String()}))
		}
	}
	if again := load(t, l, inbox()); len(again.Refused) != 4 || !again.Refused[1].When.Equal(second) {
		t.Errorf("refused %v, want four at %v", again.Refused, second)
	}
	must(t, l.Mail.Receive(ctx, m, intend(t, l, m, messages(1)...), messages(1)))
	must(t, recovered(t, l, m, intend(t, l, m, messages(2)...), messages(2)))
	must(t, l.Mail.Adopt(ctx, m, messages(3)))
	again := load(t, l, inbox())
	for name, m := range map[string]*ledger.Mailbox{"in memory": m, "in the file": again} {
		if len(m.Refused) != 1 || !m.Refused[4].When.Equal(second) {
			t.Errorf("%s: refused %v, want only 4", name, m.Refused)
		}
	}
}

func saveFlagsOfSomeBatches(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Adopt(t.Context(), m, messages(1, 2)))
	must(t, l.Mail.Adopt(t.Context(), m, messages(3)))
	batches := stored(t, l, m)
	batches[0].Items[1].Flags = []string{"$Größe", `\Answered`}
	must(t, l.Mail.SaveFlags(t.Context(), batches[:1]))
	if diff := cmp.Diff(batches, stored(t, l, m)); diff != "" {
		t.Error(diff)
	}
}

func storedVisitorEndsIt(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Adopt(t.Context(), m, messages(1)))
	must(t, l.Mail.Adopt(t.Context(), m, messages(2)))
	enough := errors.New("enough")
	visits := 0
	err := l.again.Mail.Stored(t.Context(), m, func(ledger.Stored) error {
		visits++
		return enough
	})
	if !errors.Is(err, enough) || visits != 1 {
		t.Errorf("%v after %d visits, want %v after one", err, visits, enough)
	}
	must(t, l.Mail.Adopt(t.Context(), m, messages(3))) // and the connection is free again
}

// What has departed counts as done and lost, has no place at the destination, and is no part of what is stored there.
func departedIsDoneAndLost(t *testing.T, empty Empty) {
	l := create(t, empty)
	m, err := l.Mail.Mailbox(t.Context(), inbox())
	must(t, err)
	must(t, l.Mail.Adopt(t.Context(), m, messages(1, 2)))
	must(t, l.Mail.Depart(t.Context(), m, messages(3, 4)))
	for name, m := range map[string]*ledger.Mailbox{"at once": m, "later": load(t, l, inbox())} {
		if m.Done.String() != "1:4" || m.Lost.String() != "3:4" || m.Live().String() != "1:2" || m.Ours.String() != "101:102" {
			t.Errorf("%s: done %s, lost %s, ours %s", name, m.Done, m.Lost, m.Ours)
		}
	}
	stored := 0
	must(t, l.again.Mail.Stored(t.Context(), m, func(s ledger.Stored) error { stored += len(s.Items); return nil }))
	if stored != 2 {
		t.Errorf("%d are stored, want 2", stored)
	}
	if l.Mail.Depart(t.Context(), m, []ledger.Item{{UID: 9}}) == nil {
		t.Error("a message without the UID that it had")
	}
}
