// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome/internal/pass"
	"rehome/lab/dovecot"
)

// The destination does not take some messages. Each is named, or goes by IMAP if it is taken there, and all others keep their UIDs.
func TestUIDs_refusedMessages(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		destination dovecot.Options
		code        string // of the findings
		there       string // what the destination holds
		refused     int
	}{
		"at all": {dovecot.Options{Layout: dovecot.Mdbox, MaxMessageSize: 20_000}, "message_too_large", "UIDNEXT 151 UIDs 2:77,80:149", 4},
		"by dsync": {dovecot.Options{Layout: dovecot.Maildir, Extra: "protocol doveadm {\n  plugin {\n    quota_max_mail_size = 20000 B\n  }\n}\n"},
			"uids_not_kept", "UIDNEXT 155 UIDs 2:77,80:149,151:154", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.destination.Separator, test.destination.Doveadm = "/", true
			p := newPair(t, atmailSource(), test.destination)
			p.dsync = p.dst.DoveadmTCP
			mails := letters(150, 500, "inbox")
			for _, i := range []int{0, 77, 78, 149} {
				mails[i].body += strings.Repeat("a line of text\r\n", 2000)
			}
			p.fill(p.src, "INBOX", mails...)
			total := p.sync()
			found := 0
			for _, f := range total.Findings {
				if f.Code == test.code {
					found++
				}
			}
			if found == 0 || test.refused > 0 && found != test.refused || int(total.Census.Failed) != test.refused {
				t.Errorf("%d findings %s, failed %d: %v", found, test.code, total.Census.Failed, total.Findings)
			}
			if got := p.numbers(p.dst, "INBOX"); !strings.HasSuffix(got, test.there) {
				t.Errorf("the destination has %s, want %s", got, test.there)
			}
			if test.refused > 0 {
				p.remove(p.src, "INBOX", 1, 78, 79, 150)
			}
			p.wantSame("INBOX", "INBOX")
			if again := p.sync(); again.Tally.Copied != 0 {
				t.Errorf("the next pass copied %d", again.Tally.Copied)
			}
		})
	}
}

// The destination's process dies at one message, each time, and says nothing. All others are there with their UIDs all the same.
func TestUIDs_aMessageThatKills(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), dovecot.Options{Version: dovecot.V24, Layout: dovecot.Sdbox, Separator: "/", Doveadm: true})
	p.dsync = p.dst.DoveadmTCP
	p.boundFiles(80_000) // none of its own files grows as long
	mails := letters(150, 500, "inbox")
	mails[77].body += strings.Repeat("a line of text\r\n", 6000)
	p.fill(p.src, "INBOX", mails...)
	const want = "UIDs 1:77,79:150"
	engine, started := p.engine(), time.Now()
	for range 60 { // as the conductor does: it may be the line
		r, err := slice(t.Context(), engine, started, pass.DefaultBudget)
		if err == nil && !r.More && len(r.Waits) == 0 || strings.HasSuffix(p.numbers(p.dst, "INBOX"), want) {
			break
		}
		if look, _ := pass.NextLook(r.Waits); !r.More {
			<-time.After(time.Until(look))
		}
	}
	if got := p.numbers(p.dst, "INBOX"); !strings.HasSuffix(got, want) {
		t.Errorf("the destination has %s, want %s", got, want)
	}
	p.remove(p.src, "INBOX", 78)
	p.wantEqual("INBOX", "INBOX")
}

// boundFiles has every process of the destination die that writes a longer file.
func (p *pair) boundFiles(octets int) {
	p.t.Helper()
	pid, err := os.ReadFile(filepath.Join(p.dst.Dir(), "run", "master.pid"))
	if err != nil {
		p.t.Fatal(err)
	}
	command := exec.CommandContext(p.t.Context(), "prlimit", "--pid", strings.TrimSpace(string(pid)), "--fsize="+strconv.Itoa(octets))
	if out, err := command.CombinedOutput(); err != nil {
		p.t.Fatalf("%v: %s", err, out)
	}
}
