// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
	"rehome/lab/dovecot"
)

// backUp copies an account's mail away, as a nightly job would, and returns what puts it back.
func (p *pair) backUp(server *dovecot.Server) (putBack func()) {
	p.t.Helper()
	home, safe := server.Home(address), filepath.Join(p.t.TempDir(), "backup")
	run := func(program string, args ...string) {
		if out, err := exec.CommandContext(p.t.Context(), program, args...).CombinedOutput(); err != nil {
			p.t.Fatalf("%s: %v: %s", program, err, out)
		}
	}
	run("cp", "-a", home, safe)
	return func() {
		p.t.Helper()
		if err := os.RemoveAll(home); err != nil {
			p.t.Fatal(err)
		}
		run("cp", "-a", safe, home)
	}
}

// restored copies INBOX with what it holds before and after a backup of a server, and puts the server back.
func (p *pair) restored(server *dovecot.Server, before, after []mail) {
	p.t.Helper()
	p.fill(p.src, "INBOX", before...)
	p.sync()
	putBack := p.backUp(server)
	p.fill(p.src, "INBOX", after...)
	p.sync()
	putBack()
}

// bodies returns what a mailbox holds in alphabetical order, without dates and flags.
func (p *pair) bodies(server *dovecot.Server, mailbox string) []string {
	var all []string
	for _, line := range p.content(server, mailbox) {
		all = append(all, strings.Fields(line)[0])
	}
	slices.Sort(all)
	return all
}

// wantHolds compares the messages of the destination's INBOX with those of the source and those of its own user.
func (p *pair) wantHolds(source []string, own ...[]string) {
	const mailbox = "INBOX"
	p.t.Helper()
	want := slices.Concat(append([][]string{source}, own...)...)
	slices.Sort(want)
	if got := p.bodies(p.dst, mailbox); !slices.Equal(got, want) {
		p.t.Errorf("%s has %d messages, want %d: each of the source and of its user once; %s", mailbox, len(got), len(want), firstDifference(want, got))
	}
}

// The destination is put back from a backup and its user gets new mail, which takes over the UIDs of messages
// that we had brought. These are brought again, and nothing of the user's is ever taken for ours.
func TestRestore_destinationThenNewMailOfItsUser(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Sdbox, dovecot.Maildir, dovecot.Mdbox} {
		for _, newMail := range []int{0, 1, 10, 14} {
			t.Run(fmt.Sprintf("%s, %d new", layout, newMail), func(t *testing.T) {
				t.Parallel()
				p := newPair(t, atmailSource(), dovecot.Options{Layout: layout, Separator: "/"})
				p.deletions = rehome.DeletionsMirror
				p.fill(p.src, "INBOX", letters(30, 500, "first")...)
				p.sync()
				putBack := p.backUp(p.dst)
				p.fill(p.src, "INBOX", letters(10, 500, "later")...)
				wantTally(t, p.sync(), mailcopy.Tally{Copied: 10})
				putBack()
				p.fill(p.dst, "INBOX", letters(newMail, 500, "of the user")...)
				own := p.own("INBOX")

				r := p.sync()
				wantTally(t, r, mailcopy.Tally{Copied: 10})
				wantFinding(t, r, "destination_restored")
				p.wantHolds(p.bodies(p.src, "INBOX"), own)
				p.quiet(mailcopy.Tally{})

				p.expunge(p.src, "INBOX", "25:35")
				p.quiet(mailcopy.Tally{Removed: 11})
				p.wantHolds(p.bodies(p.src, "INBOX"), own)
				p.quiet(mailcopy.Tally{})
			})
		}
	}
}

// own returns what the destination has and the source has not.
func (p *pair) own(mailbox string) []string {
	p.t.Helper()
	left := p.bodies(p.dst, mailbox)
	for _, body := range p.bodies(p.src, mailbox) {
		if at := slices.Index(left, body); at >= 0 {
			left = slices.Delete(left, at, at+1)
		}
	}
	return left
}

