// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
)

// Deleted and made anew with fewer of the same messages: the others have vanished.
func TestFormer_messagesThatAreNotInTheNewMailbox(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		mails := letters(12, 1000, "a")
		p.fill(p.src, "INBOX.Box", mails...)
		p.sync()
		p.in(p.dst, "Box", func(c *imap.Client) { store(t, c, "3", "+", `\Flagged`) }) // its user wants to keep that one
		p.delete(p.src, "INBOX.Box")
		p.fill(p.src, "INBOX.Box", append(mails[6:], letters(2, 1000, "new")...)...)

		first := mailcopy.Tally{Copied: 2, Adopted: 6, Kept: 6}
		left := 6 + 2 + 6
		if p.deletions == rehome.DeletionsMirror {
			first.Removed, first.Kept = 5, 1
			left -= 5
		}
		wantTally(t, p.sync(), first)
		if got := len(p.content(p.dst, "Box")); got != left {
			t.Errorf("%d messages at the destination, want %d", got, left)
		}
		p.quiet(mailcopy.Tally{Kept: first.Kept})

		// The mailbox lives on as any other.
		p.fill(p.src, "INBOX.Other", letters(3, 1000, "other")...)
		p.in(p.src, "", func(c *imap.Client) {
			if err := c.Rename(t.Context(), "INBOX.Box", "INBOX.Crate"); err != nil {
				t.Fatal(err)
			}
		})
		wantTally(t, p.sync(), mailcopy.Tally{Copied: 3, Kept: first.Kept})
		p.wantMailboxes(p.dst, "Crate", "INBOX", "Other", "Sent")
	})
}
