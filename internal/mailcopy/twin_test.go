// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/protocol/imap"
	"rehome/lab/dovecot"
)

// row returns the ledger's row of INBOX.
func (p *pair) row() *ledger.Mailbox {
	p.t.Helper()
	return p.rowOf("INBOX", "INBOX")
}

// rowOf returns the ledger's row of a pair of mailboxes.
func (p *pair) rowOf(source, destination string) *ledger.Mailbox {
	p.t.Helper()
	anchor := ledger.Anchor{Address: address, Source: source, Destination: destination}
	validityOf := func(server *dovecot.Server, mailbox string) (validity uint32) {
		p.in(server, mailbox, func(c *imap.Client) {
			box, err := c.Examine(p.t.Context(), mailbox)
			if err != nil {
				p.t.Fatal(err)
			}
			validity = box.UIDValidity
		})
		return validity
	}
	anchor.SrcUIDValidity, anchor.DstUIDValidity = validityOf(p.src, source), validityOf(p.dst, destination)
	row, err := p.ledger.Mailbox(p.t.Context(), anchor)
	if err != nil {
		p.t.Fatal(err)
	}
	return row
}

// itemsOf are the receipts of messages that were written in this order from the destination UID first on.
func itemsOf(mails []mail, first imap.UID) []ledger.Item {
	items := make([]ledger.Item, len(mails))
	for i, m := range mails {
		digester := message.NewDigester()
		_, _ = io.WriteString(digester, m.body) // a hash takes everything
		digest := digester.Sum()
		head, _, _ := strings.Cut(m.body, "\r\n\r\n")
		origin, _ := message.OriginOf([]byte(head + "\r\n\r\n"))
		items[i] = ledger.Item{
			UID: imap.UID(i + 1), DstUID: first + imap.UID(i), Size: int64(len(m.body)), Digest: digest[:], Origin: origin[:], Flags: m.flags,
		}
	}
	return items
}

// lostAnswers prepares what is left when an answer was lost and another program has written the same at that time:
// two messages are on their way, and the destination has each of them twice.
func lostAnswers(t *testing.T, dst dovecot.Options) *pair {
	t.Helper()
	p := newPair(t, atmailSource(), dst)
	mails := letters(2, 400, "a")
	p.fill(p.src, "INBOX", mails...)
	p.fill(p.dst, "INBOX", append(mails, mails...)...)
	p.underWay(mails...)
	return p
}