// The source is put back from a backup: what it has lost nobody has deleted, so it stays, and new messages
// under known UIDs are copied.
func TestRestore_sourceThenNewMail(t *testing.T) {
	t.Parallel()
	for _, newMail := range []int{0, 4, 10, 14} {
		t.Run(fmt.Sprintf("%d new", newMail), func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.deletions = rehome.DeletionsMirror
			p.fill(p.src, "INBOX", letters(30, 500, "first")...)
			p.sync()
			putBack := p.backUp(p.src)
			p.expunge(p.src, "INBOX", "3:4") // comes back
			p.fill(p.src, "INBOX", letters(10, 500, "later")...)
			wantTally(t, p.sync(), mailcopy.Tally{Copied: 10, Removed: 2})
			lost := p.bodies(p.src, "INBOX")
			putBack()
			kept := p.bodies(p.src, "INBOX")
			lost = slices.DeleteFunc(lost, func(body string) bool { return slices.Contains(kept, body) })
			p.fill(p.src, "INBOX", letters(newMail, 500, "new")...)

			r := p.sync()
			wantTally(t, r, mailcopy.Tally{Copied: newMail + 2})
			wantFinding(t, r, "source_restored")
			p.wantHolds(p.bodies(p.src, "INBOX"), lost)
			p.quiet(mailcopy.Tally{})
		})
	}
}

// brokenOff is a ledger of a process that ends when it has disowned messages.
type brokenOff struct {
	*ledger.Mail
	on bool
}

func (b *brokenOff) Disown(ctx context.Context, m *ledger.Mailbox, sources imap.UIDSet) error {
	if err := b.Mail.Disown(ctx, m, sources); err != nil || !b.on {
		return err
	}
	return errors.New("the process has ended")
}

// The pass that notices what the source has lost breaks off before it can tell: the next one tells it, once.
func TestRestore_sourceIsToldLater(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.restored(p.src, letters(3, 500, "first"), letters(2, 500, "later"))
	p.fill(p.src, "INBOX", letters(2, 500, "new")...)
	engine := mailcopy.New(mailcopy.Options{
		Source: host(rehome.Source, p.srcVia), Destination: host(rehome.Destination, p.dstVia), Deletions: p.deletions,
		Settle: shortSettle, Ledger: &brokenOff{p.ledger, true}, EscrowDir: p.escrow,
	})
	if _, err := p.trySync(engine); err == nil {
		t.Fatal("the pass has not broken off")
	}
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Copied: 2})
	for _, f := range r.Findings {
		if f.Code == "source_restored" && !strings.Contains(f.Sentence, "2 messages that the source lost") {
			t.Errorf("%s; want 2 that the source lost", f.Sentence)
		}
	}
	wantFinding(t, r, "source_restored")
	p.quiet(mailcopy.Tally{})
}

// Only the last message is lost, and one comes in its place: the numbers are what they were before.
func TestRestore_destinationWithTheSameNumbers(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX", letters(30, 500, "first")...)
	p.sync()
	putBack := p.backUp(p.dst)
	p.fill(p.src, "INBOX", letters(3, 500, "later")...)
	p.sync()
	p.quiet(mailcopy.Tally{})
	putBack()
	p.fill(p.dst, "INBOX", letters(3, 500, "later, of the user")...)
	own := p.own("INBOX")
	p.expunge(p.src, "INBOX", "31:33")
	r := p.sync()
	wantFinding(t, r, "destination_restored")
	p.wantHolds(p.bodies(p.src, "INBOX"), own)
	p.quiet(mailcopy.Tally{})
}

// The same at the source: messages under known UIDs that are new ones.
func TestRestore_sourceWithTheSameNumbers(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", letters(30, 500, "first")...)
	p.sync()
	putBack := p.backUp(p.src)
	p.fill(p.src, "INBOX", letters(3, 500, "later")...)
	p.sync()
	lost := p.bodies(p.src, "INBOX")
	putBack()
	kept := p.bodies(p.src, "INBOX")
	lost = slices.DeleteFunc(lost, func(body string) bool { return slices.Contains(kept, body) })
	p.fill(p.src, "INBOX", letters(3, 500, "later, and others")...)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Copied: 3})
	p.wantHolds(p.bodies(p.src, "INBOX"), lost)
	p.quiet(mailcopy.Tally{})
}

