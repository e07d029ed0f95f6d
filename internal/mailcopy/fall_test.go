// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// One mailbox of an account shows that the source was put back: the others are looked into, too.
func TestRestoredAtSource(t *testing.T) {
	t.Parallel()
	row := func(id int64, name string) ledger.Mailbox {
		return ledger.Mailbox{ID: id, Anchor: ledger.Anchor{Source: name, SrcUIDValidity: 7}, Done: upTo(2),
			State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcModSeq: 9, SrcNewest: mark}}
	}
	rows := map[string]ledger.Mailbox{"INBOX": row(1, "INBOX"), "Work": row(2, "Work")}
	as := imap.Status{UIDValidity: 7, UIDNext: 3, Messages: imap.CountOf(2), HighestModSeq: 9}
	for _, test := range []struct {
		name     string
		change   func(*imap.Status) // of INBOX
		newest   string
		restored bool
	}{
		{"nothing has happened", func(*imap.Status) {}, mark, false},
		{"new mail", func(s *imap.Status) { s.UIDNext, s.HighestModSeq = 4, 10 }, "3 9 9", false},
		{"the newest message is deleted", func(s *imap.Status) { s.Messages, s.HighestModSeq = imap.CountOf(1), 10 }, "1 2 3", false},
		{"the newest message is not told", func(*imap.Status) {}, "", false},
		{"renumbered", func(s *imap.Status) { s.UIDValidity, s.UIDNext = 8, 1 }, mark, false},
		{"UIDNEXT has fallen", func(s *imap.Status) { s.UIDNext = 2 }, mark, true},
		{"the mod-sequence has fallen", func(s *imap.Status) { s.HighestModSeq = 8 }, mark, true},
		{"another newest message", func(*imap.Status) {}, "2 8 9", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inbox, work := as, as
			test.change(&inbox)
			entries := map[string]imap.ListEntry{"INBOX": {Name: "INBOX", Status: &inbox}, "Work": {Name: "Work", Status: &work}}
			restored, beside := restoredAtSource(rows, entries, marks{"INBOX": test.newest, "Work": mark})
			if test.restored != slices.Equal(restored, []int64{1}) || test.restored != slices.Equal(beside, []int64{2}) {
				t.Errorf("put back %v, and looked into %v; want INBOX and the other one: %v", restored, beside, test.restored)
			}
		})
	}
}

// That the source has shown an earlier state stays known until the mailbox was looked through, whatever it shows then.
func TestToldNews_fallenBefore(t *testing.T) {
	t.Parallel()
	newest := imap.Newest{UID: 2, InternalDate: time.Unix(7, 0), Size: 9}
	row := &ledger.Mailbox{Done: upTo(2), State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcModSeq: ledger.Fallen, SrcNewest: mark}}
	box := imap.Selected{UIDNext: 3, Messages: imap.CountOf(2), HighestModSeq: ledger.Fallen}
	if _, known := toldNews(row, box, newest, &imap.Status{UIDNext: 3, Messages: imap.CountOf(2), HighestModSeq: 12}, refusals{}); known {
		t.Error("the numbers were believed, and they have been lower before")
	}
	row.State.SrcModSeq, box.HighestModSeq = 12, 12
	if _, known := toldNews(row, box, newest, &imap.Status{UIDNext: 3, Messages: imap.CountOf(2), HighestModSeq: 12}, refusals{}); !known {
		t.Error("the numbers were not believed, and nothing speaks against them")
	}
}

// What a destination shows once of an earlier state is booked before anything else can happen: its user's next mail makes
// UIDNEXT rise again, or is deleted itself, and what a restore has taken looks deleted then.
func TestNoteFalls(t *testing.T) {
	t.Parallel()
	const mark5 = "5 7 9"
	for _, test := range []struct {
		name     string
		seen     imap.UID
		validity uint32
		uidNext  imap.UID
		newest   string // it was mark5
		want     imap.UID
	}{
		{"as it was", 6, 7, 6, mark5, 0},
		{"risen", 6, 7, 9, mark5, 0},
		{"fallen", 6, 7, 4, "3 7 9", 4},
		{"not told", 6, 7, 0, "", 0},
		{"of another mailbox", 6, 8, 1, "5 8 9", 0},
		{"below a message of ours, and never noted", 0, 7, 5, "4 7 9", 5},
		{"above all of ours, and never noted", 0, 7, 6, mark5, 0},
		{"another message is the newest", 6, 7, 6, "5 8 9", 1},
		{"another message has its UID, and another size", 6, 7, 6, "5 7 10", 1},
		{"fallen, and another message has its UID", 8, 7, 6, "5 8 9", 1},
		{"the newest is deleted", 6, 7, 6, "4 7 9", 0},
		{"a newer one has come", 6, 7, 7, "6 8 9", 0},
		{"the newest is not told", 6, 7, 6, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}()
			const address = "anna@example.test"
			inbox := ledger.Anchor{Address: address, Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 7}
			row, err := l.Mail.Mailbox(t.Context(), inbox)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Mail.Adopt(t.Context(), row, []ledger.Item{{UID: 1, DstUID: 4}, {UID: 2, DstUID: 5}}); err != nil {
				t.Fatal(err)
			}
			if err := l.Mail.Sighted(t.Context(), map[int64]ledger.Sight{row.ID: {UIDNext: test.seen, Messages: 2, Newest: mark5}}); err != nil {
				t.Fatal(err)
			}
			rows, err := l.Mail.Mailboxes(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			s := &slice{engine: New(Options{Ledger: l.Mail})}
			listed := map[string]imap.ListEntry{"INBOX": {Name: "INBOX", Status: &imap.Status{UIDValidity: test.validity, UIDNext: test.uidNext}}}
			if _, err := s.noteFalls(t.Context(), rows, listed, marks{"INBOX": test.newest}); err != nil {
				t.Fatal(err)
			}
			if rows, err = l.Mail.Mailboxes(t.Context(), address); err != nil || rows["INBOX"].Doubted != test.want {
				t.Errorf("doubted from UID %d (%v), want %d", rows["INBOX"].Doubted, err, test.want)
			}
		})
	}
}

// The message that had taken the UID of ours is deleted again: what is missing was lost or deleted, and nobody knows which.
func TestStanding_whatHadReplacedOursIsGone(t *testing.T) {
	t.Parallel()
	s := endState{same: imap.NewUIDSet(2), absent: imap.NewUIDSet(1, 4, 5), highest: 2, uidNext: 6, seen: 6, doubted: 1}
	if void, unknown := s.void(), s.unknown(); !void.Empty() || unknown.String() != "4:5" {
		t.Errorf("%s are void and %s unknown, want 4:5 unknown", void, unknown)
	}
}
