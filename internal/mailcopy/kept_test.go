// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/mailcopy"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
)

// smallLimit is a destination that refuses large messages.
func smallLimit() dovecot.Options {
	return dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", MaxMessageSize: 64 << 10}
}

// via puts a proxy that counts before a server.
func (p *pair) via(address *string) *faultproxy.Proxy {
	p.t.Helper()
	proxy := faultproxy.Open(p.t, *address)
	*address = proxy.Addr()
	return proxy
}

// refusedOnce is a pair with one message of 1 MB that the destination refuses, after the first pass, and the file that
// keeps it.
func refusedOnce(t *testing.T) (p *pair, file string) {
	t.Helper()
	p = newPair(t, atmailSource(), smallLimit())
	p.fill(p.src, "INBOX", append(letters(3, 500, "small"), letters(1, 1<<20, "large")...)...)
	first := p.sync()
	if first.Tally.Copied != 3 || first.Tally.Failed != 1 {
		t.Fatalf("%+v, want 3 copied and 1 refused", first.Tally)
	}
	return p, p.original(first)
}

// original returns the only file of the escrow folder, which a finding has to name.
func (p *pair) original(r passed) string {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.escrow, "*", "*.eml"))
	if err != nil || len(files) != 1 {
		p.t.Fatalf("the escrow folder has %q, %v, want one original", files, err)
	}
	if f := wantFinding(p.t, r, "message_too_large"); !strings.Contains(f.NextStep, files[0]) {
		p.t.Errorf("%+v does not name %s", f, files[0])
	}
	return files[0]
}

// raiseLimit lets the destination take messages of every size.
func (p *pair) raiseLimit() {
	p.t.Helper()
	settings, err := os.ReadFile(p.dst.ConfigFile())
	if err != nil {
		p.t.Fatal(err)
	}
	raised := strings.ReplaceAll(string(settings), "quota_max_mail_size = 65536", "quota_max_mail_size = 10485760") + "login_greeting = raised\n"
	if err := os.WriteFile(p.dst.ConfigFile(), []byte(raised), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if out, err := p.dst.Exec(p.t.Context(), "reload"); err != nil {
		p.t.Fatalf("%v: %s", err, out)
	}
	for deadline := time.Now().Add(20 * time.Second); !p.greets("raised"); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatal("the destination does not take its new settings")
		}
	}
}

// greets says whether the destination's new connections have a word in their greeting.
func (p *pair) greets(word string) bool {
	dialogue, err := lab.Dial(p.t.Context(), p.dst.IMAP, nil)
	if err != nil {
		return false // it is being started anew
	}
	defer dialogue.Close()
	lines, err := dialogue.Hear("* ")
	return err == nil && strings.Contains(strings.Join(lines, ""), word)
}

// A refused message is offered again in each pass: neither is it read at the source again, nor sent in vain.
func TestKept_refusedAgainCostsNoTransfer(t *testing.T) {
	t.Parallel()
	p, file := refusedOnce(t)
	source, destination := p.via(&p.srcVia), p.via(&p.dstVia)
	again := p.sync()
	if again.Tally.Failed != 1 || p.original(again) != file {
		t.Errorf("%+v, want it refused again, with the same file", again.Tally)
	}
	if got := source.Counts().Bytes[faultproxy.ToClient]; got > 100_000 {
		t.Errorf("the source sent %d octets", got)
	}
	if got := destination.Counts().Bytes[faultproxy.ToServer]; got > 100_000 {
		t.Errorf("the destination was sent %d octets", got)
	}
}