// Most of a mailbox is lost in a restore: UIDNEXT shows that its user has not deleted it, and nobody is asked.
func TestRestore_destinationOfWhichMostIsLost(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.restored(p.dst, letters(5, 500, "first"), letters(60, 500, "later"))
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Copied: 60})
	wantFinding(t, r, "destination_restored")
	p.wantHolds(p.bodies(p.src, "INBOX"))
	p.quiet(mailcopy.Tally{})
}

// A small mailbox is put back without its UIDs: nobody has deleted what it lacks.
func TestRestore_destinationRenumbered(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), dovecot.Options{Layout: dovecot.Maildir, Separator: "/"})
	p.fill(p.src, "INBOX.Box", letters(3, 500, "first")...)
	p.sync()
	putBack := p.backUp(p.dst)
	p.fill(p.src, "INBOX.Box", letters(9, 500, "later")...)
	p.sync()
	putBack()
	p.renumber(p.dst)
	// The new UIDVALIDITY is the time, and may by chance be the old one again.
	if r := p.sync(); r.Tally.Copied != 9 || r.Tally.Deserted != 0 {
		t.Errorf("%+v, want 9 copied again; findings %v", r.Tally, codes(r.Findings))
	}
	p.wantSame("INBOX.Box", "Box")
	p.quiet(mailcopy.Tally{})
}

// ofOneSize are n messages of one size, one a second from hour on.
func ofOneSize(n, hour int, prefix string) []mail {
	all := letters(n, 500, prefix)
	for i := range all {
		all[i].date = time.Date(2011, 1, 1, hour, 0, i, 0, time.UTC)
	}
	return all
}

// One mail since last night's backup, the end is put back, and one mail of the same size: every number is what it was
// before, and the message behind them is another one.
func TestRestore_sourceWithTheSameFigures(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX", letters(30, 500, "first")...)
			p.sync()
			putBack := p.backUp(p.src)
			p.fill(p.src, "INBOX", ofOneSize(n, 1, "before")...)
			p.sync()
			p.quiet(mailcopy.Tally{})
			lost := p.bodies(p.src, "INBOX")
			putBack()
			kept := p.bodies(p.src, "INBOX")
			lost = slices.DeleteFunc(lost, func(body string) bool { return slices.Contains(kept, body) })
			p.fill(p.src, "INBOX", ofOneSize(n, 2, "behind")...)
			r := p.sync()
			wantTally(t, r, mailcopy.Tally{Copied: n})
			wantFinding(t, r, "source_restored")
			p.wantHolds(p.bodies(p.src, "INBOX"), lost)
			p.quiet(mailcopy.Tally{})
		})
	}
}

// The same at the destination, whose user has got the mail.
func TestRestore_destinationWithTheSameFigures(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX", letters(30, 500, "first")...)
	p.sync()
	putBack := p.backUp(p.dst)
	p.fill(p.src, "INBOX", ofOneSize(1, 1, "source")...)
	p.sync()
	p.quiet(mailcopy.Tally{})
	putBack()
	p.fill(p.dst, "INBOX", ofOneSize(1, 2, "ofuser")...)
	own := p.own("INBOX")
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Copied: 1})
	wantFinding(t, r, "destination_restored")
	p.wantHolds(p.bodies(p.src, "INBOX"), own)
	p.quiet(mailcopy.Tally{})
}