// outrun prepares what is left when another program has written the same messages before us, and nobody has looked.
func outrun(t *testing.T, source, destination string) *pair {
	t.Helper()
	p := atmailPair(t)
	mails := letters(2, 400, "a")
	p.fill(p.src, source, mails...)
	p.fill(p.dst, destination, append(mails, mails...)...) // the first two are those of the other program
	row, items := p.rowOf(source, destination), itemsOf(mails, 3)
	ids, err := p.ledger.Intend(t.Context(), row, 1, items)
	if err == nil {
		err = p.ledger.NoteGaps(t.Context(), row, imap.NewUIDSet(1, 2))
	}
	if err == nil {
		err = p.ledger.Receive(t.Context(), row, ids[0], items)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A copy that was taken back, and of which the answer was lost, was not deleted by the destination's user.
func TestSync_withdrawalOfWhichTheAnswerWasLost(t *testing.T) {
	t.Parallel()
	p := outrun(t, "INBOX", "INBOX")
	p.expunge(p.dst, "INBOX", "3") // what is withdrawn as one may break off in between
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 2})
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

// A mailbox that the source has deleted meanwhile is looked at, too: no pass comes to it any more.
func TestSync_rivalInADeletedMailbox(t *testing.T) {
	t.Parallel()
	p := outrun(t, "INBOX.Old", "Old")
	p.delete(p.src, "INBOX.Old")
	p.sync()
	p.wantCount(p.dst, "Old", 2)
	p.quiet(mailcopy.Tally{})
}

// Of two equal messages one is under way when the source breaks off at it, and the other is stored behind it. What has arrived of the first
// is not that of another program, although nobody has looked for it when the second one is looked at: each is there once, with its own date.
func TestSync_twinThatIsNotLookedForYet(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(2, 400, "a")
	mails[1].body = mails[0].body
	p.fill(p.src, "INBOX", mails...)
	p.fill(p.dst, "INBOX", mails...)
	row, items := p.row(), itemsOf(mails, 1)
	begun := []ledger.Item{{UID: 1, Size: items[0].Size, Flags: items[0].Flags}}
	ids, err := p.ledger.Intend(t.Context(), row, 1, begun, items[1:])
	if err == nil {
		err = p.ledger.NoteGaps(t.Context(), row, imap.NewUIDSet(1))
	}
	if err == nil {
		err = p.ledger.Receive(t.Context(), row, ids[1], items[1:])
	}
	if err == nil {
		err = p.ledger.Suspect(t.Context(), row, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := p.persevere()
	if r.Tally.Adopted != 1 || r.Tally.Copied != 0 || !r.Census.Complete() || len(r.Findings) > 0 {
		t.Errorf("%+v, %+v, findings %v; want the first one found", r.Tally, r.Census, codes(r.Findings))
	}
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

// The copy of a message at which the source breaks off is not taken for that of an equal one with another date, which is sent with its own.
func TestSync_twinBeforeTheOneThatWaits(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(2, 400, "a")
	mails[1].body, mails[1].flags = mails[0].body, []string{`\Flagged`}
	p.fill(p.src, "INBOX", mails...)
	p.fill(p.dst, "INBOX", mails[:1]...)
	row := p.row()
	_, err := p.ledger.Intend(t.Context(), row, 1, []ledger.Item{{UID: 1, Size: int64(len(mails[0].body)), Flags: mails[0].flags}})
	if err == nil {
		err = p.ledger.Suspect(t.Context(), row, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := p.persevere()
	if r.Tally.Adopted != 1 || r.Tally.Copied != 1 || !r.Census.Complete() || len(r.Findings) > 0 {
		t.Errorf("%+v, %+v, findings %v; want the first one found", r.Tally, r.Census, codes(r.Findings))
	}
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

// Another program writes what we come to only later: what it has written is held against that, too.
func TestSync_rivalIsAhead(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.batch = 2
	mails := letters(660, 400, "a")
	p.fill(p.src, "INBOX", mails...)
	var once sync.Once
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		if bytes.Contains(line, []byte("[APPENDUID")) {
			once.Do(func() { p.fill(p.dst, "INBOX", mails[650]) })
		}
		return line
	})
	if _, err := p.trySync(p.engine()); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("%v, want the words about another program", err)
	}
	p.sync()
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

// The same at a destination that does not tell the UIDs of what it stores: there no copy can be taken back, and it is named.
func TestSync_rivalIsAheadOfUntoldUIDs(t *testing.T) {
	t.Parallel()
	dst := cloudDestination()
	dst.Extra = "imap_capability = IMAP4rev1 LITERAL+ NAMESPACE\n"
	p := newPair(t, atmailSource(), dst)
	p.batch = 1
	mails := letters(4, 400, "a")
	p.fill(p.src, "INBOX", mails...)
	var once sync.Once
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		if at := bytes.Index(line, []byte("[APPENDUID")); at >= 0 {
			once.Do(func() { p.fill(p.dst, "INBOX", mails[2]) })
			return append(append([]byte(nil), line[:at]...), "stored\r\n"...)
		}
		return line
	})
	if r, err := p.trySync(p.engine()); rehome.ClassOf(err) != rehome.ClassOperator {
		t.Errorf("%+v, error %v, want the words about another program", r.Tally, err)
	}
	for range 2 {
		wantFinding(t, p.sync(), "arrived_twice")
	}
	p.wantCount(p.dst, "INBOX", 5)
}

// What came before ours is looked for until the destination shows it.
func TestSync_rivalThatIsNotShown(t *testing.T) {
	t.Parallel()
	p := outrun(t, "INBOX", "INBOX")
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("* 1 FETCH ")) {
			return nil
		}
		return line
	})
	if _, err := p.trySync(p.engine()); rehome.ClassOf(err) != rehome.ClassTemporary {
		t.Errorf("%v, want a temporary fault while a message is hidden", err)
	}
	p.dstVia = p.dst.IMAP
	wantTally(t, p.sync(), mailcopy.Tally{Adopted: 2})
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

// Of two messages the answer to the first is lost, and the second is confirmed, with a UID below which there may be the first: that
// another program was ahead with both is seen only when the first is looked for. What is proved to be ours is taken back then, and what
// may be somebody else's is named.
func TestSync_rivalBeforeALostAnswer(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(2, 400, "a")
	p.fill(p.src, "INBOX", mails...)
	p.fill(p.dst, "INBOX", append(mails, mails...)...) // the first two are those of the other program
	row, items := p.row(), itemsOf(mails, 3)
	begun := []ledger.Item{{UID: 1, Size: items[0].Size, Flags: items[0].Flags}}
	ids, err := p.ledger.Intend(t.Context(), row, 1, begun, items[1:])
	if err == nil {
		err = p.ledger.Receive(t.Context(), row, ids[1], items[1:])
	}
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if f := wantFinding(t, p.sync(), "arrived_twice"); !strings.Contains(f.Sentence, "(UID 3)") {
			t.Errorf("finding %q, want UID 3", f.Sentence)
		}
	}
	p.wantCount(p.dst, "INBOX", 3)
}

