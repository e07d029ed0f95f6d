// SPDX-License-Identifier: Apache-2.0

package wayback

import (
	"math/rand/v2"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func uids(all ...imap.UID) (set imap.UIDSet) {
	for _, uid := range all {
		set.Add(uid)
	}
	return set
}

func row(source, destination string, messages int) ledger.Mailbox {
	m := ledger.Mailbox{Anchor: ledger.Anchor{Source: source, Destination: destination, SrcUIDValidity: 1, DstUIDValidity: 2}}
	if messages > 0 {
		m.Done.AddRange(1, imap.UID(messages))
	}
	return m
}

// The mailbox to which several go back is chosen once.
func TestSharing_keepsItsPlace(t *testing.T) {
	t.Parallel()
	gone := row("INBOX.Gone", "All", 9)
	gone.Anchor.DstUIDValidity = 0
	rows := map[string]ledger.Mailbox{"a": row("INBOX.A", "All", 3), "b": row("INBOX.B", "All", 5), "i": row("INBOX", "INBOX", 1),
		"c": row("INBOX.C", "INBOX", 7), "gone": gone, "aside": row("\n7", "All", 8)}
	for name, c := range map[string]struct {
		before map[string]ledger.Mailbox
		want   string
	}{
		"the fullest": {nil, "INBOX.B"}, "as before": {map[string]ledger.Mailbox{"All": row("All", "INBOX.A", 1)}, "INBOX.A"},
		"it is no more": {map[string]ledger.Mailbox{"All": row("All", "INBOX.Other", 1)}, "INBOX.B"},
	} {
		groups := sharing(rows, c.before)
		if len(groups) != 2 || len(groups[0]) != 2 || groups[0][0].Anchor.Source != c.want || groups[1][0].Anchor.Source != "INBOX" {
			t.Errorf("%s: got %+v", name, groups)
		}
	}
}

// Each message that is at the destination and not known yet is in one of the two, with its ends exchanged.
func TestTurned_eachMessageOnce(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		m := &ledger.Mailbox{}
		var known imap.UIDSet
		var items []ledger.Item
		for i := range imap.UID(8) {
			items = append(items, ledger.Item{UID: i + 1, DstUID: i + 101, Size: int64(i)})
			for _, set := range []*imap.UIDSet{&m.Lost, &m.Gone} {
				if chance.IntN(3) == 0 {
					set.Add(i + 1)
				}
			}
			if chance.IntN(3) == 0 {
				known.Add(i + 101)
			}
		}
		first := chance.IntN(2) == 0
		both, departed := turned(items, m, known, first)
		seen := map[imap.UID]int{}
		for _, item := range both {
			seen[item.UID]++
			if item.DstUID != item.UID-100 || m.Gone.Contains(item.DstUID) || !first {
				t.Errorf("%+v counts as being at both ends", item)
			}
		}
		for _, item := range departed {
			seen[item.UID]++
		}
		for _, item := range items {
			want := 1
			if m.Lost.Contains(item.UID) || known.Contains(item.DstUID) {
				want = 0
			}
			if seen[item.DstUID] != want {
				t.Errorf("message %d is there %d times, want %d", item.UID, seen[item.DstUID], want)
			}
		}
	}
	if both, _ := turned([]ledger.Item{{UID: 1, DstUID: 5}}, &ledger.Mailbox{}, uids(6), true); len(both) != 1 {
		t.Error("a message that nobody knows is left out")
	}
}
