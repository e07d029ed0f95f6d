// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"rehome/internal/mailcopy"
	"rehome/lab/dovecot"
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

// bald makes n messages of the same header, which has neither Message-ID nor Date.
func bald(first, n int) []mail {
	all := alike(first, n)
	for i := range all {
		all[i].body = fmt.Sprintf("Subject: scan\r\n\r\npage %06d\r\n", first+i)
	}
	return all
}

// later gives messages another date: they have arrived another time.
func later(mails []mail) []mail {
	for i := range mails {
		mails[i].date = mails[i].date.Add(time.Hour)
	}
	return mails
}

// Either end is put back, and the UID of a message that it has lost goes to another one of the same header and size.
// More mail follows, so that no number tells it.
func TestRestore_thenOneThatLooksAlike(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(first, n int) []mail{"alike": alike, "bald": bald} {
		for _, end := range []string{"source", "destination"} {
			t.Run(name+" at the "+end, func(t *testing.T) {
				t.Parallel()
				p := atmailPair(t)
				server := map[string]*dovecot.Server{"source": p.src, "destination": p.dst}[end]
				p.fill(p.src, "INBOX", letters(3, 500, "first")...)
				p.sync()
				putBack := p.backUp(server)
				p.fill(p.src, "INBOX", write(1, 1)...)
				p.sync()
				all := p.bodies(p.src, "INBOX")
				putBack()
				p.fill(server, "INBOX", later(write(2, 1))...)
				p.fill(server, "INBOX", letters(2, 500, "more")...)
				p.sync()
				got := p.bodies(p.dst, "INBOX")
				for _, body := range append(all, p.bodies(server, "INBOX")...) {
					if !slices.Contains(got, body) || len(got) != 7 {
						t.Fatalf("%d messages at the destination, want 7, among them %s", len(got), body)
					}
				}
				p.quiet(mailcopy.Tally{})
			})
		}
	}
}

// The destination is put back, another copier brings what looks alike there again, and gets the UID of one that is deleted at
// the source meanwhile. No number tells that, and what is missing is to be copied again: it is there already.
func TestRestore_anotherCopierWasFaster(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), plainCloud())
	told := regexp.MustCompile(`\* OK \[UIDNEXT \d+\].*\r\n| UIDNEXT \d+`)
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte { return told.ReplaceAll(line, nil) })
	p.fill(p.src, "INBOX", letters(3, 500, "first")...)
	p.sync()
	putBack := p.backUp(p.dst)
	p.fill(p.src, "INBOX", alike(1, 2)...)
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 2})
	putBack()
	p.fill(p.dst, "INBOX", alike(2, 1)...)
	p.expunge(p.src, "INBOX", "4")
	wantFinding(t, p.sync(), "destination_emptied")
	p.copyAgain = true
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 1})
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

// A source gives a message out in another form one day. It is the same one: its copy has its date.
func TestSync_sourceThatShowsAMessageInAnotherForm(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(3, 500, "first")...)
	p.sync()
	files, err := filepath.Glob(filepath.Join(p.src.MailRoot(address), "[cn][ue][rw]", "*"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		was, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("line of text"), []byte("LINE OF TEXT")), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, was.ModTime(), was.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	p.fill(p.src, "INBOX", letters(1, 500, "new")...)
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 1})
	p.quiet(mailcopy.Tally{})
}
