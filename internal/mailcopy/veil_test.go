// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome"
	"rehome/lab/dovecot"
)

// veilPair is a pair whose destination tells size and date of a message that it cannot read: both are in names of files.
func veilPair(t *testing.T) *pair {
	t.Helper()
	return newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, dovecot.Options{Layout: dovecot.Maildir, Separator: "/"})
}

// veil keeps the destination from reading the message of its INBOX in whose content there is a text.
func (p *pair) veil(text string) (unveil func()) {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dst.MailRoot(address), "[cn]*", "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(content, []byte(text)) {
			continue
		}
		if err := os.Chmod(file, 0); err != nil {
			p.t.Fatal(err)
		}
		return func() {
			now, err := filepath.Glob(filepath.Join(p.dst.MailRoot(address), "cur", strings.TrimSuffix(filepath.Base(file), ":2,")+"*"))
			if err != nil || len(now) != 1 || os.Chmod(now[0], 0o600) != nil {
				p.t.Fatalf("%s is at %v, error %v", file, now, err)
			}
		}
	}
	p.t.Fatalf("no %q among %v", text, files)
	return nil
}

// wantListed counts the messages of the destination's INBOX and does not read them.
func (p *pair) wantListed(want int64) {
	p.t.Helper()
	c := p.client(p.dst)
	defer p.logout(c)
	box, err := c.Select(p.t.Context(), "INBOX")
	if err != nil || !box.Messages.Is(want) {
		p.t.Errorf("the destination lists %v messages, error %v, want %d", box.Messages, err, want)
	}
}

// The destination lists a message of its user's and breaks off whenever it is read. What may be that message is not sent, and all
// else of the mailbox is. When it can be read, and is another one, the rest is sent, too.
func TestVeil_damagedMessageOfTheUsers(t *testing.T) {
	t.Parallel()
	p := veilPair(t)
	p.fill(p.dst, "INBOX", letters(1, 6000, "own")...)
	unveil := p.veil("own")
	p.fill(p.src, "INBOX", append(letters(3, 300, "small"), letters(2, 6000, "large")...)...)
	for pass := range 2 {
		total := p.persevere()
		if total.Tally.Copied != 3-3*pass || total.Census.There != 3 || total.Census.Failed != 2 || total.Census.Mendable() {
			t.Errorf("pass %d: %+v, %+v, findings %v; want three there and two left", pass, total.Tally, total.Census, codes(total.Findings))
		}
		wantFinding(t, total, "message_maybe_there")
		p.wantListed(4)
	}
	unveil()
	if total := p.persevere(); total.Tally.Copied != 2 || !total.Census.Complete() {
		t.Errorf("%+v, %+v, findings %v; want two copied", total.Tally, total.Census, codes(total.Findings))
	}
	p.wantListed(6)
}

// The ledger is lost, and so is one copy, until it is repaired: it is not sent again, however complete the mailbox is otherwise, and
// whatever its size and date have become.
func TestVeil_damagedCopy(t *testing.T) {
	t.Parallel()
	p := veilPair(t)
	mails := append(letters(3, 300, "small"), letters(1, 6000, "large")...)
	p.fill(p.src, "INBOX", mails...)
	for i := range mails {
		mails[i].date = mails[i].date.AddDate(-1, 0, 0) // by a tool that has not kept it
	}
	p.fill(p.dst, "INBOX", mails...)
	unveil := p.veil("large")
	for pass := range 3 {
		if pass == 2 {
			p.fill(p.src, "INBOX", letters(1, 400, "new")...)
		}
		total := p.persevere()
		if total.Census.There != int64(3+pass/2) || total.Census.Failed != 1 || total.Census.Mendable() {
			t.Errorf("pass %d: %+v, %+v, findings %v; want one left", pass, total.Tally, total.Census, codes(total.Findings))
		}
		wantFinding(t, total, "message_maybe_there")
		p.wantListed(int64(4 + pass/2))
	}
	unveil()
	if total := p.persevere(); total.Tally.Adopted != 1 || total.Tally.Copied != 0 || !total.Census.Complete() {
		t.Errorf("%+v, %+v, findings %v; want it found", total.Tally, total.Census, codes(total.Findings))
	}
	p.wantListed(5)
}

