// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func mailboxFreshThenAgain(t *testing.T, empty Empty) {
	l := create(t, empty)
	first := load(t, l, inbox())
	if !first.Fresh || first.Reanchored || first.Generation != 1 || first.State != (ledger.State{}) {
		t.Errorf("first time: %+v, want fresh, generation 1", first)
	}
	must(t, l.Mail.Receive(t.Context(), first, intend(t, l, first, messages(4, 5, 9)...), messages(4, 5, 9)))
	must(t, l.Mail.Adopt(t.Context(), first, messages(1)))
	must(t, l.Mail.Refuse(t.Context(), first, ledger.Refusal{UID: 7}))
	must(t, l.Mail.Suspect(t.Context(), first, 8))
	must(t, l.Mail.Suspect(t.Context(), first, 8))
	open := intend(t, l, first, messages(20)...)

	again := load(t, l, inbox())
	if again.Fresh || again.Reanchored || again.ID != first.ID || again.Generation != 1 {
		t.Errorf("second time: %+v, want the same row", again)
	}
	if got, want := again.Done.String(), "1,4:5,9"; got != want {
		t.Errorf("done %s, want %s", got, want)
	}
	if got, want := again.Ours.String(), "101,104:105,109"; got != want {
		t.Errorf("ours %s, want %s", got, want)
	}
	if len(again.Intents) != 1 || again.Intents[0].ID != open {
		t.Errorf("intents %+v, want %d", again.Intents, open)
	}
	if len(again.Refused) != 1 || again.Refused[7].When.IsZero() {
		t.Errorf("refused %v, want 7", again.Refused)
	}
	if diff := cmp.Diff(map[imap.UID]int{8: 2}, again.Suspects); diff != "" {
		t.Error(diff)
	}
	// What the row in memory says after the writes is what the file says.
	if first.Done.String() != again.Done.String() || first.Ours.String() != again.Ours.String() || first.Suspects[8] != 2 {
		t.Errorf("in memory done %s ours %s suspects %v", first.Done, first.Ours, first.Suspects)
	}
}

func mailboxReanchored(t *testing.T, empty Empty) {
	for name, change := range map[string]func(*ledger.Anchor){
		"source renumbered":        func(a *ledger.Anchor) { a.SrcUIDValidity = 77 },
		"destination renumbered":   func(a *ledger.Anchor) { a.DstUIDValidity = math.MaxUint32 },
		"goes to another mailbox":  func(a *ledger.Anchor) { a.Destination = "Archive" },
		"only the case is another": func(a *ledger.Anchor) { a.Destination = "inbox" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := create(t, empty)
			before := load(t, l, inbox())
			must(t, l.Mail.Adopt(t.Context(), before, messages(1, 2)))
			must(t, l.Mail.Refuse(t.Context(), before, ledger.Refusal{UID: 3}))
			must(t, l.Mail.Suspect(t.Context(), before, 4))
			intend(t, l, before, messages(5)...)
			must(t, l.Mail.Settle(t.Context(), before, ledger.State{SrcUIDNext: 6, SrcMessages: 5, SrcModSeq: 4}))

			anchor := inbox()
			change(&anchor)
			for i, wantNew := range []bool{true, false} {
				m := load(t, l, anchor)
				if m.Reanchored != wantNew || m.Fresh != wantNew || m.ID != before.ID || m.Generation != 2 {
					t.Errorf("time %d: %+v, want generation 2, new %v", i+1, m, wantNew)
				}
				if len(m.Intents) != 1 || !m.Intents[0].Former {
					t.Errorf("time %d: intents %+v, want the one that may still arrive", i+1, m.Intents)
				}
				if !m.Done.Empty() || !m.Ours.Empty() || len(m.Refused)+len(m.Suspects) > 0 || m.State != (ledger.State{}) {
					t.Errorf("time %d: something of the old generation is left: %+v", i+1, m)
				}
			}
			// Who still holds the old generation can no longer disturb the new one.
			must(t, l.Mail.Settle(t.Context(), before, ledger.State{SrcUIDNext: 99}))
			must(t, l.Mail.Adopt(t.Context(), before, messages(50)))
			if m := load(t, l, anchor); m.State != (ledger.State{}) || !m.Done.Empty() {
				t.Errorf("the old generation reaches the new one: %+v", m)
			}
		})
	}
}

func mailboxRowsOfTheirOwn(t *testing.T, empty Empty) {
	l := create(t, empty)
	other := inbox()
	elsewhere := inbox()
	other.Address = "bert@example.test"
	elsewhere.Source = "Größe/ 日本 ' \" %"
	elsewhere.Destination = "INBOX.Größe"
	seen := map[int64]bool{}
	for _, anchor := range []ledger.Anchor{inbox(), other, elsewhere} {
		m := load(t, l, anchor)
		if !m.Fresh || seen[m.ID] {
			t.Errorf("%+v: fresh %v, row %d of %v", anchor, m.Fresh, m.ID, seen)
		}
		seen[m.ID] = true
	}
	if m := load(t, l, elsewhere); m.Fresh || m.Anchor != elsewhere {
		t.Errorf("again: %+v", m)
	}
}