// A message that was deleted before it was copied comes back with a backup, and another one is deleted: the mailbox has
// every number that it had, and its newest message. That the source was put back another mailbox shows.
func TestRestore_sourceOfWhichAnotherMailboxTells(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX.Box", ofOneSize(9, 1, "box")...)
	p.fill(p.src, "INBOX", letters(5, 500, "first")...)
	putBack := p.backUp(p.src)
	p.expunge(p.src, "INBOX.Box", "3")
	p.fill(p.src, "INBOX", letters(1, 500, "later")...)
	p.sync()
	p.quiet(mailcopy.Tally{})
	putBack()
	p.expunge(p.src, "INBOX.Box", "5")
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 1, Kept: 1})
	if got, want := len(p.content(p.dst, "Box")), 9; got != want {
		t.Errorf("Box has %d messages, want %d: all that were ever there", got, want)
	}
	p.quiet(mailcopy.Tally{Kept: 1})
}

// A message comes back with a backup, another is deleted and one arrives: as many messages as before and one more,
// whatever the source tells of changes since the last pass.
func TestRestore_sourceThatIsUsedAtOnce(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.src, "INBOX", ofOneSize(6, 1, "first")...)
	putBack := p.backUp(p.src)
	p.expunge(p.src, "INBOX", "1")
	p.sync()
	p.quiet(mailcopy.Tally{})
	putBack()
	p.expunge(p.src, "INBOX", "5")
	p.fill(p.src, "INBOX", ofOneSize(1, 2, "newer")...)
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 2, Kept: 1})
	if got, want := len(p.content(p.dst, "INBOX")), 7; got != want {
		t.Errorf("INBOX has %d messages, want %d: all that were ever there", got, want)
	}
	p.quiet(mailcopy.Tally{Kept: 1})
}

// One mailbox shows that the destination was put back. Another has a message again that its user had deleted, and has
// lost another since: the numbers of it are as they were, and it is looked into all the same.
func TestRestore_besideOneThatShowsIt(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), plainCloud())
	p.fill(p.src, "INBOX", letters(3, 500, "a")...)
	p.fill(p.src, "INBOX.Work", letters(3, 500, "b")...)
	p.sync()
	putBack := p.backUp(p.dst)
	p.expunge(p.dst, "Work", "2")
	p.fill(p.src, "INBOX", letters(2, 500, "c")...)
	p.sync()
	p.quiet(mailcopy.Tally{Deserted: 1})
	putBack()
	p.expunge(p.dst, "Work", "1")
	p.sync()
	rows, err := p.ledger.Mailboxes(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	if lost := rows["INBOX.Work"].Lost; lost.String() != "1" {
		t.Errorf("%s count as deleted at the destination, want 1", lost)
	}
}

// The user of the destination has removed a mailbox, and the source is put back: new mail has the UID of what was copied, its size, and a
// header that tells neither from the other. It is new mail all the same, and comes.
func TestRestore_sourceOfARemovedMailbox(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"no header":  "Subject: scan\r\n\r\n",
		"one header": "Message-ID: <scan@example.test>\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			p.fill(p.src, "INBOX.Box", letters(1, 500, "first")...)
			putBack := p.backUp(p.src)
			p.fill(p.src, "INBOX.Box", mail{body: header + "page 1\r\n", date: time.Date(2011, 1, 1, 1, 0, 0, 0, time.UTC)})
			wantTally(t, p.sync(), mailcopy.Tally{Copied: 2})
			if err := p.client(p.dst).Delete(t.Context(), "Box"); err != nil {
				t.Fatal(err)
			}
			p.quiet(mailcopy.Tally{Deserted: 2})
			putBack()
			p.fill(p.src, "INBOX.Box", mail{body: header + "page 2\r\n", date: time.Date(2011, 1, 1, 2, 0, 0, 0, time.UTC)})
			wantTally(t, p.sync(), mailcopy.Tally{Copied: 1, Deserted: 1})
			if got, want := p.content(p.dst, "Box"), p.content(p.src, "INBOX.Box")[1:]; !slices.Equal(got, want) {
				t.Errorf("Box holds %v, want %v", got, want)
			}
			p.quiet(mailcopy.Tally{Deserted: 1})
		})
	}
}