// The answer to a batch was lost, and something at the destination that came with it cannot be read. When nothing of the batch can
// arrive any more, what may be there is left, and everything else is sent.
func TestVeil_lostAnswer(t *testing.T) {
	t.Parallel()
	p := veilPair(t)
	mails := append(letters(3, 300, "small"), letters(2, 6000, "large")...)
	p.fill(p.src, "INBOX", mails...)
	p.underWay(mails...)
	p.fill(p.dst, "INBOX", mails[0], mails[3])
	unveil := p.veil("large")
	total := p.persevere()
	if total.Census.There != 3 || total.Census.Failed != 2 || total.Census.Mendable() {
		t.Errorf("%+v, %+v, findings %v; want two left", total.Tally, total.Census, codes(total.Findings))
	}
	wantFinding(t, total, "message_maybe_there")
	p.wantListed(4)
	unveil()
	if total := p.persevere(); total.Tally.Copied != 1 || total.Tally.Adopted != 1 || !total.Census.Complete() {
		t.Errorf("%+v, %+v, findings %v; want one found and one copied", total.Tally, total.Census, codes(total.Findings))
	}
	p.wantListed(5)
}

// The source numbers its mailbox anew while a copy cannot be read: it is what a message may be at which the pass has stopped, also when
// the pass opens the mailbox again, and has not vanished. It is found when it can be read, and nothing is sent or removed until then.
func TestVeil_renumbered(t *testing.T) {
	t.Parallel()
	p := veilPair(t)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	renumber := p.renumbersSource(t)
	p.fill(p.src, "INBOX", append(letters(3, 300, "small"), letters(1, 6000, "large")...)...)
	p.sync()
	unveil := p.veil("large")
	renumber()
	for range 2 {
		total := p.persevereFor(1)
		if total.Tally.Copied != 0 || total.Tally.Removed != 0 || total.Census.Failed != 1 {
			t.Errorf("%+v, %+v, findings %v; want one left", total.Tally, total.Census, codes(total.Findings))
		}
		wantFinding(t, total, "message_maybe_there")
		p.wantListed(4)
	}
	unveil()
	if total := p.persevere(); total.Tally.Adopted != 1 || total.Tally.Copied != 0 || !total.Census.Complete() {
		t.Errorf("%+v, %+v, findings %v; want it found", total.Tally, total.Census, codes(total.Findings))
	}
	p.wantListed(4)
}

// The source numbers its mailbox anew, and the copy of a message that has vanished from it cannot be read: it is named in each pass, and
// nothing is booked or removed until it can.
func TestVeil_vanished(t *testing.T) {
	t.Parallel()
	p := veilPair(t)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	renumber := p.renumbersSource(t)
	p.fill(p.src, "INBOX", append(letters(3, 300, "small"), letters(1, 6000, "large")...)...)
	p.sync()
	unveil := p.veil("large")
	p.expunge(p.src, "INBOX", "4")
	renumber()
	for range 2 {
		total := p.persevere()
		if total.Tally.Copied+total.Tally.Removed+total.Tally.Kept != 0 || !total.Census.Complete() {
			t.Errorf("%+v, %+v, findings %v; want nothing copied or removed", total.Tally, total.Census, codes(total.Findings))
		}
		wantFinding(t, total, "former_unknown")
	}
	unveil()
	if total := p.persevere(); total.Tally.Removed != 1 || len(total.Findings) > 0 {
		t.Errorf("%+v, %+v, findings %v; want it removed", total.Tally, total.Census, codes(total.Findings))
	}
	p.wantListed(3)
}

// veilAll keeps the destination from reading any message of a mailbox.
func (p *pair) veilAll(mailbox string) {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.dst.MailRoot(address), "*"+mailbox, "[cn]*", "*"))
	if err != nil || len(files) == 0 {
		p.t.Fatalf("%s has the messages %v, error %v", mailbox, files, err)
	}
	for _, file := range files {
		if err := os.Chmod(file, 0); err != nil {
			p.t.Fatal(err)
		}
	}
}

// A mailbox has the UIDVALIDITY that another one had, and delivers nothing. It is that one, renamed by its user, as long as no mailbox of the
// former name shows what was brought: that was numbered anew then.
func TestVeil_anotherInItsPlace(t *testing.T) {
	t.Parallel()
	brought := letters(2, 600, "a")
	for name, test := range map[string]struct {
		there []mail
		want  int // in the mailbox of that name
	}{
		"what was brought": {brought, 3},
		"other messages":   {letters(2, 600, "own"), 2},
		"nothing":          {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := veilPair(t)
			p.fill(p.src, "Box", brought...)
			p.sync()
			p.rename(p.dst, "Box", "Mine")
			p.veilAll("Mine")
			p.fill(p.dst, "Box", test.there...)
			p.fill(p.src, "Box", letters(1, 600, "b")...)
			total := p.persevere()
			if total.Tally.Copied != 1 {
				t.Errorf("%+v, %+v, findings %v; want one copied", total.Tally, total.Census, codes(total.Findings))
			}
			p.wantCount(p.dst, "Box", test.want)
		})
	}
}
