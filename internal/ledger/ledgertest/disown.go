// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"bytes"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// hashed gives messages a digest, and every other one an origin.
func hashed(items []ledger.Item) []ledger.Item {
	for i := range items {
		items[i].Digest = bytes.Repeat([]byte{byte(items[i].UID)}, 32)
		if i%2 == 0 {
			items[i].Origin = bytes.Repeat([]byte{byte(items[i].UID)}, 16)
		}
	}
	return items
}

func disownLeavesTheOthersAsTheyWere(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(1, 2, 3)...), hashed(messages(1, 2, 3))))
	must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(4, 5)...), hashed(messages(4, 5))))
	must(t, l.Mail.Adopt(t.Context(), m, messages(6, 7)))
	intend(t, l, m, messages(8)...)
	must(t, l.Mail.NoteFate(t.Context(), m, ledger.Fate{Gone: uids(2, 5), Lost: uids(2, 3), Changed: uids(5)}))

	must(t, l.Mail.Disown(t.Context(), m, uids(2, 4, 5, 7, 8)))
	want := map[string]string{"done": "1,3,6", "gone": "", "lost": "3", "changed": "", "adopted": "6", "live": "1,6"}
	wantSets(t, m, want)
	again := load(t, l, inbox())
	wantSets(t, again, want)
	if len(again.Intents) != 1 {
		t.Errorf("%d intents, want the one that was open", len(again.Intents))
	}
	var left []ledger.Item
	must(t, l.again.Mail.Stored(t.Context(), again, func(s ledger.Stored) error {
		left = append(left, s.Items...)
		return nil
	}))
	for i, w := range append(hashed(messages(1, 2, 3))[:3:3], messages(6)...) {
		if w.UID == 2 {
			continue
		}
		at := map[imap.UID]int{1: 0, 3: 1, 6: 2}[w.UID]
		if len(left) != 3 || !bytes.Equal(left[at].Digest, w.Digest) || !bytes.Equal(left[at].Origin, w.Origin) || left[at].Size != w.Size {
			t.Errorf("message %d: %+v, want %+v", i, left, w)
		}
	}
}

func sightedEndsWithTheGeneration(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	sight := ledger.Sight{UIDNext: 7, Messages: 3, ModSeq: 1 << 63, Size: 1234}
	must(t, l.Mail.Sighted(t.Context(), map[int64]ledger.Sight{m.ID: sight}))
	must(t, l.Mail.Settle(t.Context(), m, ledger.State{SrcUIDNext: 9, SrcMailboxID: "M1"}))
	rows, err := l.again.Mail.Mailboxes(t.Context(), inbox().Address)
	must(t, err)
	if got := load(t, l, inbox()); got.Seen != sight || rows["INBOX"].Seen != sight || rows["INBOX"].State.SrcMailboxID != "M1" {
		t.Errorf("seen %+v and %+v, want %+v", got.Seen, rows["INBOX"].Seen, sight)
	}
	other := inbox()
	other.DstUIDValidity++
	if got := load(t, l, other); got.Seen != (ledger.Sight{}) || got.State != (ledger.State{}) {
		t.Errorf("of another mailbox: %+v, want nothing", got)
	}
}

// A doubt outlives the process, and ends with the mailbox that it is about.
func doubtOutlivesTheProcess(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Doubt(t.Context(), m, 4))
	rows, err := l.again.Mail.Mailboxes(t.Context(), inbox().Address)
	must(t, err)
	if got := load(t, l, inbox()); got.Doubted != 4 || rows["INBOX"].Doubted != 4 || m.Doubted != 4 {
		t.Errorf("doubted from %d, %d and %d, want 4", got.Doubted, rows["INBOX"].Doubted, m.Doubted)
	}
	must(t, l.Mail.Doubt(t.Context(), m, 0))
	if got := load(t, l, inbox()); got.Doubted != 0 {
		t.Errorf("doubted from %d, want 0", got.Doubted)
	}
	must(t, l.Mail.Doubt(t.Context(), m, 4))
	other := inbox()
	other.DstUIDValidity++
	if got := load(t, l, other); got.Doubted != 0 {
		t.Errorf("another mailbox is doubted from %d", got.Doubted)
	}
	if got := load(t, l, other); got.Doubted != 0 {
		t.Errorf("another mailbox is doubted from %d", got.Doubted)
	}
}