// A refused message is damaged at the source later: its original, which is the only one left, is kept and named.
func TestKept_damagedAtTheSourceLater(t *testing.T) {
	t.Parallel()
	p := newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, smallLimit())
	p.fill(p.src, "Box", append(letters(3, 500, "small"), letters(1, 1<<20, "large")...)...)
	file := p.original(p.sync())
	repair := p.damage("Box", 4)
	for range 2 {
		if f := wantFinding(t, p.persevere(), "message_unreadable"); !strings.Contains(f.NextStep, file) {
			t.Errorf("%+v does not name %s", f, file)
		}
	}
	repair()
	source := p.via(&p.srcVia)
	if again := p.persevere(); p.original(again) != file {
		t.Errorf("%+v, want it refused again, with the same file", again.Tally)
	}
	if got := source.Counts().Bytes[faultproxy.ToClient]; got > 100_000 {
		t.Errorf("the source sent %d octets", got)
	}
	p.raiseLimit()
	wantTally(t, p.persevere(), mailcopy.Tally{Copied: 1})
	p.wantSame("Box", "Box")
}

// replaceLarge gives the large message of the source other words, pairs of old and new ones.
func (p *pair) replaceLarge(words ...string) {
	p.t.Helper()
	replaced := 0
	err := filepath.WalkDir(p.src.Home(address), func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
			return err
		case strings.HasPrefix(entry.Name(), "dovecot.index"): // what the server remembers of the header
			return os.Remove(file)
		}
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, []byte("<large-0@")) {
			return err
		}
		replaced++
		return os.WriteFile(file, []byte(strings.NewReplacer(words...).Replace(string(text))), 0o600)
	})
	if err != nil || replaced != 1 {
		p.t.Fatalf("%d messages replaced, %v", replaced, err)
	}
}

// Once the limit is raised it is copied, and read at the source once to see that it is still the message.
func TestKept_takenWhenTheLimitIsRaised(t *testing.T) {
	t.Parallel()
	p, _ := refusedOnce(t)
	p.raiseLimit()
	source := p.via(&p.srcVia)
	if r := p.sync(); r.Tally.Copied != 1 || r.Tally.Failed != 0 {
		t.Errorf("%+v, want it copied", r.Tally)
	}
	if got := source.Counts().Bytes[faultproxy.ToClient]; got > 1<<20+100_000 {
		t.Errorf("the source sent %d octets", got)
	}
	p.wantEqual("INBOX", "INBOX")
}

// What is not the original any more is never copied in its place.
func TestKept_changedFileIsReadAtTheSource(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(file string) error{
		"cut short": func(file string) error { return os.Truncate(file, 1<<19) },
		"removed":   os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, file := refusedOnce(t)
			if err := spoil(file); err != nil {
				t.Fatal(err)
			}
			p.raiseLimit()
			if r := p.sync(); r.Tally.Copied != 1 {
				t.Errorf("%+v, want it copied", r.Tally)
			}
			p.wantEqual("INBOX", "INBOX")
		})
	}
}

// A message that has the UID and the size of a refused one, as after a restore, is another message: also one with its header.
func TestKept_anotherMessageOfThatUID(t *testing.T) {
	t.Parallel()
	for name, words := range map[string][]string{
		"header and body": {"large", "other", "line of text", "another line"},
		"body":            {"line of text", "another line"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := refusedOnce(t)
			p.replaceLarge(words...)
			p.raiseLimit()
			p.settle = time.Second
			if r := p.sync(); r.Tally.Copied != 1 {
				t.Errorf("%+v, want it copied", r.Tally)
			}
			p.wantEqual("INBOX", "INBOX")
		})
	}
}

// A source may say a body twice. The original that is kept is the message all the same.
func TestKept_bodySaidTwice(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), smallLimit())
	large := letters(1, 1<<20, "large")
	p.fill(p.src, "INBOX", large...)
	var answer []byte // the FETCH response under way, while there is one
	p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte {
		if answer == nil && !bytes.Contains(line, []byte(" BODY[] {")) {
			return line
		}
		answer = append(answer, line...)
		if string(line) != ")\r\n" {
			return nil
		}
		twice := slices.Concat(answer, answer)
		answer = nil
		return twice
	})
	kept, err := os.ReadFile(p.original(p.sync()))
	if err != nil || string(kept) != large[0].body {
		t.Errorf("%d octets are kept, %v; the message has %d", len(kept), err, len(large[0].body))
	}
}
