// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"fmt"
	"testing"
	"time"

	"rehome/internal/mailcopy"
)

// alike makes n messages of the same header, size and date, as mail merges and scanners write them.
func alike(first, n int) []mail {
	all := make([]mail, n)
	for i := range all {
		head := "From: scanner@example.test\r\nSubject: scan\r\nMessage-ID: <scan@example.test>\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\n\r\n"
		all[i] = mail{body: head + fmt.Sprintf("page %06d\r\n", first+i), date: time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	return all
}

// A message at the destination that has the header, the size and the date of one of the source, and another body,
// is another message.
func TestAdopt_sameHeaderOtherBody(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Scans", alike(1, 1)...)
	p.fill(p.dst, "Scans", alike(2, 1)...)
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 1})
	if got := len(p.content(p.dst, "Scans")); got != 2 {
		t.Errorf("%d messages at the destination, want that of its user and the source's", got)
	}
	p.quiet(mailcopy.Tally{})
}

// After the loss of the ledger each of many that look alike is found by its body, and as often as it is there.
func TestAdopt_manyAlikeAfterTheLossOfTheLedger(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	scans := append(alike(1, 6), alike(1, 2)...) // two of them are there twice
	p.fill(p.src, "INBOX.Scans", scans...)
	p.sync()
	p.expunge(p.dst, "Scans", "3,7")
	p.newLedger()
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 6, Copied: 2})
	p.wantSame("INBOX.Scans", "Scans")
	p.quiet(mailcopy.Tally{})
}
