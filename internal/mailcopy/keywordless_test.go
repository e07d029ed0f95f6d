// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome/internal/mailcopy"
)

// A NO without a reason says nothing of keywords: what is refused once is sent once more with them, and what is refused again is sent without,
// and that is told.
func TestSync_refusedWithKeywords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		times int64
		kept  bool
	}{
		"once": {1, true}, "always": {100, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			mails := letters(1, 400, "a")
			mails[0].flags = []string{`\Seen`, "urgent"}
			p.fill(p.src, "INBOX", mails...)
			p.dstVia = refuseAppends(t, p.dst.IMAP, "urgent", test.times)
			r := p.sync()
			wantTally(t, r, mailcopy.Tally{Copied: 1})
			if test.kept {
				if len(r.Findings) > 0 {
					t.Errorf("findings %v", codes(r.Findings))
				}
				p.wantSame("INBOX", "INBOX")
				return
			}
			wantFinding(t, r, "flags_dropped")
			p.wantCount(p.dst, "INBOX", 1)
		})
	}
}
