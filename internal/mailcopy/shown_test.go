// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"rehome/internal/mailcopy"
)

// A message that arrives while its mailbox is listed is not one that the server leaves out.
func TestSync_mailArrivesDuringTheListing(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(2, 400, "a")...)
	p.fill(p.dst, "INBOX", letters(4, 400, "of its user")...)
	var mu sync.Mutex
	searches, shown := 0, 2 // so many of the four have arrived
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case bytes.HasPrefix(line, []byte("* ESEARCH ")):
			searches++
			line = bytes.Replace(line, []byte("1:4"), fmt.Appendf(nil, "1:%d", shown), 1)
			if shown < 4 {
				shown++
				line = fmt.Appendf(line, "* %d EXISTS\r\n", shown)
			}
		case bytes.HasPrefix(line, []byte("* 4 EXISTS")):
			return fmt.Appendf(nil, "* %d EXISTS\r\n", shown)
		case bytes.HasPrefix(line, []byte("* 4 FETCH")) && searches < 3: // it has not come yet
			return nil
		}
		return line
	})
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 2})
	if searches < 3 {
		t.Errorf("%d searches, want one after the last message has come", searches)
	}
}

// A listing that leaves a message out has not said that it has neither flags nor a date: it is asked for them again, before the
// message is copied, and those that it does not tell then are not taken for none by a later pass.
func TestSync_listingTellsNothingOfOne(t *testing.T) {
	t.Parallel()
	for untold, copied := range map[int]bool{2: true, 4: false} {
		t.Run(fmt.Sprintf("%d times", untold), func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX", letters(4, 400, "a")...)
			var mu sync.Mutex
			left := untold
			p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				if left > 0 && bytes.HasPrefix(line, []byte("* 2 FETCH")) && bytes.Contains(line, []byte("FLAGS")) {
					left--
					return nil
				}
				return line
			})
			p.sync()
			if copied {
				p.wantSame("INBOX", "INBOX")
				return
			}
			p.sync()
			source, destination := p.content(p.src, "INBOX"), p.content(p.dst, "INBOX")
			if flags := strings.Fields(destination[1])[2:]; !strings.HasSuffix(source[1], strings.Join(flags, " ")) || len(flags) == 0 {
				t.Errorf("%s has the flags %q at the destination", source[1], flags)
			}
		})
	}
}
