// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// What is new is what the ledger does not have, under the same UIDVALIDITY; what a server does not say is unknown and not zero.
func TestAmount(t *testing.T) {
	t.Parallel()
	entry := func(messages int64, size int64) imap.ListEntry {
		return imap.ListEntry{Status: &imap.Status{Messages: imap.CountOf(messages), UIDValidity: 7, Size: size}}
	}
	row := func(validity uint32) ledger.Mailbox {
		var r ledger.Mailbox
		r.Done.AddRange(1, 4)
		r.Gone.Add(4)
		r.Anchor.SrcUIDValidity = validity
		return r
	}
	pairs := []mapping.Pair{{Source: "A"}, {Source: "B"}, {Source: "C", Container: true}}
	for name, test := range map[string]struct {
		src  map[string]imap.ListEntry
		rows map[string]ledger.Mailbox
		part int
		want Amount
	}{
		"nothing copied yet": {
			map[string]imap.ListEntry{"A": entry(10, 1000), "B": entry(0, 0)}, nil, 0,
			Amount{Mailboxes: 2, Messages: 10, Octets: 1000, NewMessages: 10, NewOctets: 1000},
		},
		"some copied": {
			map[string]imap.ListEntry{"A": entry(10, 1000)}, map[string]ledger.Mailbox{"A": row(7)}, 0,
			Amount{Mailboxes: 1, Messages: 10, Octets: 1000, NewMessages: 7, NewOctets: 700},
		},
		"renumbered": {
			map[string]imap.ListEntry{"A": entry(10, 1000)}, map[string]ledger.Mailbox{"A": row(8)}, 0,
			Amount{Mailboxes: 1, Messages: 10, Octets: 1000, NewMessages: 10, NewOctets: 1000},
		},
		"several writers": {
			map[string]imap.ListEntry{"A": entry(10, 1000), "B": entry(8, 800)}, map[string]ledger.Mailbox{"A": row(7)}, 8,
			Amount{Mailboxes: 2, Messages: 18, Octets: 1800, NewMessages: 15, NewOctets: 1500, Unordered: 1},
		},
		"no size": {
			map[string]imap.ListEntry{"A": entry(10, -1), "B": entry(1, 5)}, nil, 0,
			Amount{Mailboxes: 2, Messages: 11, Octets: -1, NewMessages: 11, NewOctets: -1},
		},
		"no status": {
			map[string]imap.ListEntry{"A": {}, "B": entry(1, 5)}, nil, 0,
			Amount{Mailboxes: 2, Messages: 1, Octets: -1, NewMessages: 1, NewOctets: -1, Uncounted: 1},
		},
	} {
		v := accountView{plan: mapping.Plan{Pairs: pairs}, src: test.src, rows: test.rows}
		if got := v.amount(test.part); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
