// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"testing"

	"rehome"
	"rehome/internal/mailcopy"
)

// A mailbox that an end does not list is gone only when the end says so: a refusal that speaks of trouble, or that is not
// what it says of a mailbox that is not there, leaves it unknown.
func TestSync_mailboxNeitherListedNorOpened(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, refusal string }{
		{"trouble", "NO [UNAVAILABLE] not now"},
		{"no reason, and other words for what is not there", "NO not now"},
	} {
		hide := func(line []byte) []byte {
			switch {
			case bytes.HasPrefix(line, []byte("* LIST ")) && bytes.Contains(line, []byte("Work")):
				return nil
			case bytes.Contains(line, []byte(" OK [READ-ONLY] Examine completed")):
				tag, _, _ := bytes.Cut(line, []byte(" "))
				return append(append(tag, ' '), test.refusal+"\r\n"...)
			}
			return line
		}
		t.Run(test.name+" at the destination", func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX.Work", letters(3, 400, "a")...)
			p.sync()
			p.dstVia = rewrite(t, p.dst.IMAP, hide)
			wantTally(t, p.sync(), mailcopy.Tally{})
			p.dstVia = p.dst.IMAP
			p.quiet(mailcopy.Tally{})
			p.wantSame("INBOX.Work", "Work")
		})
	}
}

// The same at the source: what was not said to be gone is not removed at the destination.
func TestSync_sourceDoesNotSayThatAMailboxIsGone(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	p.fill(p.src, "INBOX", letters(3, 400, "b")...)
	p.fill(p.src, "INBOX.Work", letters(3, 400, "a")...)
	p.sync()
	p.delete(p.src, "INBOX.Work")
	p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte {
		if tag, rest, _ := bytes.Cut(line, []byte(" ")); bytes.HasPrefix(rest, []byte("NO ")) && bytes.Contains(rest, []byte("INBOX.Work")) {
			return append(tag, " NO [UNAVAILABLE] not now\r\n"...)
		}
		return line
	})
	wantFinding(t, p.sync(), "mailbox_not_listed")
	p.wantCount(p.dst, "Work", 3)
	p.srcVia = p.src.IMAP
	if r := p.sync(); r.Tally.Removed != 3 {
		t.Errorf("%+v, want 3 removed when the source has said that the mailbox is gone", r.Tally)
	}
}

// A rename at the source lets the destination be listed once more. What that listing leaves out is opened again, as it
// was after the first: it is not gone.
func TestRename_besideAMailboxThatIsNotListed(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Old", letters(3, 400, "a")...)
	p.fill(p.src, "INBOX.Work", letters(3, 400, "b")...)
	p.sync()
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("* LIST ")) && bytes.Contains(line, []byte("Work")) {
			return nil
		}
		return line
	})
	p.rename(p.src, "INBOX.Old", "INBOX.New")
	p.quiet(mailcopy.Tally{})
	p.wantSame("INBOX.New", "New")
	p.wantSame("INBOX.Work", "Work")
}

// A server that gives no reasons says the same of what was deleted and of what was never there.
func TestSync_goneWhereNoReasonIsGiven(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Work", letters(3, 400, "a")...)
	p.sync()
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte { return bytes.ReplaceAll(line, []byte("[NONEXISTENT] "), nil) })
	p.delete(p.dst, "Work")
	p.quiet(mailcopy.Tally{Deserted: 3})
}