func mailboxesSayWhatHasToBeOpened(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	rows := map[string]*ledger.Mailbox{}
	for _, name := range []string{"settled", "begun", "refused", "old troubles"} {
		anchor := inbox()
		anchor.Source = name
		rows[name] = load(t, l, anchor)
		must(t, l.Mail.Settle(ctx, rows[name], ledger.State{SrcUIDNext: 10, SrcMessages: 3, SrcModSeq: math.MaxUint64, SrcNewest: "9 8 7"}))
	}
	id := intend(t, l, rows["begun"], messages(1)...)
	must(t, l.Mail.Refuse(ctx, rows["refused"], ledger.Refusal{UID: 1}))
	intend(t, l, rows["old troubles"], messages(1)...)
	must(t, l.Mail.Refuse(ctx, rows["old troubles"], ledger.Refusal{UID: 2}))
	renumbered := rows["old troubles"].Anchor
	renumbered.SrcUIDValidity++
	load(t, l, renumbered)

	wantStates(t, l, "settled")
	must(t, l.Mail.Void(ctx, id, load(t, l, renumbered).Intents[0].ID))
	must(t, l.Mail.Adopt(ctx, rows["refused"], messages(1)))
	wantStates(t, l, "begun", "old troubles", "refused", "settled")

	states, err := l.again.Mail.Mailboxes(ctx, "anna@example.test")
	must(t, err)
	want := ledger.Mailbox{
		ID: rows["settled"].ID, Generation: 1, Anchor: rows["settled"].Anchor,
		State: ledger.State{SrcUIDNext: 10, SrcMessages: 3, SrcModSeq: math.MaxUint64, SrcNewest: "9 8 7"},
	}
	if diff := cmp.Diff(want, states["settled"], cmp.AllowUnexported(imap.UIDSet{}, ledger.Mailbox{})); diff != "" {
		t.Error(diff)
	}
	if others, err := l.again.Mail.Mailboxes(ctx, "bert@example.test"); err != nil || len(others) > 0 {
		t.Errorf("another account has %v, %v", others, err)
	}
}

func wantStates(t *testing.T, l *handle, want ...string) {
	t.Helper()
	states, err := l.again.Mail.Mailboxes(t.Context(), "anna@example.test")
	must(t, err)
	got := map[string]bool{}
	for name, m := range states {
		if !m.Open {
			got[name] = true
		}
	}
	wanted := map[string]bool{}
	for _, name := range want {
		wanted[name] = true
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("states: %s", diff)
	}
}

// RFC 4551, section 3.1: a mod-sequence may use all 64 bits.
func settleLargestModSeq(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	want := ledger.State{SrcUIDNext: math.MaxUint32, SrcMessages: 5, SrcModSeq: math.MaxUint64}
	must(t, l.Mail.Settle(t.Context(), m, want))
	if again := load(t, l, inbox()); m.State != want || again.State != want {
		t.Errorf("in memory %+v, in the file %+v, want %+v", m.State, again.State, want)
	}
}

// A refusal of a pass's first second must not look older than the pass: it would be tried again in
// each of its slices.
func refuseTimeIsExact(t *testing.T, empty Empty) {
	l := create(t, empty)
	moment := time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC)
	l.now = func() time.Time { return moment }
	m := load(t, l, inbox())
	must(t, l.Mail.Refuse(t.Context(), m, ledger.Refusal{UID: 3, Size: 5, Code: "a_finding", Words: "no", Escrow: "a.eml"}, ledger.Refusal{UID: 4}))
	again := load(t, l, inbox())
	for _, uid := range []imap.UID{3, 4} {
		if !m.Refused[uid].When.Equal(moment) || !again.Refused[uid].When.Equal(moment) {
			t.Errorf("UID %d: in memory %v, in the file %v, want %v", uid, m.Refused[uid], again.Refused[uid], moment)
		}
	}
}

func forgetSuspectsGivesANewChance(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	m := load(t, l, inbox())
	must(t, l.Mail.ForgetSuspects(ctx, m))
	must(t, l.Mail.Suspect(ctx, m, 4))
	must(t, l.Mail.ForgetSuspects(ctx, m))
	if again := load(t, l, inbox()); len(m.Suspects)+len(again.Suspects) > 0 {
		t.Errorf("in memory %v, in the file %v, want none", m.Suspects, again.Suspects)
	}
}

// A rename rule may send several mailboxes into one. What came from the others must not be taken for
// mail that was there before.
func mailboxTheirsOfTheSameDestination(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	anchorOf := func(change func(*ledger.Anchor)) ledger.Anchor {
		a := inbox()
		a.Source = "Old/Sent"
		a.Destination = "Sent"
		change(&a)
		return a
	}
	own := anchorOf(func(*ledger.Anchor) {})
	for i, anchor := range []ledger.Anchor{
		own,
		anchorOf(func(a *ledger.Anchor) { a.Source = "Sent" }),
		anchorOf(func(a *ledger.Anchor) { a.Source = "elsewhere"; a.Destination = "Archive" }),
		anchorOf(func(a *ledger.Anchor) { a.Source = "before it was renumbered"; a.DstUIDValidity = 1 }),
		anchorOf(func(a *ledger.Anchor) { a.Address = "bert@example.test" }),
	} {
		m := load(t, l, anchor)
		uid := imap.UID(10 * (i + 1))
		must(t, l.Mail.Adopt(ctx, m, messages(uid, uid+1)))
		intend(t, l, m, messages(uid+5)...)
	}
	renumbered := anchorOf(func(a *ledger.Anchor) { a.Source = "of an old generation" })
	must(t, l.Mail.Adopt(ctx, load(t, l, renumbered), messages(90)))
	renumbered.SrcUIDValidity++
	load(t, l, renumbered)

	if m := load(t, l, own); m.Ours.String() != "110:111" || m.Theirs.String() != "120:121" {
		t.Errorf("ours %s, theirs %s, want 110:111 and 120:121", m.Ours, m.Theirs)
	}
	fresh := anchorOf(func(a *ledger.Anchor) { a.Source = "new" })
	if m := load(t, l, fresh); !m.Fresh || m.Theirs.String() != "110:111,120:121" {
		t.Errorf("a new one: fresh %v, theirs %s, want all", m.Fresh, m.Theirs)
	}
}
