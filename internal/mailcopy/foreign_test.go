// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome/internal/mailcopy"
	"rehome/lab/dovecot"
)

// renumber takes a Maildir's lists of UIDs away, as a restore without them does.
func (p *pair) renumber(server *dovecot.Server) {
	p.t.Helper()
	err := filepath.WalkDir(server.Home(address), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasPrefix(entry.Name(), "dovecot") && entry.Name() != "dovecot-keywords" {
			err = os.Remove(path)
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// The log-in opens another person's mail: nothing of it is copied and nothing removed, until somebody confirms it,
// and all is well when the right one is back.
func TestForeign_sourceOfAnotherPerson(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *pair) {
		p.fill(p.src, "INBOX", letters(40, 500, "mine")...)
		p.fill(p.src, "INBOX.Work", letters(12, 500, "my work")...)
		p.sync()
		stranger := atmailPair(t)
		stranger.fill(stranger.src, "INBOX", letters(60, 500, "of a stranger")...)
		stranger.fill(stranger.src, "INBOX.Work", letters(7, 500, "work of a stranger")...)
		stranger.fill(stranger.src, "INBOX.Secrets", letters(5, 500, "secrets")...)
		before := p.mailboxes(p.dst)
		there := p.srcVia
		p.srcVia = stranger.srcVia
		for range 2 {
			r := p.sync()
			wantTally(t, r, mailcopy.Tally{Held: 72})
			wantFinding(t, r, mailcopy.SourceForeign.Code)
			p.wantMailboxes(p.dst, before...)
			p.wantCount(p.dst, "INBOX", 40)
		}
		p.srcVia = there
		p.quiet(mailcopy.Tally{})
		p.wantEqual("INBOX", "INBOX")

		p.srcVia, p.confirmSource = stranger.srcVia, true
		if r := p.sync(); r.Tally.Copied != 72 {
			t.Errorf("confirmed: %+v, want 72 copied", r.Tally)
		}
		p.confirmSource = false
		if r := p.sync(); r.Tally.Copied+r.Tally.Adopted != 0 || len(r.Findings) > 0 && mailcopy.SourceForeign.Is(r.Findings[0]) {
			t.Errorf("once it was confirmed: %+v, %v", r.Tally, codes(r.Findings))
		}
	})
}

// What a user does, and a server that numbers everything anew, is no reason to stop.
func TestForeign_noFalseAlarm(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(p *pair){
		"everything deleted, new mail": func(p *pair) {
			p.expunge(p.src, "INBOX", "1:30")
			p.delete(p.src, "INBOX.Work")
			p.fill(p.src, "INBOX", letters(25, 500, "new")...)
		},
		"everything renumbered": func(p *pair) {
			p.renumber(p.src)
			p.fill(p.src, "INBOX", letters(25, 500, "new")...)
		},
		"only new mail": func(p *pair) { p.fill(p.src, "INBOX", letters(200, 500, "new")...) },
		"everything moved to a new mailbox": func(p *pair) {
			p.fill(p.src, "INBOX.All")
			p.move(p.src, "INBOX", "1:30", "INBOX.All")
			p.move(p.src, "INBOX.Work", "1:25", "INBOX.All")
			p.delete(p.src, "INBOX.Work")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX", letters(30, 500, "inbox")...)
			p.fill(p.src, "INBOX.Work", letters(25, 500, "work")...)
			p.sync()
			change(p)
			r := p.sync()
			for _, f := range r.Findings {
				if mailcopy.SourceForeign.Is(f) {
					t.Error(f.Sentence)
				}
			}
			have := map[string]bool{}
			for _, mailbox := range p.mailboxes(p.dst) {
				for _, body := range p.bodies(p.dst, mailbox) {
					have[body] = true
				}
			}
			for _, mailbox := range p.mailboxes(p.src) {
				for i, body := range p.bodies(p.src, mailbox) {
					if !have[body] {
						t.Errorf("message %d of %s is not at the destination", i, mailbox)
					}
				}
			}
		})
	}
}
