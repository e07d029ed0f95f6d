// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"slices"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Only what would be left closed on the word of numbers is looked at: all else is opened in any case.
func TestToPeekAt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                string
		change              func(*ledger.Mailbox)
		source, destination bool
	}{
		{"as a pass has left it", func(*ledger.Mailbox) {}, true, true},
		{"something is open", func(m *ledger.Mailbox) { m.Open = true }, false, false},
		{"in doubt", func(m *ledger.Mailbox) { m.Doubted = 1 }, false, false},
		{"no mod-sequence", func(m *ledger.Mailbox) { m.State.SrcModSeq = 0 }, false, false},
		{"nothing noted at the source", func(m *ledger.Mailbox) { m.State.SrcNewest = "" }, false, true},
		{"nothing noted at the destination", func(m *ledger.Mailbox) { m.Seen.Newest = "" }, true, false},
		{"emptied at the source", func(m *ledger.Mailbox) { m.Gone = m.Done }, false, true},
		{"emptied at the destination", func(m *ledger.Mailbox) { m.Lost = m.Done }, true, true}, // some may be back
		{"emptied at both ends", func(m *ledger.Mailbox) { m.Lost, m.Gone = m.Done, m.Done }, false, false},
		{"removed at the destination", func(m *ledger.Mailbox) { m.Anchor.DstUIDValidity, m.Open, m.State.SrcNewest = 0, true, "" }, true, false},
	} {
		row := ledger.Mailbox{Anchor: ledger.Anchor{Source: "S", Destination: "D", DstUIDValidity: 7}, Done: upTo(2), Seen: ledger.Sight{Newest: mark},
			State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcModSeq: 9, SrcNewest: mark}}
		test.change(&row)
		rows := map[string]ledger.Mailbox{"S": row}
		if got := slices.Contains(toPeekAt(rows, rehome.Source), "S"); got != test.source {
			t.Errorf("%s: looked at at the source %v, want %v", test.name, got, test.source)
		}
		if got := slices.Contains(toPeekAt(rows, rehome.Destination), "D"); got != test.destination {
			t.Errorf("%s: looked at at the destination %v, want %v", test.name, got, test.destination)
		}
	}
}

// What is not told is unknown, and unknown is not the same as before.
func TestUnmoved(t *testing.T) {
	t.Parallel()
	date := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	whole := markOf(imap.Newest{UID: 9, InternalDate: date, Size: 10})
	for _, test := range []struct {
		name string
		now  imap.Newest
		want bool
	}{
		{"the same", imap.Newest{UID: 9, InternalDate: date, Size: 10}, true},
		{"said in another zone", imap.Newest{UID: 9, InternalDate: date.In(time.FixedZone("", 3600)), Size: 10}, true},
		{"another UID", imap.Newest{UID: 8, InternalDate: date, Size: 10}, false},
		{"another date", imap.Newest{UID: 9, InternalDate: date.Add(time.Second), Size: 10}, false},
		{"another size", imap.Newest{UID: 9, InternalDate: date, Size: 11}, false},
		{"no date", imap.Newest{UID: 9, Size: 10}, false},
		{"nothing", imap.Newest{}, false},
	} {
		if now := markOf(test.now); unmoved(whole, now) != test.want || unmoved(now, now) != (now != "") {
			t.Errorf("%s: %v, want %v", test.name, unmoved(whole, now), test.want)
		}
	}
}
