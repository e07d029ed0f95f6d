// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"testing"

	"rehome/internal/mailcopy"
)

// An end that says no STATUS of a mailbox under its new name is opened and asked: nothing is copied again, and what
// the destination's user has deleted does not come back.
func TestRename_whereStatusIsMissing(t *testing.T) {
	t.Parallel()
	untold := func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("* STATUS")) && bytes.Contains(line, []byte("New")) {
			return nil
		}
		return line
	}
	for name, prepare := range map[string]func(*testing.T, *pair){
		"source": func(t *testing.T, p *pair) { p.srcVia = rewrite(t, p.src.IMAP, untold) },
		"destination": func(t *testing.T, p *pair) {
			p.dstVia = rewrite(t, p.dst.IMAP, untold)
		},
		"destination, interrupted": func(t *testing.T, p *pair) {
			p.rename(p.dst, "Old", "New")
			p.dstVia = rewrite(t, p.dst.IMAP, untold)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX.Old", letters(6, 500, "a")...)
			p.sync()
			p.expunge(p.dst, "Old", "1:2")
			p.rename(p.src, "INBOX.Old", "INBOX.New")
			prepare(t, p)
			p.quiet(mailcopy.Tally{Deserted: 2})
			p.wantCount(p.dst, "New", 4)
			p.wantMailboxes(p.dst, "INBOX", "New", "Sent")
			p.quiet(mailcopy.Tally{Deserted: 2})
		})
	}
}

// A pass is killed behind its rename, and the user has deleted all that was in the mailbox: nothing of it comes back.
func TestRename_ofWhatIsEmptyByNow(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Old", letters(2, 500, "a")...)
	p.sync()
	p.expunge(p.dst, "Old", "1:2")
	p.rename(p.src, "INBOX.Old", "INBOX.New")
	p.rename(p.dst, "Old", "New")
	p.quiet(mailcopy.Tally{Deserted: 2})
	p.wantMailboxes(p.dst, "INBOX", "New", "Sent")
}
