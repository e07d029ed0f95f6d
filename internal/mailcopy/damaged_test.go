// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"rehome"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/lab/dovecot"
)

// Messages that the source's disk has damaged end the connection each time they are asked for. They
// stop neither their mailbox nor each other, and are named.
func TestSync_damagedMessagesAtTheSource(t *testing.T) {
	t.Parallel()
	p := newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"})
	p.fill(p.src, "INBOX", letters(300, 2000, "a")...)
	p.damage("INBOX", 17, 18, 230)
	total := p.persevere()
	if total.Tally.Copied != 297 || total.Tally.Failed != 3 {
		t.Errorf("%+v, want 297 copied and 3 failed", total.Tally)
	}
	unreadable := 0
	for _, f := range total.Findings {
		if f.Code == "message_unreadable" {
			unreadable++
		}
	}
	if unreadable != 3 {
		t.Errorf("%d findings of unreadable messages: %v", unreadable, total.Findings)
	}
}

// The look whether the source is still the same person's meets damaged messages as well.
func TestForeign_damagedMessages(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p, other := newPair(t, sdbox, sdbox), newPair(t, sdbox, sdbox)
	mails := letters(12, 2000, "a")
	p.fill(p.src, "Work", mails[:10]...)
	p.sync()
	other.fill(other.src, "Earlier") // so that Work, the same person's, gets another UIDVALIDITY
	other.fill(other.src, "Work", mails...)
	other.damage("Work", 3, 11)
	p.srcVia = other.srcVia
	if total := p.persevere(); total.Tally.Copied != 1 || total.Tally.Adopted != 9 || total.Tally.Failed != 2 {
		t.Errorf("%+v, want 1 copied, 9 found and 2 failed; %v", total.Tally, codes(total.Findings))
	}
}

// The source was put back, and a message that has the UID of one that was copied cannot be read: it is not taken for that, and
// repeating the pass does not help.
func TestRestore_damagedAtTheSource(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	p.fill(p.src, "INBOX", letters(1, 500, "a")...)
	putBack := p.backUp(p.src)
	p.fill(p.src, "INBOX", letters(2, 900, "b")...)
	p.sync()
	p.quiet(mailcopy.Tally{})
	putBack()
	p.fill(p.src, "INBOX", letters(2, 2000, "c")...)
	p.damage("INBOX", 2)
	for range 2 {
		total := p.persevere()
		if total.Census.Untold != 1 || total.Census.Mendable() || !slices.Contains(codes(total.Findings), "messages_untold") {
			t.Errorf("%+v, findings %v; want one of which nobody knows what it is", total.Census, codes(total.Findings))
		}
	}
	p.wantCount(p.dst, "INBOX", 4)
}

// The source was put back and has got more mail since than it lost, so that no number has fallen: what has the UID of a message
// that was copied, and does not say what it is, is not taken for that. It is named until it speaks, and copied then.
func TestRestore_silentAtTheSource(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	p.fill(p.src, "INBOX", letters(1, 500, "a")...)
	putBack := p.backUp(p.src)
	p.fill(p.src, "INBOX", letters(2, 900, "b")...)
	p.sync()
	putBack()
	p.fill(p.src, "INBOX", letters(4, 2000, "c")...)
	repair := p.damage("INBOX", 2, 3)
	for range 2 {
		total := p.persevere()
		if total.Census.Untold != 2 || total.Census.Complete() || total.Census.Mendable() || !slices.Contains(codes(total.Findings), "messages_untold") {
			t.Errorf("%+v, findings %v; want two of which nobody knows what they are", total.Census, codes(total.Findings))
		}
		p.wantCount(p.dst, "INBOX", 5)
	}
	repair()
	if total := p.persevere(); total.Tally.Copied != 2 || !total.Census.Complete() {
		t.Errorf("%+v, %+v, findings %v; want two copied", total.Tally, total.Census, codes(total.Findings))
	}
	p.wantCount(p.dst, "INBOX", 7)
}

// A mailbox was renumbered, and one of its messages cannot be read: its copy waits for it, and has not vanished.
func TestFormer_damagedMessage(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	mails := letters(3, 600, "a")
	p.fill(p.src, "Box", mails...)
	p.sync()
	p.delete(p.src, "Box")
	p.fill(p.src, "Box", mails[:2]...)
	repair := p.damage("Box", 2)
	for range 2 {
		total := p.persevere()
		if total.Tally.Removed != 0 || total.Tally.Failed != 1 {
			t.Errorf("%+v, findings %v; want nothing removed while nobody knows what a message is", total.Tally, codes(total.Findings))
		}
		wantFinding(t, total, "former_unknown")
	}
	repair()
	if total := p.persevere(); total.Tally.Copied != 0 || total.Tally.Adopted != 1 || total.Tally.Removed != 1 {
		t.Errorf("%+v, findings %v; want one found again, and the one removed that has vanished", total.Tally, total.Findings)
	}
	p.wantSame("Box", "Box")
	p.quiet(mailcopy.Tally{})
}

