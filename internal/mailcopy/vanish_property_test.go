// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"math/rand/v2"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// history is a source mailbox at two moments, as a random user has left it.
type history struct {
	row     ledger.Mailbox
	refused refusals
	present imap.UIDSet // at the second moment
	uidNext imap.UID

	vanished, changed imap.UIDSet // between the two
}

// newHistory lets a mailbox be copied, with gaps and refusals, and then lets its user work.
func newHistory(chance *rand.Rand) history {
	h := history{row: ledger.Mailbox{Refused: map[imap.UID]ledger.Refusal{}}, uidNext: 1}
	var before imap.UIDSet
	for range chance.IntN(40) {
		uid := h.uidNext
		h.uidNext += imap.UID(1 + chance.IntN(3))
		switch chance.IntN(8) {
		case 0:
			h.refused.earlier.Add(uid)
			before.Add(uid)
		case 1:
			h.refused.now.Add(uid)
			before.Add(uid)
		case 2: // had vanished when the last pass was complete
			h.row.Done.Add(uid)
			h.row.Gone.Add(uid)
		default:
			h.row.Done.Add(uid)
			before.Add(uid)
		}
	}
	h.row.State = ledger.State{SrcUIDNext: h.uidNext, SrcMessages: int64(before.Len()), SrcModSeq: 1, SrcNewest: mark}
	h.work(chance, before)
	return h
}

// work deletes, flags and adds messages.
func (h *history) work(chance *rand.Rand, before imap.UIDSet) {
	busy := chance.IntN(3)
	for uid := range before.All() {
		if busy > 0 && chance.IntN(4) == 0 {
			h.vanished.Add(uid)
			continue
		}
		h.present.Add(uid)
		if chance.IntN(4) == 0 {
			h.changed.Add(uid) // another flag
		}
	}
	for range chance.IntN(5) * busy {
		uid := h.uidNext
		h.uidNext++
		if chance.IntN(4) == 0 {
			h.vanished.Add(uid) // came and went in between
			continue
		}
		h.present.Add(uid)
		h.changed.Add(uid)
	}
}

func (h *history) box() imap.Selected {
	box := imap.Selected{UIDNext: h.uidNext, Messages: imap.CountOf(int64(h.present.Len())), HighestModSeq: h.row.State.SrcModSeq}
	if !h.changed.Empty() || !intersection(h.vanished, h.row.Done).Empty() {
		box.HighestModSeq++
	}
	return box
}

func wantNews(t *testing.T, how string, got, want sourceChanges) {
	t.Helper()
	if got.wanted.String() != want.wanted.String() || got.gone.String() != want.gone.String() || got.failed != want.failed {
		t.Fatalf("%s: wanted %s gone %s failed %d, want %s, %s, %d", how, got.wanted, got.gone, got.failed, want.wanted, want.gone, want.failed)
	}
}

// What is believed without a list is what the list would tell.
func TestNews_quietTellsTheSame(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(3, 5))
	quiet := 0
	for range 20_000 {
		h := newHistory(chance)
		want := listedNews(&h.row, h.refused, h.present, imap.CountOf(0))
		if got, ok := quietNews(&h.row, h.box(), mark, h.refused); ok {
			quiet++
			wantNews(t, "quiet", got, want)
		}
		for uid := range want.wanted.All() {
			if h.row.Done.Contains(uid) || !h.present.Contains(uid) {
				t.Fatalf("%d is wanted, and done or not there", uid)
			}
		}
	}
	if quiet < 100 {
		t.Errorf("only %d quiet histories", quiet)
	}
}

// mark is what the newest message of these mailboxes shows.
const mark = "2 7 9"

// A source was put back: UID 1 is there again and UID 2 has gone, under mod-sequences that were given out before, and UID 5
// is all that it tells of. The number of messages and the newest of them add up.
func TestToldNews_onlyTheLastChangeIsTold(t *testing.T) {
	t.Parallel()
	row := &ledger.Mailbox{
		State: ledger.State{SrcUIDNext: 5, SrcMessages: 2, SrcModSeq: 17, SrcNewest: mark}, Done: imap.NewUIDSet(2, 4),
	}
	box := imap.Selected{UIDNext: 6, Messages: imap.CountOf(3), HighestModSeq: 18}
	if n, known := toldNews(row, box, imap.Newest{UID: 5}, nil, refusals{}); known {
		t.Errorf("%+v is believed without a list", n)
	}
}

