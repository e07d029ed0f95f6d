// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
	"rehome/lab/dovecot"
)

// Messages were moved to a mailbox that the destination does not make: the copies in the old one are all that it
// has of them, and stay.
func TestVictim_movedToWhereNothingGoes(t *testing.T) {
	t.Parallel()
	p := newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, dovecot.Options{Layout: dovecot.Maildir})
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX", letters(30, 500, "a")...)
	p.sync()
	deep := strings.Repeat("a", 150) + "/" + strings.Repeat("b", 150)
	p.fill(p.src, deep)
	p.move(p.src, "INBOX", "1:3", deep)
	r := p.sync()
	wantFinding(t, r, "removals_wait")
	p.wantCount(p.dst, "INBOX", 30)

	p.rules.MaxName = 254
	p.quiet(mailcopy.Tally{Copied: 3, Removed: 3})
	p.wantEqual("INBOX", "INBOX")
}

// The destination's user has deleted one of two equal messages, and the source the other: the one that is left at
// either end is the same message, and stays.
func TestVictim_equalMessages(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	same := letters(1, 500, "same")[0]
	p.fill(p.src, "INBOX", append(letters(5, 500, "a"), same, same)...)
	p.sync()
	p.expunge(p.dst, "INBOX", "6")
	p.expunge(p.src, "INBOX", "7")
	p.sync()
	p.wantSame("INBOX", "INBOX")

	p.in(p.src, "INBOX", func(c *imap.Client) { store(t, c, "1", "+", `\Flagged`) })
	p.sync()
	p.wantSame("INBOX", "INBOX")
}
