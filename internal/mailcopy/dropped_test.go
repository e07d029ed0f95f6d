// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// As many messages have gone as have come, and neither UIDNEXT nor a size tells it: the mailbox is looked into.
func TestUnprovedDropped(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{
		Anchor: ledger.Anchor{Source: "Work", Destination: "Work", SrcUIDValidity: 7}, Done: upTo(2),
		State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcSize: 200, SrcModSeq: 9, SrcNewest: mark},
	}
	for _, test := range []struct {
		name   string
		status imap.Status
		newest string
		want   int
	}{
		{"nothing told", imap.Status{Messages: imap.CountOf(2), Size: -1}, mark, 1},
		{"the size is as it was", imap.Status{Messages: imap.CountOf(2), Size: 200}, mark, 0},
		{"one has gone", imap.Status{Messages: imap.CountOf(1), Size: 100}, mark, 1},
		{"the mod-sequence is as it was", imap.Status{Messages: imap.CountOf(2), Size: -1, HighestModSeq: 9}, mark, 0},
		{"the mod-sequence has risen", imap.Status{Messages: imap.CountOf(2), Size: -1, HighestModSeq: 12}, mark, 1},
		{"new mail, and to be copied anyway", imap.Status{Messages: imap.CountOf(3), Size: -1}, mark, 0},
		{"the newest message is another one", imap.Status{Messages: imap.CountOf(2), Size: 200, HighestModSeq: 9}, "2 8 9", 1},
		{"the newest message is not told", imap.Status{Messages: imap.CountOf(2), Size: 200, HighestModSeq: 9}, "", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.status.UIDValidity, test.status.UIDNext = 7, 3
			v := accountView{
				src:  map[string]imap.ListEntry{"Work": {Name: "Work", Status: &test.status}},
				rows: map[string]ledger.Mailbox{"Work": row}, plan: mapping.Plan{Pairs: []mapping.Pair{{Source: "Work", Destination: "Work"}}},
				marks: map[rehome.Side]marks{rehome.Source: {"Work": test.newest}},
			}
			if got := len(v.unprovedDropped()); got != test.want {
				t.Errorf("%d mailboxes to look into, want %d", got, test.want)
			}
		})
	}
}

// A message that was refused was never in the mailbox that its user has removed: it is looked for as in any other.
func TestUnprovedDropped_refusedMessage(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{
		Anchor: ledger.Anchor{Source: "Work", Destination: "Work", SrcUIDValidity: 7}, Done: upTo(2),
		State: ledger.State{SrcUIDNext: 4, SrcMessages: 3, SrcSize: 300, SrcModSeq: 9}, Open: true,
	}
	v := accountView{
		src: map[string]imap.ListEntry{"Work": {Name: "Work", Status: &imap.Status{
			UIDValidity: 7, UIDNext: 4, Messages: imap.CountOf(3), Size: 300, HighestModSeq: 9,
		}}},
		rows: map[string]ledger.Mailbox{"Work": row}, plan: mapping.Plan{Pairs: []mapping.Pair{{Source: "Work", Destination: "Work"}}},
	}
	if got := len(v.unprovedDropped()); got != 1 {
		t.Errorf("%d mailboxes to look into, want 1", got)
	}
}

// A mailbox that is to stay away at the destination comes back for new mail, also where UIDNEXT stands still.
func TestNeedsWork_droppedMailbox(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{
		Anchor: ledger.Anchor{Source: "Work", Destination: "Work", SrcUIDValidity: 7}, Done: upTo(2),
		State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcSize: 200},
	}
	for _, test := range []struct {
		name     string
		uidNext  imap.UID
		messages int64
		size     int64
		want     bool
	}{
		{"as it was", 3, 2, 200, false},
		{"as it was, size unknown", 3, 2, -1, false},
		{"its user deletes one", 3, 1, 100, false},
		{"new mail", 4, 3, 300, true},
		{"new mail, UIDNEXT stands still", 3, 3, 300, true},
		{"new mail, UIDNEXT stands still, size unknown", 3, 3, -1, true},
		{"one comes and one goes, UIDNEXT stands still", 3, 2, 250, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status := imap.Status{UIDValidity: 7, UIDNext: test.uidNext, Messages: imap.CountOf(test.messages), Size: test.size}
			v := accountView{
				src:  map[string]imap.ListEntry{"Work": {Name: "Work", Status: &status}},
				rows: map[string]ledger.Mailbox{"Work": row},
			}
			if got := v.needsWork(mapping.Pair{Source: "Work", Destination: "Work"}); got != test.want {
				t.Errorf("needs work: %v, want %v", got, test.want)
			}
		})
	}
}

// A mailbox that is to stay away is not subscribed; one that the server has made again, together with one below it, is.
func TestUnsubscribed_droppedMailbox(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{
		Anchor: ledger.Anchor{Source: "Work", Destination: "Work", SrcUIDValidity: 7}, Done: upTo(2),
		State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcSize: 200},
	}
	status := imap.Status{UIDValidity: 7, UIDNext: 3, Messages: imap.CountOf(2), Size: 200}
	for _, test := range []struct {
		name string
		dst  map[string]imap.ListEntry
		want int
	}{
		{"away", nil, 0},
		{"only above another one", map[string]imap.ListEntry{"Work": {Name: "Work", Attributes: []string{`\Noselect`}}}, 0},
		{"there again", map[string]imap.ListEntry{"Work": {Name: "Work"}}, 1},
		{"there again and subscribed", map[string]imap.ListEntry{"Work": {Name: "Work", Subscribed: true}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := slice{view: accountView{
				src: map[string]imap.ListEntry{"Work": {Name: "Work", Status: &status}}, dst: test.dst, rows: map[string]ledger.Mailbox{"Work": row},
				plan: mapping.Plan{Pairs: []mapping.Pair{{Source: "Work", Destination: "Work", Subscribe: true}}},
			}}
			if got := len(s.unsubscribed()); got != test.want {
				t.Errorf("%d mailboxes to subscribe to, want %d", got, test.want)
			}
		})
	}
}
