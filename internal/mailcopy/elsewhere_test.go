// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
)

// The destination's user has taken a mailbox to another name, and nothing is left of its UIDVALIDITY: it is known by what is in it, new
// mail goes there, and nothing is brought again. What the user has put there is not removed for the source.
func TestElsewhere_known(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	mails := letters(5, 500, "a")
	p.fill(p.src, "INBOX.Box", mails...)
	p.sync()
	p.fill(p.dst, "Crate", append(mails, letters(1, 500, "own")...)...)
	p.fill(p.dst, "Other", letters(9, 500, "other")...)
	p.delete(p.dst, "Box")
	p.delete(p.src, "INBOX.Box") // and the source has numbered its own anew as well
	p.fill(p.src, "INBOX.Box", append(mails, letters(2, 500, "new")...)...)
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 5, Copied: 2})
	p.wantMailboxes(p.dst, "Crate", "INBOX", "Other", "Sent")
	p.wantCount(p.dst, "Crate", 8)
	p.expunge(p.src, "INBOX.Box", "1")
	wantTally(t, p.sync(), mailcopy.Tally{Kept: 1})
	p.quiet(mailcopy.Tally{Kept: 1})
}

// The source has renamed it as well: it stays where its user has put it.
func TestElsewhere_renamedAtTheSource(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(5, 500, "a")
	p.fill(p.src, "INBOX.Box", mails...)
	p.sync()
	p.fill(p.dst, "Crate", mails...)
	p.delete(p.dst, "Box")
	p.rename(p.src, "INBOX.Box", "INBOX.Chest")
	p.fill(p.src, "INBOX.Chest", letters(2, 500, "new")...)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Adopted: 5, Copied: 2})
	p.wantMailboxes(p.dst, "Crate", "INBOX", "Sent")
	p.quiet(mailcopy.Tally{})
}

// What is not clear is no guess: a mailbox is away where another one holds a part of it, or much else, or letters of the same
// headers only, or where two hold it.
func TestElsewhere_doubtful(t *testing.T) {
	t.Parallel()
	mails := letters(5, 500, "a")
	mailing := slices.Clone(mails)
	for i, m := range mailing {
		head, _, _ := strings.Cut(m.body, "\r\n\r\n")
		mailing[i].body = head + "\r\n\r\nto somebody else\r\n"
	}
	for name, there := range map[string]map[string][]mail{
		"the same headers": {"Crate": mailing},
		"a part":           {"Crate": mails[:4]},
		"a part and more":  {"Crate": append(letters(3, 500, "own"), mails[:3]...)},
		"among much else":  {"Crate": append(letters(5, 500, "own"), mails...)},
		"in two mailboxes": {"Crate": mails, "Chest": mails},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX.Box", mails...)
			p.sync()
			for mailbox, own := range there {
				p.fill(p.dst, mailbox, own...)
			}
			p.delete(p.dst, "Box")
			wantTally(t, p.sync(), mailcopy.Tally{Deserted: 5})
			p.fill(p.src, "INBOX.Box", letters(2, 500, "new")...)
			wantTally(t, p.sync(), mailcopy.Tally{Copied: 2, Deserted: 5})
			p.wantCount(p.dst, "Box", 2)
			for mailbox, own := range there {
				p.wantCount(p.dst, mailbox, len(own))
			}
		})
	}
}
