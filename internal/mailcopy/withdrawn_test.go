// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"testing"

	"rehome/internal/mailcopy"
)

// withdrawn copies two messages that another program had written before, takes its own back, and puts the destination back to a state from
// before that, to which something was done first.
func withdrawn(t *testing.T, first func(p *pair)) *pair {
	t.Helper()
	p := outrun(t, "INBOX", "INBOX")
	first(p)
	putBack := p.backUp(p.dst)
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 2})
	p.wantCount(p.dst, "INBOX", 2)
	putBack()
	p.wantCount(p.dst, "INBOX", 4)
	return p
}

// A backup of the destination from before copies were taken back brings them again: they are ours under their old UIDs, and are taken back
// once more, however often that happens.
func TestWithdrawn_withABackup(t *testing.T) {
	t.Parallel()
	p := withdrawn(t, func(*pair) {})
	putBack := p.backUp(p.dst)
	for range 2 {
		p.sync()
		p.wantSame("INBOX", "INBOX")
		p.quiet(mailcopy.Tally{})
		putBack()
	}
}

// A copy whose flags its user has changed stays, and is named in every pass until one of the two is gone.
func TestWithdrawn_changedByItsUser(t *testing.T) {
	t.Parallel()
	p := withdrawn(t, func(p *pair) { p.mark(p.dst, "INBOX", "3", `\Flagged`) })
	for range 2 {
		if f := wantFinding(t, p.sync(), "arrived_twice"); !strings.Contains(f.Sentence, "(UID 3)") {
			t.Errorf("finding %q, want UID 3", f.Sentence)
		}
		p.wantCount(p.dst, "INBOX", 3)
	}
	p.expunge(p.dst, "INBOX", "3")
	p.quiet(mailcopy.Tally{})
	p.wantSame("INBOX", "INBOX")
}

// Where its user has deleted the other copy since, ours is the only one, and stays.
func TestWithdrawn_alone(t *testing.T) {
	t.Parallel()
	p := withdrawn(t, func(*pair) {})
	p.expunge(p.dst, "INBOX", "1")
	wantTally(t, p.sync(), mailcopy.Tally{Deserted: 1})
	p.wantCount(p.dst, "INBOX", 2)
	p.quiet(mailcopy.Tally{Deserted: 1})
}
