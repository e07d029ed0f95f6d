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

			var once sync.Once
			p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte {
				if bytes.Contains(line, []byte("(UID 6 BODY[] ")) { // it is what goes out now
					once.Do(putBack)
				}
				return line
			})
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