// Which of two copies is ours nobody can know when the answer is lost: both stay, and are named in every pass.
func TestSync_twinsOfALostAnswer(t *testing.T) {
	t.Parallel()
	p := lostAnswers(t, cloudDestination())
	for range 2 {
		if f := wantFinding(t, p.sync(), "arrived_twice"); !strings.Contains(f.Sentence, "UID 3:4") {
			t.Errorf("finding %q, want UIDs 3 and 4", f.Sentence)
		}
	}
	p.wantCount(p.dst, "INBOX", 4)
}

// The source renumbers the mailbox while something is under way: what is there twice afterwards is named all the same.
func TestSync_twinsInARenumberedMailbox(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(p *pair, former *ledger.Mailbox, items []ledger.Item) error{
		"before anybody has looked": func(p *pair, former *ledger.Mailbox, items []ledger.Item) error {
			_, err := p.ledger.Intend(p.t.Context(), former, 1, items)
			return err
		},
		"when they were known": func(p *pair, former *ledger.Mailbox, _ []ledger.Item) error {
			return p.ledger.NoteDoubles(p.t.Context(), former, ledger.Voided{Floor: 1, Sources: imap.NewUIDSet(1, 2)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := atmailPair(t)
			mails := letters(2, 400, "a")
			p.fill(p.src, "INBOX", mails...)
			p.fill(p.dst, "INBOX", append(mails, mails...)...)
			anchor := p.row().Anchor
			anchor.SrcUIDValidity++
			former, err := p.ledger.Mailbox(t.Context(), anchor)
			if err == nil {
				err = before(p, former, itemsOf(mails, 0))
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if f := wantFinding(t, p.sync(), "arrived_twice"); !strings.Contains(f.Sentence, "2 messages") {
					t.Errorf("finding %q, want both messages", f.Sentence)
				}
			}
			p.wantCount(p.dst, "INBOX", 4)
		})
	}
}

// What may be there twice is written down before what was found is booked: whatever breaks off behind it, it is named.
func TestSync_twinsAndTheSourceBreaksOff(t *testing.T) {
	t.Parallel()
	p := lostAnswers(t, cloudDestination())
	p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("* ESEARCH")) || bytes.HasPrefix(line, []byte("* SEARCH")) {
			return []byte("* BYE going down\r\n")
		}
		return line
	})
	if _, err := p.trySync(p.engine()); err == nil {
		t.Error("no error when the source breaks off")
	}
	p.srcVia = p.src.IMAP
	if f := wantFinding(t, p.sync(), "arrived_twice"); !strings.Contains(f.Sentence, "UID 3:4") {
		t.Errorf("finding %q, want UIDs 3 and 4", f.Sentence)
	}
}

// A destination that leaves a message out of its answer must not hide the twin of another one.
func TestSync_twinsThatAreNotShown(t *testing.T) {
	t.Parallel()
	dst := cloudDestination()
	dst.Extra = "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS MULTIAPPEND NAMESPACE\n"
	p := lostAnswers(t, dst)
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte {
		if bytes.HasPrefix(line, []byte("* SEARCH ")) {
			return bytes.Replace(line, []byte(" 3 "), []byte(" "), 1)
		}
		if bytes.HasPrefix(line, []byte("* 3 FETCH ")) {
			return nil
		}
		return line
	})
	r, err := p.trySync(p.engine())
	if rehome.ClassOf(err) != rehome.ClassTemporary || r.Tally.Copied+r.Tally.Adopted > 0 {
		t.Errorf("%+v, error %v; want nothing done while a message is hidden", r.Tally, err)
	}
	p.dstVia = p.dst.IMAP
	if f := wantFinding(t, p.sync(), "arrived_twice"); !strings.Contains(f.Sentence, "UID 3:4") {
		t.Errorf("finding %q, want UIDs 3 and 4", f.Sentence)
	}
	p.wantCount(p.dst, "INBOX", 4)
}

// A server that tells UIDs need not tell all of them (RFC 4315, section 3). What stands below the next one that is told may be ours
// then: nobody else has written it, and nothing is taken back.
func TestSync_uidsOfSomeCopiesOnly(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.batch = 1
	p.dstVia = rewrite(t, p.dst.IMAP, func(line []byte) []byte { return firstUIDTold.ReplaceAll(line, nil) })
	alike := letters(1, 400, "a")[0]
	p.fill(p.src, "INBOX", alike, alike, letters(1, 400, "b")[0])
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 3})
	p.wantSame("INBOX", "INBOX")
	p.quiet(mailcopy.Tally{})
}

var firstUIDTold = regexp.MustCompile(`\[APPENDUID [0-9]+ 1\] `)
