// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome"
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

// Its user deletes a mailbox, and it is put back, by the destination's administrator or by a client that has kept it: what is
// in it counts as there, and nothing that is missing in it is copied again.
func TestRestore_mailboxThatItsUserHasDeleted(t *testing.T) {
	t.Parallel()
	mails := letters(5, 500, "first")
	for name, test := range map[string]struct {
		restore  func(p *pair, putBack func())
		deserted int
	}{
		"whole":          {func(_ *pair, putBack func()) { putBack() }, 0},
		"made anew":      {func(p *pair, _ func()) { p.fill(p.dst, "Box", append(letters(2, 500, "own"), mails...)...) }, 0},
		"in part":        {func(p *pair, _ func()) { p.fill(p.dst, "Box", mails[1:4]...) }, 2},
		"with others":    {func(p *pair, _ func()) { p.fill(p.dst, "Box", letters(3, 500, "own")...) }, 5},
		"without a mail": {func(p *pair, _ func()) { p.fill(p.dst, "Box") }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.deletions = rehome.DeletionsMirror
			p.fill(p.src, "INBOX.Box", mails...)
			p.sync()
			putBack := p.backUp(p.dst)
			p.delete(p.dst, "Box")
			wantTally(t, p.sync(), mailcopy.Tally{Deserted: 5})
			test.restore(p, putBack)
			before := p.content(p.dst, "Box")
			wantTally(t, p.sync(), mailcopy.Tally{Adopted: 5 - test.deserted, Deserted: test.deserted})
			p.quiet(mailcopy.Tally{Deserted: test.deserted})
			if after := p.content(p.dst, "Box"); len(after) != len(before) {
				t.Errorf("%d messages at the destination, want the %d that were there", len(after), len(before))
			}
			p.fill(p.src, "INBOX.Box", letters(1, 600, "late")...)
			p.quiet(mailcopy.Tally{Copied: 1, Deserted: test.deserted})
		})
	}
}
