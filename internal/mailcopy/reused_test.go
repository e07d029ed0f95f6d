// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
)

// The destination is put back from a backup between the look at a mailbox and what is sent to it, so that new copies get the UIDs
// of those that were lost. Both are there in the end, each once, and nothing is left that was booked for the one and is the other.
func TestReused_destinationRestoredWhileCopying(t *testing.T) {
	t.Parallel()
	for _, later := range []int{1, 2, 5} {
		t.Run(fmt.Sprintf("%d more", later), func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX", letters(2, 400, "before the backup")...)
			p.sync()
			putBack := p.backUp(p.dst)
			p.fill(p.src, "INBOX", letters(3, 400, "behind it")...)
			p.sync()
			p.fill(p.src, "INBOX", letters(later, 400, "later")...)

			p.whenRead("(UID 6 BODY[] ", putBack) // it is what goes out now
			r := p.sync()
			wantFinding(t, r, "destination_restored")
			p.wantHolds(p.bodies(p.src, "INBOX"))
			p.wantClaimsOnce()
			p.quiet(mailcopy.Tally{})
		})
	}
}

// wantClaimsOnce wants the ledger to have each UID of the destination's INBOX for one message.
func (p *pair) wantClaimsOnce() {
	p.t.Helper()
	claimed := map[imap.UID]imap.UID{}
	err := p.ledger.Stored(p.t.Context(), p.row(), func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if other, is := claimed[item.DstUID]; is {
				p.t.Errorf("UID %d of the destination is booked for message %d and for message %d", item.DstUID, other, item.UID)
			}
			claimed[item.DstUID] = item.UID
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// A mailbox was made at the destination after the backup from which that is put back: it is gone, and its user has deleted none. It is
// made and filled again, where another mailbox tells of the restore before or while it is missed; and stays away where none does.
func TestRestore_destinationLosesAMailbox(t *testing.T) {
	t.Parallel()
	for name, amid := range map[string]bool{"between two passes": false, "while a mailbox is copied": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX", letters(2, 400, "before the backup")...)
			p.sync()
			putBack := p.backUp(p.dst)
			p.fill(p.src, "INBOX", letters(3, 400, "behind it")...)
			p.fill(p.src, "INBOX.Box", letters(4, 400, "in the box")...)
			p.sync()
			p.expunge(p.dst, "Box", "2") // what its user has deleted stays so
			p.sync()
			p.fill(p.src, "INBOX", letters(1, 400, "new")...)
			if amid {
				p.whenRead("(UID 6 BODY[] ", putBack)
			} else {
				putBack()
			}
			r := p.sync()
			wantFinding(t, r, "destination_restored")
			p.wantHolds(p.bodies(p.src, "INBOX"))
			p.quiet(mailcopy.Tally{Deserted: 1})
			p.wantCount(p.dst, "Box", 3)

			p.delete(p.dst, "Box")
			p.quiet(mailcopy.Tally{Deserted: 4})
			p.wantMailboxes(p.dst, "INBOX", "Sent")
		})
	}
}

// whenRead lets something happen the first time that the source shows what holds some text.
func (p *pair) whenRead(text string, happen func()) {
	var once sync.Once
	p.srcVia = rewrite(p.t, p.src.IMAP, func(line []byte) []byte {
		if bytes.Contains(line, []byte(text)) {
			once.Do(happen)
		}
		return line
	})
}
