// SPDX-License-Identifier: Apache-2.0

package latemail

import (
	"slices"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Quiet needs a whole look at every account behind the end of the time, nothing due, and no trouble.
func TestJudge_whatIsNotSeenIsNotQuiet(t *testing.T) {
	t.Parallel()
	switched := time.Unix(100_000, 0).UTC()
	const quiet = time.Hour
	at := func(d time.Duration) time.Time { return switched.Add(d) }
	for name, c := range map[string]struct {
		rows  []ledger.LateAccount
		quiet bool
		until time.Duration
	}{
		"never looked at":      {nil, false, quiet},
		"one of two":           {[]ledger.LateAccount{{Address: "a", Looked: at(2 * quiet)}}, false, quiet},
		"both, too early":      {[]ledger.LateAccount{{Address: "a", Looked: at(quiet - 1)}, {Address: "b", Looked: at(2 * quiet)}}, false, quiet},
		"both":                 {[]ledger.LateAccount{{Address: "a", Looked: at(quiet)}, {Address: "b", Looked: at(quiet)}}, true, quiet},
		"the last look failed": {[]ledger.LateAccount{{Address: "a", Looked: at(quiet), Trouble: "x"}, {Address: "b", Looked: at(quiet)}}, false, quiet},
		"not brought yet":      {[]ledger.LateAccount{{Address: "a", Looked: at(quiet), Due: at(1)}, {Address: "b", Looked: at(quiet)}}, false, quiet},
		"something came half an hour later": {[]ledger.LateAccount{{Address: "a", Looked: at(quiet), Arrived: at(quiet / 2)},
			{Address: "b", Looked: at(quiet)}}, false, quiet + quiet/2},
		"an arrival before the switch": {[]ledger.LateAccount{{Address: "a", Looked: at(quiet), Arrived: at(-quiet)},
			{Address: "b", Looked: at(quiet)}}, true, quiet},
	} {
		v := Judge([]string{"a", "b"}, c.rows, switched, quiet)
		if v.Quiet != c.quiet || !v.Until.Equal(at(c.until)) {
			t.Errorf("%s: got %+v", name, v)
		}
		if !v.Quiet && slices.Concat(v.Due, v.Unseen, v.Trouble) == nil {
			t.Errorf("%s: not quiet, and nobody knows why", name)
		}
	}
}

func TestStill_whatIsNotSaidIsOpened(t *testing.T) {
	t.Parallel()
	mark := ledger.LateMark{Mailbox: "INBOX", UIDValidity: 1, UIDNext: 10, Messages: 5}
	status := imap.Status{UIDValidity: 1, UIDNext: 10, Messages: imap.CountOf(5)}
	if !still(mark, &status) {
		t.Error("nothing has changed")
	}
	for name, change := range map[string]func(*imap.Status){
		"another UIDVALIDITY": func(s *imap.Status) { s.UIDValidity = 2 }, "UIDNEXT is higher": func(s *imap.Status) { s.UIDNext = 11 },
		"UIDNEXT is lower": func(s *imap.Status) { s.UIDNext = 9 }, "UIDNEXT stands still": func(s *imap.Status) { s.Messages = imap.CountOf(6) },
		"says no number": func(s *imap.Status) { s.Messages = imap.Count{} }, "says nothing": func(s *imap.Status) { *s = imap.Status{} },
	} {
		changed := status
		change(&changed)
		if still(mark, &changed) {
			t.Errorf("%s: it was not opened", name)
		}
	}
	if still(mark, nil) || still(ledger.LateMark{}, &status) {
		t.Error("what is not known was not opened")
	}
}

// A message is counted when it may have come since the look before; its clock may be wrong.
func TestAdd_oldMessagesWereMoved(t *testing.T) {
	t.Parallel()
	before, now := time.Unix(1_000_000, 0).UTC(), time.Unix(1_003_600, 0).UTC()
	for name, c := range map[string]struct {
		date time.Time
		want time.Time // zero: not counted
	}{
		"between":              {before.Add(time.Minute), before.Add(time.Minute)},
		"the clock is behind":  {before.Add(-time.Hour), before},
		"the clock is ahead":   {now.Add(time.Hour), now},
		"no date":              {time.Time{}, now},
		"moved, or stored old": {before.Add(-moved - 1), time.Time{}},
	} {
		l := &look{before: Before{Looked: before}, row: ledger.LateLook{At: now}, hosts: map[string]bool{}, counts: map[place]int64{}}
		l.add(c.date, "x")
		if !l.row.LastSeen.Equal(c.want) || (len(l.counts) == 1) == c.want.IsZero() {
			t.Errorf("%s: got %v", name, l.row.LastSeen)
		}
	}
}