// One message has come and one has gone: a UIDNEXT that stands still must not hide that.
func TestQuietNews_uidNextStandsStill(t *testing.T) {
	t.Parallel()
	row := &ledger.Mailbox{State: ledger.State{SrcUIDNext: 2, SrcMessages: 1, SrcNewest: mark}}
	for name, test := range map[string]struct {
		before, now uint64
		quiet       bool
	}{
		"no HIGHESTMODSEQ":   {0, 0, false},
		"it has risen":       {7, 9, false},
		"nothing happened":   {7, 7, true},
		"it is told at last": {0, 7, false},
	} {
		row.State.SrcModSeq = test.before
		box := imap.Selected{UIDNext: 2, Messages: imap.CountOf(1), HighestModSeq: test.now}
		if _, quiet := quietNews(row, box, mark, refusals{}); quiet != test.quiet {
			t.Errorf("%s: quiet %v, want %v", name, quiet, test.quiet)
		}
	}
	if _, quiet := quietNews(row, imap.Selected{UIDNext: 2, Messages: imap.CountOf(1), HighestModSeq: row.State.SrcModSeq}, mark,
		refusals{earlier: imap.NewUIDSet(1)}); quiet {
		t.Error("whether a refused message is still there was not asked")
	}
}

// A source that was put back, and where as much has happened since, has the numbers of the last complete pass again: UID 1
// has come back and UID 2 has gone. Its size gives it away.
func TestToldNews_otherOctets(t *testing.T) {
	t.Parallel()
	newest := imap.Newest{UID: 4, InternalDate: time.Unix(7, 0), Size: 9}
	row := &ledger.Mailbox{
		State: ledger.State{SrcUIDNext: 5, SrcMessages: 2, SrcModSeq: 17, SrcSize: 470, SrcNewest: markOf(newest)}, Done: imap.NewUIDSet(2, 4),
	}
	box := imap.Selected{UIDNext: 5, Messages: imap.CountOf(2), HighestModSeq: 17}
	for size, want := range map[int64]bool{470: true, -1: true, 360: false} {
		if _, got := toldNews(row, box, newest, &imap.Status{Size: size}, refusals{}); got != want {
			t.Errorf("a size of %d: known without a list: %v, want %v", size, got, want)
		}
	}
}

// The numbers are those of the last pass, and the newest message is another one, or does not tell: a mailbox that was put
// back and has got as many messages since.
func TestAsLeft_anotherNewestMessage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ before, now string }{{mark, "2 8 9"}, {mark, ""}, {"", mark}, {"", ""}} {
		row := &ledger.Mailbox{Done: imap.NewUIDSet(1, 2), State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcModSeq: 7, SrcNewest: test.before}}
		box := imap.Selected{UIDNext: 3, Messages: imap.CountOf(2), HighestModSeq: 7}
		if _, quiet := quietNews(row, box, test.now, refusals{}); quiet || asLeft(row, box, test.now) {
			t.Errorf("%q before, %q now: as it was left, want a doubt", test.before, test.now)
		}
	}
}

// A pass was complete at UIDNEXT 3, a later one was broken off after it had copied UID 3, and then the source was put
// back and got another message: the numbers are those of the complete pass again, and mean other messages.
func TestAsLeft(t *testing.T) {
	t.Parallel()
	row := &ledger.Mailbox{State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcModSeq: 7, SrcNewest: mark}, Done: imap.NewUIDSet(1, 2)}
	box := imap.Selected{UIDNext: 3, Messages: imap.CountOf(2), HighestModSeq: 7}
	if _, quiet := quietNews(row, box, mark, refusals{}); !asLeft(row, box, mark) || !quiet {
		t.Error("nothing has happened, and nobody believes it")
	}
	row.Done.Add(3)
	if _, quiet := quietNews(row, box, mark, refusals{}); asLeft(row, box, mark) || quiet {
		t.Error("UID 3 was copied, and UIDNEXT is 3: something has happened")
	}
	row.Gone.Add(3)
	if !asLeft(row, box, mark) {
		t.Error("what is gone since is no reason for a doubt")
	}
}

// UID 1 was deleted, and UID 4 has come: the source shows neither. That it holds one more than it shows is no word of UID 1.
func TestListedNews_whatIsNotShownIsNotKnownToBeThere(t *testing.T) {
	t.Parallel()
	var done imap.UIDSet
	done.AddRange(1, 3)
	row := ledger.Mailbox{Done: done, Refused: map[imap.UID]ledger.Refusal{}}
	n := listedNews(&row, refusals{}, imap.NewUIDSet(2, 3), imap.CountOf(1))
	if !n.gone.Empty() || n.hidden.String() != "1" {
		t.Errorf("gone %s, hidden %s; want none, and 1", n.gone, n.hidden)
	}
	job := mailboxJob{slice: &slice{}, row: &row, inventory: inventory{taken: true, wanted: n.wanted, short: n.short, hidden: n.hidden}}
	if c := job.census(); c.There != 2 || c.Unknown != 1 || c.Messages() != 3 || c.Complete() {
		t.Errorf("%+v, want 2 there and 1 unknown", c)
	}
}