// What has not said what it is stays doubtful in the next process, and ends with the mailbox that it is about.
func untoldOutlivesTheProcess(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.NoteUntold(t.Context(), m, imap.NewUIDSet(4, 6)))
	rows, err := l.again.Mail.Mailboxes(t.Context(), inbox().Address)
	must(t, err)
	for i, got := range []imap.UIDSet{m.Untold, load(t, l, inbox()).Untold, rows["INBOX"].Untold} {
		if got.String() != "4,6" {
			t.Errorf("%d: untold %s, want 4,6", i, got)
		}
	}
	must(t, l.Mail.Disown(t.Context(), m, imap.NewUIDSet(6)))
	if got := load(t, l, inbox()); got.Untold.String() != "4" || m.Untold.String() != "4" {
		t.Errorf("untold %s and %s, want 4: 6 is not done any more", got.Untold, m.Untold)
	}
	other := inbox()
	other.SrcUIDValidity++
	for range 2 {
		if got := load(t, l, other); !got.Untold.Empty() {
			t.Errorf("untold %s of another mailbox", got.Untold)
		}
	}
}

// What a restored source has lost is known in the next process until it was told, and ends with the mailbox that it is about.
func restoredOutlivesTheProcess(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.NoteRestored(t.Context(), m, imap.NewUIDSet(4, 6)))
	must(t, l.Mail.Disown(t.Context(), m, imap.NewUIDSet(6)))
	if got := load(t, l, inbox()); got.Restored.String() != "4,6" || m.Restored.String() != "4,6" {
		t.Errorf("restored %s and %s, want 4,6", got.Restored, m.Restored)
	}
	other := inbox()
	other.DstUIDValidity++
	if got := load(t, l, other); !got.Restored.Empty() {
		t.Errorf("restored %s of another mailbox", got.Restored)
	}
	if got := load(t, l, other); !got.Restored.Empty() {
		t.Errorf("restored %s of another mailbox", got.Restored)
	}
}

// A kill comes between a batch and the next look: the look before the batch must not stand for what it has brought.
func sightedIsOutdatedByTheNextBatch(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.Sighted(t.Context(), map[int64]ledger.Sight{m.ID: {UIDNext: 7, Messages: 3, ModSeq: 5, Size: 1234}}))
	m = load(t, l, inbox())
	must(t, l.Mail.Receive(t.Context(), m, intend(t, l, m, messages(1, 2)...), messages(1, 2)))
	want := ledger.Sight{UIDNext: 7, Messages: ledger.Outdated, ModSeq: 5, Size: 1234}
	if got := load(t, l, inbox()); got.Seen != want || m.Seen.Messages != ledger.Outdated {
		t.Errorf("seen %+v and %+v, want %+v: two messages have come since", got.Seen, m.Seen, want)
	}
}

// What was confirmed, given up, found after all and lost again is not called confirmed any more; the rest of its batch is.
func disownForgetsWhatWasConfirmed(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	intend(t, l, m, messages(1, 2)...)
	intend(t, l, m, messages(3)...)
	m = load(t, l, inbox())
	for i := range m.Intents {
		m.Intents[i].Answered = true
		m.Intents[i].Items = hashed(messages([][]imap.UID{{1, 2}, {3}}[i]...))
	}
	must(t, l.Mail.GiveUp(t.Context(), m, m.Intents...))
	found := messages(1, 3)
	must(t, l.Mail.Adopt(t.Context(), m, found))
	must(t, l.Mail.Disown(t.Context(), m, imap.NewUIDSet(1, 3)))
	for name, got := range map[string][]ledger.Voided{"in memory": m.Voids, "in the file": load(t, l, inbox()).Voids} {
		var confirmed imap.UIDSet
		for _, v := range got {
			confirmed.AddSet(v.Sources)
			for uid := range v.Sources.All() {
				if v.Sent[uid].Digest == nil {
					t.Errorf("%s: %+v, want what is known of %d", name, v, uid)
				}
			}
		}
		if confirmed.String() != "2" {
			t.Errorf("%s: %+v, want 2 confirmed", name, got)
		}
	}
}
