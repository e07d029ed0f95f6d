// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/lab/dovecot"
)

// refuseKeyword lets the destination refuse a keyword, so often in APPEND and so often in STORE.
func (p *pair) refuseKeyword(words string, appends, stores int64) {
	p.t.Helper()
	var left [2]atomic.Int64
	left[0].Store(appends)
	left[1].Store(stores)
	p.dstVia = refusing(p.t, p.dst.IMAP, words, func(line string) bool {
		for i, command := range []string{" APPEND ", " UID STORE "} {
			if strings.Contains(line, command) && strings.Contains(line, "urgent") {
				return left[i].Add(-1) >= 0
			}
		}
		return false
	})
}

// plainSource is one that tells no mod-sequences.
func plainSource() dovecot.Options {
	o := atmailSource()
	o.Extra = plainCloud().Extra
	return o
}

const always = 1000

// A NO without a reason says nothing of keywords: what is refused once is sent once more with them, and where that is refused, too, without:
// then they are tried by themselves. What the destination refuses all the same it is asked again in the next pass.
func TestSync_refusedKeywords(t *testing.T) {
	t.Parallel()
	const refused, dropped = "flags_refused", "flags_dropped"
	copied, later := mailcopy.Tally{Copied: 1}, mailcopy.Tally{Copied: 1, Flagged: 1}
	for name, test := range map[string]struct {
		source          dovecot.Options
		words           string
		appends, stores int64
		tallies         [2]mailcopy.Tally // of two passes
		findings        [2]string
	}{
		"once":                     {atmailSource(), "NO not now", 1, 0, [2]mailcopy.Tally{copied, {}}, [2]string{}},
		"two times":                {atmailSource(), "NO not now", 2, 0, [2]mailcopy.Tally{later, {}}, [2]string{}},
		"for a pass":               {atmailSource(), "NO not now", 2, 3, [2]mailcopy.Tally{copied, {Flagged: 1}}, [2]string{refused}},
		"always":                   {atmailSource(), "NO not here", always, always, [2]mailcopy.Tally{copied, {}}, [2]string{refused, refused}},
		"always, no mod-sequences": {plainSource(), "NO not here", always, always, [2]mailcopy.Tally{copied, {}}, [2]string{refused, refused}},
		"that it cannot store":     {atmailSource(), "NO [CANNOT] too long", always, always, [2]mailcopy.Tally{later, {}}, [2]string{dropped}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, test.source, cloudDestination())
			mails := letters(1, 400, "a")
			mails[0].flags = []string{`\Seen`, "urgent"}
			p.fill(p.src, "INBOX", mails...)
			p.refuseKeyword(test.words, test.appends, test.stores)
			for i, want := range test.tallies {
				r := p.sync()
				wantTally(t, r, want)
				if got := strings.Join(codes(r.Findings), " "); got != test.findings[i] {
					t.Errorf("pass %d: findings %q, want %q", i+1, got, test.findings[i])
				}
				is := test.findings[i] == refused
				if is != (pass.Blocked(address, r.Findings) != nil) || is && !strings.Contains(r.Findings[0].Sentence, test.words[len("NO "):]) {
					t.Errorf("pass %d: findings %+v; blocks %v, want %v", i+1, r.Findings, !is, is)
				}
			}
			if kept := test.stores < always; kept {
				p.wantSame("INBOX", "INBOX")
			}
			p.wantCount(p.dst, "INBOX", 1)
		})
	}
}

// A destination that answers BAD to a keyword, which ends the connection: all else is done, and the keyword is named.
func TestSync_keywordAnsweredBad(t *testing.T) {
	t.Parallel()
	p := newPair(t, plainSource(), cloudDestination())
	p.fill(p.src, "INBOX", letters(3, 400, "a")...)
	p.fill(p.src, "INBOX.Work", letters(1, 400, "b")...)
	p.sync()
	p.mark(p.src, "INBOX", "1:3", "urgent")
	p.mark(p.src, "INBOX", "1:2", `\Flagged`)
	p.mark(p.src, "INBOX.Work", "1", `\Flagged`)
	p.refuseKeyword("BAD what was that", 0, always)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Flagged: 3})
	if f := wantFinding(t, r, "flags_refused"); !strings.Contains(f.Sentence, `urgent on 3 messages: what was that`) || len(r.Findings) > 1 {
		t.Errorf("%q of %v, want urgent on 3 messages and nothing else", f.Sentence, codes(r.Findings))
	}
	p.dstVia = p.dst.IMAP
	wantTally(t, p.sync(), mailcopy.Tally{Flagged: 3})
	p.wantSame("INBOX", "INBOX")
}

// One flag of several is refused: the others are changed, and all other messages.
func TestSync_refusedFlagOfSeveral(t *testing.T) {
	t.Parallel()
	p := newPair(t, plainSource(), cloudDestination())
	p.fill(p.src, "INBOX", letters(3, 400, "a")...)
	p.sync()
	p.mark(p.src, "INBOX", "1:3", "urgent")
	p.mark(p.src, "INBOX", "1:2", `\Flagged`)
	p.refuseKeyword("NO not here", 0, always)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Flagged: 2})
	if f := wantFinding(t, r, "flags_refused"); !strings.Contains(f.Sentence, "urgent on 3 messages") || strings.Contains(f.Sentence, "Flagged") {
		t.Errorf("%q, want urgent on 3 messages", f.Sentence)
	}
	wantTally(t, p.sync(), mailcopy.Tally{})
	p.dstVia = p.dst.IMAP
	wantTally(t, p.sync(), mailcopy.Tally{Flagged: 3})
	p.wantSame("INBOX", "INBOX")
}
