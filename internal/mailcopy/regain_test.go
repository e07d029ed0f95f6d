// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome/internal/mailcopy"
)

// Its user deletes messages, and the destination is put back to a state in which they are there.
func TestRestore_destinationBringsBackWhatItsUserHasDeleted(t *testing.T) {
	t.Parallel()
	for name, deleted := range map[string]struct {
		uids  string
		count int
	}{"some of them": {"2:3", 2}, "all of them": {"1:5", 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX", letters(5, 500, "first")...)
			p.sync()
			putBack := p.backUp(p.dst)
			p.expunge(p.dst, "INBOX", deleted.uids)
			wantTally(t, p.sync(), mailcopy.Tally{Deserted: deleted.count})
			putBack()
			p.quiet(mailcopy.Tally{})
			p.wantHolds(p.bodies(p.src, "INBOX"))
			p.expunge(p.dst, "INBOX", "4")
			p.quiet(mailcopy.Tally{Deserted: 1})
		})
	}
}
