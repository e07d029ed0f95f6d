// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
)

// A source mailbox that suddenly looks empty stops removals until somebody has looked.
func TestAlarm_sourceEmptied(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(60, 500, "a")...)
	p.fill(p.src, "INBOX.Other", letters(60, 500, "b")...)
	p.fill(p.src, "INBOX.Trash", letters(40, 500, "trash")...)
	p.sync()
	p.expunge(p.src, "INBOX.Trash", "1:40") // what people do every day
	p.deletions = rehome.DeletionsMirror
	wantTally(t, p.sync(), mailcopy.Tally{Removed: 40})

	p.expunge(p.src, "INBOX", "1:40")
	p.expunge(p.src, "INBOX.Other", "1")
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Kept: 41, Held: 41})
	if f := wantFinding(t, r, "removals_held"); f.Object != "INBOX" {
		t.Errorf("held because of %q, want INBOX", f.Object)
	}
	p.wantCount(p.dst, "INBOX", 60)
	p.wantCount(p.dst, "Other", 60)
	p.deletions = rehome.DeletionsKeep // nothing waits when nothing would be removed
	p.quiet(mailcopy.Tally{Kept: 41})
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	p.quiet(mailcopy.Tally{Removed: 41})
	p.wantEqual("INBOX", "INBOX")
}

// A source that lists nothing but an empty INBOX must not empty the destination, whatever is confirmed
// of it later, and all is well when it is back.
func TestAlarm_sourceAccountVanishes(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX.A", letters(5, 500, "a")...)
	p.fill(p.src, "INBOX.B", letters(4, 500, "b")...)
	p.sync()
	there := p.srcVia
	empty := atmailPair(t)
	p.srcVia = empty.srcVia
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Kept: 9, Held: 9})
	wantFinding(t, r, "removals_held")
	p.srcVia = there
	p.quiet(mailcopy.Tally{})
	p.wantEqual("INBOX.A", "A")
	p.wantEqual("INBOX.B", "B")
}

// A destination that suddenly looks empty is neither filled a second time nor passed over in silence.
func TestAlarm_destinationEmptied(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		lose func(p *pair)
		left int // in the mailbox
	}{
		{"messages expunged", func(p *pair) { p.expunge(p.dst, "Box", "1:90") }, 10},
		{"mailbox deleted", func(p *pair) { p.delete(p.dst, "Box") }, 0},
		{"mailbox made anew", func(p *pair) { p.delete(p.dst, "Box"); p.fill(p.dst, "Box") }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX.Box", letters(100, 500, "a")...)
			p.fill(p.src, "INBOX.Other", letters(3, 500, "b")...)
			p.sync()
			test.lose(p)
			before := p.mailboxes(p.dst)
			p.fill(p.src, "INBOX.Box", letters(2, 500, "late")...)
			p.fill(p.src, "INBOX.Other", letters(2, 500, "late")...)
			r := p.sync()
			wantFinding(t, r, "destination_emptied")
			if r.Tally.Held != 100-test.left || r.Tally.Copied != 2 {
				t.Errorf("%+v, want the mailbox to wait and the other one to go on", r.Tally)
			}
			p.wantMailboxes(p.dst, before...)

			if test.name == "mailbox deleted" {
				p.copyAgain = true
				wantTally(t, p.sync(), mailcopy.Tally{Copied: 102})
				p.copyAgain = false
				p.wantSame("INBOX.Box", "Box")
				p.quiet(mailcopy.Tally{})
				return
			}
			p.confirm = true
			wantTally(t, p.sync(), mailcopy.Tally{Copied: 2, Deserted: 100 - test.left})
			p.confirm = false
			p.quiet(mailcopy.Tally{Deserted: 100 - test.left})
			p.wantCount(p.dst, "Box", test.left+2)
		})
	}
}
