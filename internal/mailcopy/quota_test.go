// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rehome"
	"rehome/lab/dovecot"
)

// An account that does not fit is refused with the figures before anything is written.
func TestRunSlice_accountThatDoesNotFit(t *testing.T) {
	t.Parallel()
	p := newPair(t,
		dovecot.Options{Layout: dovecot.Maildir, Separator: ".", Prefix: "INBOX."},
		dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", QuotaMB: 2})
	p.fill(p.src, "INBOX", letters(3, 1_000_000, "large")...)
	_, err := p.trySync(p.engine())
	if rehome.ClassOf(err) != rehome.ClassQuota || !strings.Contains(err.Error(), "still to copy, and its quota of 2.0 MiB has 2.0 MiB left") {
		t.Fatalf("got %v, want a fault of the quota with figures", err)
	}
	if !strings.Contains(rehome.HintOf(err), "raise the account's quota to") {
		t.Errorf("hint %q", rehome.HintOf(err))
	}
	if _, err := p.engine().Plan(context.Background(), account); rehome.ClassOf(err) != rehome.ClassQuota {
		t.Errorf("the plan says %v, want the same", err)
	}
	if got := p.content(p.dst, "INBOX"); len(got) != 0 {
		t.Errorf("%d messages were written", len(got))
	}
	if got := p.content(p.src, "INBOX"); len(got) != 3 {
		t.Errorf("the source has %d messages, want its 3", len(got))
	}
}

// One that fits by a little is copied, and the next pass, which brings little, is not refused because
// the account is nearly full.
func TestRunSlice_accountThatFillsItsQuota(t *testing.T) {
	t.Parallel()
	p := newPair(t,
		dovecot.Options{Layout: dovecot.Maildir, Separator: ".", Prefix: "INBOX."},
		dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", QuotaMB: 2})
	p.fill(p.src, "INBOX", letters(2, 1_000_000, "large")...)
	p.sync()
	p.fill(p.src, "INBOX", letters(10, 1000, "small")...)
	if got := p.sync().Tally.Copied; got != 10 {
		t.Errorf("copied %d, want 10", got)
	}
	p.wantEqual("INBOX", "INBOX")
}

// A source may estimate sizes. Whether a message is above the limit that the destination announces its octets tell; one that the source
// refuses to hand out then keeps back none of the others.
func TestSync_estimatedSizeAboveTheLimit(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	listedSize := regexp.MustCompile(`RFC822\.SIZE ([0-9]+)`)
	withhold := withholding(2)
	p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte {
		return withhold(listedSize.ReplaceAll(line, []byte("RFC822.SIZE ${1}00")))
	})
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		return bytes.ReplaceAll(line, []byte(" UIDPLUS"), []byte(" UIDPLUS APPENDLIMIT=20000"))
	})
	p.fill(p.src, "INBOX", append(letters(3, 1_000, "small"), letters(1, 40_000, "large")...)...)
	r := p.sync()
	if r.Tally.Copied != 2 || r.Tally.Failed != 2 {
		t.Errorf("%+v, want both that fit and can be read copied, and the others refused; %v", r.Tally, r.Findings)
	}
	wantFinding(t, r, "message_too_large")
	wantFinding(t, r, "message_unreadable")
}

// withholding takes the body of a message out of the answers of a source that answers no two commands at once, and has it say NO.
func withholding(uid int) func(line []byte) []byte {
	begins := regexp.MustCompile(fmt.Sprintf(`^\* \d+ FETCH \(UID %d .*BODY\[\] \{`, uid))
	var mu sync.Mutex
	var within, refused bool
	return func(line []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case begins.Match(line):
			within, refused = true, true
			return nil
		case within:
			within = string(line) != ")\r\n"
			return nil
		case refused && bytes.Contains(line, []byte(" OK Fetch completed")):
			refused = false
			return bytes.Replace(line, []byte(" OK Fetch completed"), []byte(" NO Some messages could not be read"), 1)
		}
		return line
	}
}
