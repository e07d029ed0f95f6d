// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func uids(list ...imap.UID) imap.UIDSet { return imap.NewUIDSet(list...) }

// wantSets compares sets by their text.
func wantSets(t *testing.T, m *ledger.Mailbox, want map[string]string) {
	t.Helper()
	for name, got := range map[string]imap.UIDSet{
		"done": m.Done, "ours": m.Ours, "gone": m.Gone, "lost": m.Lost, "changed": m.Changed, "adopted": m.Adopted,
		"live": m.Live(), "kept": m.Kept(), "removable": m.Removable(), "missing": m.Missing(),
	} {
		if want, given := want[name]; given && got.String() != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func fateRoundTrip(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(1, 2, 3, 4, 5)...), messages(1, 2, 3, 4, 5)))
	must(t, recovered(t, l, m, intend(t, l, m, messages(6, 7)...), messages(6)))
	must(t, l.Mail.Adopt(t.Context(), m, messages(8, 9)))
	must(t, l.Mail.NoteFate(t.Context(), m, ledger.Fate{Gone: uids(2, 3, 4, 6, 8), Lost: uids(3, 5), Changed: uids(4)}))
	removal, err := l.Mail.IntendRemoval(t.Context(), m, uids(2, 6))
	must(t, err)

	want := map[string]string{
		"done": "1:6,8:9", "gone": "2:4,6,8", "lost": "3,5", "changed": "4", "adopted": "8:9",
		"live": "1:2,4,6,8:9", "kept": "2,4,6,8", "removable": "2,6", "missing": "5",
	}
	again := load(t, l, inbox())
	wantSets(t, m, want)
	wantSets(t, again, want)
	wantSets(t, again, map[string]string{"ours": "101:102,104,106,108:109"})
	if len(again.Removals) != 1 || again.Removals[0].ID != removal.ID || again.Removals[0].Sources.String() != "2,6" {
		t.Errorf("removals %+v, want %+v", again.Removals, removal)
	}
	all, err := l.again.Mail.Mailboxes(t.Context(), "anna@example.test")
	must(t, err)
	row := all["INBOX"]
	wantSets(t, &row, want)
	if row.Open || !row.Removing {
		t.Errorf("open %v, removing %v, want a removal to be left only", row.Open, row.Removing)
	}

	must(t, l.Mail.EndRemovals(t.Context(), again, ledger.Fate{Gone: again.Gone, Lost: uids(2, 3, 5, 6), Changed: again.Changed}))
	wantSets(t, load(t, l, inbox()), map[string]string{"removable": "", "kept": "4,8", "ours": "101,104,108:109"})
	if last := load(t, l, inbox()); len(last.Removals) != 0 {
		t.Errorf("removals %+v, want none", last.Removals)
	}
}

// What an earlier generation has written is ours again when it is found, as long as the destination's
// mailbox is the same one.
func fateRenumberedSourceKeepsWhatIsOurs(t *testing.T, empty Empty) {
	for name, test := range map[string]struct {
		change  func(*ledger.Anchor)
		adopted string
	}{
		"source":      {func(a *ledger.Anchor) { a.SrcUIDValidity = 77 }, "12"},
		"destination": {func(a *ledger.Anchor) { a.DstUIDValidity = 77 }, "11:12"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := create(t, empty)
			m := load(t, l, inbox())
			must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(1)...), messages(1)))
			must(t, l.Mail.Adopt(t.Context(), m, messages(2)))
			anchor := inbox()
			test.change(&anchor)
			m = load(t, l, anchor)
			must(t, l.Mail.Adopt(t.Context(), m, []ledger.Item{{UID: 11, DstUID: 101}, {UID: 12, DstUID: 102}}))
			wantSets(t, m, map[string]string{"adopted": test.adopted})
			wantSets(t, load(t, l, anchor), map[string]string{"adopted": test.adopted, "done": "11:12"})
		})
	}
}

