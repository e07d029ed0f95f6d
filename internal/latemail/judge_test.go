// SPDX-License-Identifier: Apache-2.0

package latemail

import (
	"strings"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Only a whole look behind the time in question proves that nothing is left.
func TestJudge_whatIsNotSeenIsOpen(t *testing.T) {
	t.Parallel()
	since := time.Unix(100_000, 0).UTC()
	for name, c := range map[string]struct {
		rows        []ledger.LateAccount
		due, unseen string
	}{
		"never looked at":      {nil, "", "a b"},
		"one of two":           {[]ledger.LateAccount{{Address: "a", Looked: since}}, "", "b"},
		"one too early":        {[]ledger.LateAccount{{Address: "a", Looked: since}, {Address: "b", Looked: since.Add(-1)}}, "", "b"},
		"the last look failed": {[]ledger.LateAccount{{Address: "a", Looked: since, Trouble: "x"}, {Address: "b", Looked: since}}, "", "a"},
		"not brought yet":      {[]ledger.LateAccount{{Address: "a", Looked: since, Due: since}, {Address: "b", Looked: since}}, "a", ""},
		"both":                 {[]ledger.LateAccount{{Address: "a", Looked: since}, {Address: "b", Looked: since}}, "", ""},
		"others are not asked for": {[]ledger.LateAccount{
			{Address: "a", Looked: since}, {Address: "b", Looked: since}, {Address: "c", Due: since},
		}, "", ""},
	} {
		open := Judge([]string{"a", "b"}, c.rows, since)
		if strings.Join(open.Due, " ") != c.due || strings.Join(open.Unseen, " ") != c.unseen || open.None() != (c.due+c.unseen == "") {
			t.Errorf("%s: got %+v", name, open)
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
