// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
)

// flagsOf returns the flags of the messages of a mailbox in UID order.
func (p *pair) flagsOf(lines []string) []string {
	flags := make([]string, len(lines))
	for i, line := range lines {
		flags[i] = strings.Join(strings.Fields(line)[2:], " ")
	}
	return flags
}

// The ledger is lost and the source has changed flags meanwhile: nothing tells who has changed what, so no flag is
// lost at either end.
func TestAdopt_flagsChangedAfterTheLossOfTheLedger(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(8, 500, "a")
	for i := range mails {
		mails[i].flags = []string{`\Seen`}
	}
	p.fill(p.src, "INBOX", mails...)
	p.sync()
	p.in(p.src, "INBOX", func(c *imap.Client) {
		store(t, c, "1:3", "+", `\Flagged`)
		store(t, c, "4", "-", `\Seen`)
		store(t, c, "5", "+", `\Deleted`)
	})
	p.mark(p.dst, "INBOX", "2,6", `\Answered`)
	p.newLedger()
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Adopted: 8, Flagged: 3})
	wantFinding(t, r, "flags_joined")
	want := []string{`\Flagged \Seen`, `\Answered \Flagged \Seen`, `\Flagged \Seen`, `\Seen`, `\Seen`, `\Answered \Seen`, `\Seen`, `\Seen`}
	if got := p.flagsOf(p.content(p.dst, "INBOX")); !slices.Equal(got, want) {
		t.Errorf("flags at the destination\n%q, want\n%q", got, want)
	}
	p.quiet(mailcopy.Tally{})
	p.in(p.src, "INBOX", func(c *imap.Client) { store(t, c, "1", "-", `\Flagged`) }) // the mailbox lives on as any other
	p.quiet(mailcopy.Tally{Flagged: 1})
}

// A renumbered mailbox: the ledger knows which flags both ends had, and only what the source has changed since
// is brought over.
func TestAdopt_flagsChangedInARenumberedMailbox(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(6, 500, "a")
	for i := range mails {
		mails[i].flags = []string{`\Seen`}
	}
	p.fill(p.src, "INBOX.Box", mails...)
	p.sync()
	p.mark(p.dst, "Box", "2", `\Answered`)
	p.delete(p.src, "INBOX.Box")
	mails[0].flags = []string{`\Flagged`}
	p.fill(p.src, "INBOX.Box", mails...)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Adopted: 6, Flagged: 1})
	want := []string{`\Flagged`, `\Answered \Seen`, `\Seen`, `\Seen`, `\Seen`, `\Seen`}
	if got := p.flagsOf(p.content(p.dst, "Box")); !slices.Equal(got, want) {
		t.Errorf("flags at the destination\n%q, want\n%q", got, want)
	}
	p.quiet(mailcopy.Tally{})
}

// Somebody with another ledger has copied a message while the source told no date of it, so that it has that of the
// copy; and a source's sizes are estimates. What is new is found by its content all the same.
func TestAdopt_copyWhoseDateWasNotKnown(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.srcVia = disguise(t, p.src.IMAP, func(line string) string { return sizeSaid.ReplaceAllString(line, "RFC822.SIZE 555") })
	mails := letters(3, 500, "a")
	p.fill(p.src, "INBOX", mails[:2]...)
	p.sync()
	p.fill(p.src, "INBOX", mails[2])
	undated := mails[2]
	undated.date = time.Time{}
	p.fill(p.dst, "INBOX", undated)
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 1})
	p.wantCount(p.dst, "INBOX", 3)
	p.quiet(mailcopy.Tally{})
}

var sizeSaid = regexp.MustCompile(`RFC822\.SIZE \d+`)