func dropThenMadeAnew(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Adopt(t.Context(), m, messages(1, 2, 3)))
	must(t, l.Mail.NoteFate(t.Context(), m, ledger.Fate{Gone: uids(1)}))
	intend(t, l, m, messages(4)...)
	must(t, l.Mail.Settle(t.Context(), m, ledger.State{SrcUIDNext: 5, SrcMessages: 4, SrcModSeq: 9}))
	must(t, l.Mail.Drop(t.Context(), m.ID))

	anchor := inbox()
	anchor.DstUIDValidity = 99
	for range 2 { // the second time it is a row like any other
		m = load(t, l, anchor)
		if m.Fresh || m.Reanchored || m.State.SrcUIDNext != 5 {
			t.Errorf("%+v, want the same row", m)
		}
		wantSets(t, m, map[string]string{"done": "1:3", "ours": "", "lost": "1:3", "missing": "2:3", "live": ""})
	}
	must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(5)...), messages(5)))
	wantSets(t, load(t, l, anchor), map[string]string{"done": "1:3,5", "ours": "105", "live": "5"})
}

func forgetBeginsANewGenerationAndKnowsWhatWasOurs(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(1)...), messages(1)))
	must(t, l.Mail.Forget(t.Context(), m.ID))
	m = load(t, l, inbox())
	if !m.Fresh || m.Reanchored || !m.Done.Empty() || m.Formerly.String() != "101" {
		t.Errorf("got %+v, want a fresh row that has formerly written 101", m)
	}
	var formerly []ledger.Item
	must(t, l.again.Mail.StoredFormerly(t.Context(), m, func(s ledger.Stored) error {
		formerly = append(formerly, s.Items...)
		return nil
	}))
	if len(formerly) != 1 || formerly[0].DstUID != 101 || formerly[0].UID != 1 {
		t.Errorf("formerly stored: %+v, want message 1 as 101", formerly)
	}
}

// formerGenerationsUntilTheyAreBooked: what earlier generations have written is known until it is booked, however many there were, and as long as the
// destination's mailbox is the same one.
func formerGenerationsUntilTheyAreBooked(t *testing.T, empty Empty) {
	l := create(t, empty)
	anchor := inbox()
	m := load(t, l, anchor)
	must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(1, 2, 3)...), messages(1, 2, 3)))
	must(t, l.Mail.Adopt(t.Context(), m, messages(4, 5)))
	for range 2 {
		anchor.SrcUIDValidity++
		load(t, l, anchor)
	}
	m = load(t, l, anchor)
	if m.Fresh || m.Formerly.String() != "101:103" || m.FoundThen.String() != "104:105" {
		t.Errorf("%+v, want a row that is not fresh, has formerly written 101:103 and found 104:105", m)
	}
	must(t, l.Mail.Adopt(t.Context(), m, messages(5)))
	if m = load(t, l, anchor); m.FoundThen.String() != "104" || m.Adopted.String() != "5" {
		t.Errorf("found formerly %s, adopted %s; want 104 and 5", m.FoundThen, m.Adopted)
	}
	must(t, l.Mail.Adopt(t.Context(), m, messages(2)))
	if m = load(t, l, anchor); m.Formerly.String() != "101,103" || m.Adopted.String() != "5" {
		t.Errorf("formerly %s, adopted %s; want 101,103 and 5", m.Formerly, m.Adopted)
	}
	must(t, l.Mail.ForgetFormer(t.Context(), m))
	if m = load(t, l, anchor); !m.Formerly.Empty() || !m.FoundThen.Empty() || m.Ours.String() != "102,105" {
		t.Errorf("formerly %s and %s, ours %s; want none and 102,105", m.Formerly, m.FoundThen, m.Ours)
	}
	anchor.SrcUIDValidity++
	anchor.DstUIDValidity++
	if m = load(t, l, anchor); !m.Formerly.Empty() || !m.FoundThen.Empty() {
		t.Errorf("%s and %s were brought to another mailbox", m.Formerly, m.FoundThen)
	}
}
