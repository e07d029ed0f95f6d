// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome/internal/mailcopy"
)

// A message vanishes while the source renumbers its mailbox, and its copy stays. The source is put back and has it again, under a UID that
// nobody knows it by: what is there is its copy, and not copied once more. New mail is.
func TestReturned_vanishedBeforeTheSourceWasRenumbered(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	renumber := p.renumbersSource(t)
	p.fill(p.src, "INBOX", letters(4, 500, "a")...)
	p.sync()
	putBack := p.backUp(p.src)
	p.expunge(p.src, "INBOX", "2")
	renumber()
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 3, Kept: 1})
	p.quiet(mailcopy.Tally{Kept: 1})

	putBack()
	p.fill(p.src, "INBOX", letters(1, 500, "new")...)
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 1, Copied: 1})
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}
