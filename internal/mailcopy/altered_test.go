// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"fmt"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"rehome/internal/mailcopy"
	"rehome/lab/dovecot"
)

var uidsTold = regexp.MustCompile(`\[APPENDUID [^]]*\] | UIDPLUS`)

// alteringPair has a destination that tells no UIDs and, while alters holds, changes what it stores.
func alteringPair(t *testing.T) (p *pair, alters *atomic.Bool) {
	t.Helper()
	p = atmailPair(t)
	return p, p.alter()
}

func (p *pair) alter() (alters *atomic.Bool) {
	p.t.Helper()
	alters = &atomic.Bool{}
	alters.Store(true)
	p.settle = time.Second
	p.dstVia = rewrite(p.t, p.dst.IMAP, func(line []byte) []byte {
		line = uidsTold.ReplaceAll(line, nil)
		if !alters.Load() {
			return line
		}
		return bytes.Replace(line, []byte("Subject: b"), []byte("Subject: B"), 1)
	})
	return alters
}

// A destination that tells no UIDs changes what it stores. What it has confirmed is not sent again, neither in this pass nor in
// a later one, and is named until it is found.
func TestSync_alteredByTheDestination(t *testing.T) {
	t.Parallel()
	p, alters := alteringPair(t)
	p.fill(p.src, "INBOX", append(letters(2, 300, "a"), letters(1, 300, "b")...)...)
	for range 2 {
		r := p.sync()
		wantFinding(t, r, "message_altered")
		if r.Census.There != 2 || r.Census.Failed != 1 || r.Census.Mendable() {
			t.Errorf("%+v, want two there and one failed", r.Census)
		}
		p.wantCount(p.dst, "INBOX", 3)
	}
	alters.Store(false)
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 1})
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

// One that tells UIDs changes what it stores, too. That shows when its copies are looked at, and looks like a restore from a backup
// then: they are copied again, and no third time.
func TestSync_alteredWithUIDs(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		return bytes.Replace(line, []byte("Message-ID: <b-"), []byte("Message-ID: <c-"), 1)
	})
	p.fill(p.src, "INBOX", append(letters(2, 300, "a"), letters(1, 300, "b")...)...)
	p.sync()
	for n := range 4 {
		p.fill(p.dst, "INBOX", letters(1, 200, fmt.Sprintf("other-%d", n))...) // so that the mailbox is looked at
		r := p.sync()
		switch copied := r.Tally.Copied; {
		case n == 0:
			wantFinding(t, r, "destination_restored")
			if copied != 1 {
				t.Errorf("%d copied again, want 1", copied)
			}
		case copied != 0 || r.Census.Failed != 1:
			t.Errorf("pass %d: %d copied, %+v; want none, and one failed", n, copied, r.Census)
		default:
			wantFinding(t, r, "message_altered")
		}
	}
	p.wantCount(p.dst, "INBOX", 2+2+4)
}

// What was confirmed is a message and not a UID: a source that is put back gives the UID to another one, which is copied, however
// alike the two are. The other one, which has lost its original, is named.
func TestSync_confirmedUnderTheUIDOfAnother(t *testing.T) {
	t.Parallel()
	p, alters := alteringPair(t)
	p.fill(p.src, "INBOX", letters(2, 300, "a")...)
	putBack := p.backUp(p.src)
	b := letters(1, 300, "b")[0]
	p.fill(p.src, "INBOX", b)
	wantFinding(t, p.sync(), "message_altered")
	putBack()
	alters.Store(false)
	b.body = b.body[:len(b.body)-4] + "??\r\n"
	p.fill(p.src, "INBOX", b)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Copied: 1})
	wantFinding(t, r, "arrival_unknown")
	p.wantCount(p.dst, "INBOX", 4)
}

// A copy that was confirmed, and found as that of another message of the same content while the source could not read its original, is
// not looked for any more: the original is sent once more, whatever else the destination holds.
func TestSync_confirmedCopyTakenByItsTwin(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	alters := p.alter()
	b := letters(1, 300, "b")[0]
	p.fill(p.src, "INBOX", b)
	wantFinding(t, p.sync(), "message_altered")
	p.fill(p.dst, "INBOX", letters(1, 200, "other")...)
	alters.Store(false)
	repair := p.damage("INBOX", 1)
	p.fill(p.src, "INBOX", b)
	if r := p.persevere(); r.Tally.Adopted != 1 || r.Tally.Copied != 0 {
		t.Errorf("%+v, findings %v; want the copy found as that of the other message", r.Tally, codes(r.Findings))
	}
	repair()
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 1})
	p.wantCount(p.dst, "INBOX", 3)
	p.quiet(mailcopy.Tally{})
}