// A copy is damaged at the destination, whose user works there: nothing that is new is kept back by it, and nothing is removed
// that cannot be looked at.
func TestSync_damagedCopy(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	p.deletions = rehome.DeletionsMirror
	p.fill(p.src, "INBOX", letters(4, 600, "a")...)
	p.sync()
	repair := p.damageAt(p.dst, "INBOX", 4)
	p.expunge(p.dst, "INBOX", "1")
	p.fill(p.src, "INBOX", letters(1, 600, "b")...)
	total := p.persevere()
	if total.Tally.Copied != 1 || total.Tally.Deserted != 1 || total.Census.Untold != 1 || total.Census.Complete() {
		t.Errorf("%+v, %+v, findings %v; want one copied, and one of which nobody knows what it is", total.Tally, total.Census, total.Findings)
	}
	wantFinding(t, total, "messages_untold")
	p.expunge(p.src, "INBOX", "2:4")
	total = p.persevere()
	if total.Tally.Removed != 2 || total.Tally.Kept != 1 {
		t.Errorf("%+v, findings %v; want two removed, and one kept that cannot be read", total.Tally, codes(total.Findings))
	}
	wantFinding(t, total, "removal_unproved")
	repair()
	p.wantCount(p.dst, "INBOX", 2)
}

// The destination was put back, and a message that has the UID of a copy cannot be read: it is not taken for that, and is named
// until it speaks. Then what was lost is copied again.
func TestRestore_silentAtTheDestination(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	p.sync() // of nothing
	putBack := p.backUp(p.dst)
	p.fill(p.src, "INBOX", letters(1, 500, "a")...)
	p.sync()
	putBack()
	p.fill(p.dst, "INBOX", letters(1, 900, "b")...)
	repair := p.damageAt(p.dst, "INBOX", 1)
	for range 2 {
		total := p.persevere()
		if total.Census.Untold != 1 || total.Census.There != 0 || total.Census.Complete() || total.Census.Mendable() {
			t.Errorf("%+v, findings %v; want one of which nobody knows what it is", total.Census, codes(total.Findings))
		}
		wantFinding(t, total, "messages_untold")
	}
	repair()
	if total := p.persevere(); total.Tally.Copied != 1 || !total.Census.Complete() {
		t.Errorf("%+v, %+v, findings %v; want one copied", total.Tally, total.Census, codes(total.Findings))
	}
	p.wantCount(p.dst, "INBOX", 2)
}

// damage cuts messages of a mailbox of the source off in their headers, until they are repaired.
func (p *pair) damage(mailbox string, uids ...int) (repair func()) {
	return p.damageAt(p.src, mailbox, uids...)
}

func (p *pair) damageAt(server *dovecot.Server, mailbox string, uids ...int) (repair func()) {
	p.t.Helper()
	whole := map[string][]byte{}
	for _, uid := range uids {
		file := filepath.Join(server.MailRoot(address), "mailboxes", mailbox, "dbox-Mails", "u."+strconv.Itoa(uid))
		content, err := os.ReadFile(file)
		if err != nil {
			p.t.Fatal(err)
		}
		whole[file] = content
		if err := os.Truncate(file, 60); err != nil {
			p.t.Fatal(err)
		}
	}
	return func() {
		p.t.Helper()
		for file, content := range whole {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// persevere runs slices, also behind errors, as long as they get on.
func (p *pair) persevere() passed {
	p.t.Helper()
	return p.persevereFor(0)
}

// persevereFor does that, and some slices more, as another mailbox of the account may need them.
func (p *pair) persevereFor(more int) passed {
	p.t.Helper()
	engine, started := p.engine(), time.Now()
	var total passed
	for n := 0; ; n++ {
		r, err := slice(p.t.Context(), engine, started, pass.DefaultBudget)
		total.Tally.Add(r.Tally)
		total.Findings = append(total.Findings, r.Findings...)
		total.Census = r.Census
		if err == nil && !r.More && len(r.Waits) == 0 {
			if more--; more < 0 {
				return total
			}
		}
		if err != nil && (rehome.ClassOf(err) != rehome.ClassTemporary || !r.Advanced) || n > 40 {
			p.t.Fatalf("slice %d: advanced %v: %v", n, r.Advanced, err)
		}
		if look, _ := pass.NextLook(r.Waits); err == nil && !r.More {
			<-time.After(time.Until(look))
		}
	}
}

// The destination's user has renamed a mailbox in which nothing can be read any more: it is what it was by all that can be seen, new mail
// goes there, and what it holds keeps nothing else of the account back.
func TestSync_damagedWhereItWasRenamed(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	p.fill(p.src, "Box", letters(2, 600, "a")...)
	p.sync()
	p.damageAt(p.dst, "Box", 1)
	p.damageAt(p.dst, "Box", 2)
	p.rename(p.dst, "Box", "Mine")
	p.fill(p.src, "Box", letters(1, 600, "b")...)
	p.fill(p.src, "INBOX", letters(3, 600, "c")...)
	total := p.persevere()
	if total.Tally.Copied != 4 || total.Tally.Deserted != 0 || total.Census.Untold != 2 || total.Census.Mendable() {
		t.Errorf("%+v, %+v, findings %v; want four copied, and two of which nobody knows what they are", total.Tally, total.Census, codes(total.Findings))
	}
	wantFinding(t, total, "messages_untold")
	p.wantMailboxes(p.dst, "INBOX", "Mine")
}
