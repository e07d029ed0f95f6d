// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
)

// Deleted and made anew with fewer of the same messages: the others have vanished.
func TestFormer_messagesThatAreNotInTheNewMailbox(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		mails := letters(12, 1000, "a")
		p.fill(p.src, "INBOX.Box", mails[1:]...)
		p.sync()
		p.fill(p.dst, "Box", mails[0]) // this one is its user's own
		p.fill(p.src, "INBOX.Box", mails[0])
		p.sync()
		p.in(p.dst, "Box", func(c *imap.Client) { store(t, c, "3", "+", `\Flagged`) }) // its user wants to keep that one
		p.delete(p.src, "INBOX.Box")
		p.fill(p.src, "INBOX.Box", append(mails[6:], letters(2, 1000, "new")...)...)

		first := mailcopy.Tally{Copied: 2, Adopted: 6, Kept: 6}
		left := 6 + 2 + 6
		if p.deletions == rehome.DeletionsMirror {
			first.Removed, first.Kept = 4, 2
			left -= 4
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

// A pass breaks off when the renumbered mailbox has just got a new generation: what was brought before is ours all the
// same, and what has vanished in between is known to be.
func TestFormer_brokenOff(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	renumber := p.renumbersSource(t)
	p.fill(p.src, "INBOX", letters(4, 500, "a")...)
	p.sync()
	p.expunge(p.src, "INBOX", "1")
	renumber()
	for range 2 {
		rows, err := p.ledger.Mailboxes(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		anchor := rows["INBOX"].Anchor
		anchor.SrcUIDValidity += 1e9 // the second time it is one that the source never had
		if _, err := p.ledger.Mailbox(t.Context(), anchor); err != nil {
			t.Fatal(err)
		}
	}
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 3, Removed: 1})
	p.wantCount(p.dst, "INBOX", 3)
	p.expunge(p.src, "INBOX", "2")
	wantTally(t, p.sync(), mailcopy.Tally{Removed: 1})
}

// The destination's user has renamed a mailbox, and back again, and each time the source has made its own anew, once as it was and once
// with new mail: the copies are found under the name that the user has given them, and none of them is brought again.
func TestFormer_renamedAtTheDestination(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(4, 500, "a")
	p.fill(p.src, "INBOX.Box", mails[:3]...)
	p.sync()
	for copied, names := range [][2]string{{"Box", "Crate"}, {"Crate", "Box"}} {
		p.rename(p.dst, names[0], names[1])
		p.delete(p.src, "INBOX.Box")
		p.fill(p.src, "INBOX.Box", mails[:3+copied]...)
		wantTally(t, p.sync(), mailcopy.Tally{Adopted: 3, Copied: copied})
		p.wantMailboxes(p.dst, names[1], "INBOX", "Sent")
		p.quiet(mailcopy.Tally{})
	}
}

// renumbersSource lets the source tell another UIDVALIDITY of each mailbox from the moment at which renumber is called.
func (p *pair) renumbersSource(t *testing.T) (renumber func()) {
	t.Helper()
	var renumbered atomic.Bool
	p.srcVia = disguise(t, p.src.IMAP, func(line string) string {
		if renumbered.Load() {
			return strings.Replace(line, "UIDVALIDITY 1", "UIDVALIDITY 2", 1)
		}
		return line
	})
	return func() { renumbered.Store(true) }
}
