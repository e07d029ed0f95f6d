// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func TestTestimony_foreign(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := testimony{
			known: rapid.IntRange(0, 300).Draw(t, "known"), goes: rapid.IntRange(0, 1).Draw(t, "mailboxes that go on"),
			asked: rapid.IntRange(0, 300).Draw(t, "looked at"),
		}
		e.found = rapid.IntRange(0, min(e.known, e.asked)).Draw(t, "found")
		got := e.foreign()
		switch {
		case got && e.goes > 0:
			t.Error("a mailbox goes on, and the account is called foreign")
		case got && e.found*2 >= min(e.known, e.asked):
			t.Error("half of the messages are known, and the account is called foreign")
		case got && (e.known == 0 || e.asked == 0):
			t.Error("there is nothing to compare, and the account is called foreign")
		case !got && e.goes == 0 && e.found == 0 && e.known > 0 && e.asked > 0:
			t.Error("nothing is known of the account, and it is believed")
		}
		if more := e; got {
			if more.found = max(e.found-1, 0); !more.foreign() {
				t.Error("with less known it is no longer foreign")
			}
		}
	})
}

// Whatever a user does to mailboxes that keep their numbers, one of them goes on.
func TestFamiliar_userWhoCleansUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := accountView{src: map[string]imap.ListEntry{}, rows: map[string]ledger.Mailbox{}}
		for i := range rapid.IntRange(1, 5).Draw(t, "mailboxes") {
			name := "INBOX"
			if i > 0 {
				name = fmt.Sprint("Box ", i)
			}
			messages := imap.UID(rapid.IntRange(1, 40).Draw(t, "messages"))
			row := ledger.Mailbox{ID: int64(i + 1), Anchor: ledger.Anchor{Source: name, SrcUIDValidity: uint32(i + 7)}, Done: upTo(messages)}
			row.State = ledger.State{SrcUIDNext: messages + 1, SrcMessages: int64(messages)}
			v.rows[name] = row
			if i > 0 && rapid.Bool().Draw(t, "deleted") {
				continue
			}
			arrived := imap.UID(rapid.IntRange(0, 100).Draw(t, "new messages"))
			left := rapid.IntRange(0, int(messages)).Draw(t, "left")
			v.src[name] = imap.ListEntry{Name: name, Status: &imap.Status{
				UIDValidity: uint32(i + 7), UIDNext: messages + 1 + arrived, Messages: imap.CountOf(int64(left) + int64(arrived)), Size: -1,
			}}
		}
		e, goesOn, settled := v.familiar()
		if !settled && len(goesOn) == 0 && e.goes == 0 {
			t.Error("no mailbox goes on: the account could be called foreign")
		}
	})
}
