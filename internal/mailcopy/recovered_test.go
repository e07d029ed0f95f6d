// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"regexp"
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

// underWay prepares what is left when an answer was lost: the source's first messages, of which the destination has
// given no UID.
func (p *pair) underWay(mails ...mail) {
	p.t.Helper()
	items := make([]ledger.Item, 0, len(mails))
	for _, item := range itemsOf(mails, 0) {
		items = append(items, ledger.Item{UID: item.UID, Size: item.Size, Flags: item.Flags})
	}
	if _, err := p.ledger.Intend(p.t.Context(), p.row(), 1, items); err != nil {
		p.t.Fatal(err)
	}
}

// The answer that would have told which message is ours was lost, and meanwhile its user has moved one of the mailbox
// away and back: what stands there has our octets, and is not proved to be by our hand. It is done, and stays.
func TestRecovered_movedAwayAndBack(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	mails := letters(3, 400, "a")
	p.fill(p.src, "INBOX", mails...)
	p.underWay(mails...)
	p.fill(p.dst, "INBOX", mails...)
	p.fill(p.dst, "Trash")
	p.move(p.dst, "INBOX", "2", "Trash")
	p.move(p.dst, "Trash", "1", "INBOX")
	p.quiet(mailcopy.Tally{Copied: 3})
	p.expunge(p.src, "INBOX", "1:3")
	r := p.sync()
	wantFinding(t, r, "vanished_not_ours")
	wantTally(t, r, mailcopy.Tally{Removed: 1, Kept: 2})
	p.wantCount(p.dst, "INBOX", 2)
}

// Its user has put the same message there while ours was under way: it is taken over, as it is not ours by its date,
// and stays. When ours comes after all, that is told.
func TestRecovered_theSameByTheUser(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.deletions, p.confirm = rehome.DeletionsMirror, true
	ours := letters(1, 400, "a")[0]
	users := ours
	users.date, users.flags = ours.date.Add(time.Hour), []string{`\Flagged`}
	p.fill(p.src, "INBOX", ours)
	p.underWay(ours)
	p.fill(p.dst, "INBOX", users)
	p.quiet(mailcopy.Tally{Adopted: 1})
	p.fill(p.dst, "INBOX", ours)
	wantFinding(t, p.sync(), "arrived_twice")
	p.expunge(p.src, "INBOX", "1")
	r := p.sync()
	wantFinding(t, r, "vanished_not_ours")
	wantTally(t, r, mailcopy.Tally{Kept: 1})
	p.wantCount(p.dst, "INBOX", 2)
}

// What was given up and is there all the same is recognised, although its date is that of the copy, and the source
// guesses its size.
func TestRecovered_givenUpAndThere(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(2, 400, "a")
	p.fill(p.src, "INBOX", mails[0])
	p.sync()
	p.fill(p.src, "INBOX", mails[1])
	undated := mails[1]
	undated.date = time.Time{}
	p.fill(p.dst, "INBOX", undated)
	if err := p.ledger.NoteDoubles(t.Context(), p.row(), ledger.Voided{Floor: 2, Sources: imap.NewUIDSet(2)}); err != nil {
		t.Fatal(err)
	}
	guess := regexp.MustCompile(`RFC822.SIZE \d+`)
	p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte { return guess.ReplaceAll(line, []byte("RFC822.SIZE 409")) })
	p.quiet(mailcopy.Tally{Adopted: 1})
	p.wantCount(p.dst, "INBOX", 2)
}

// The originals of what was on its way are deleted before anybody has looked: nothing tells whether they have arrived, and
// that is said, together with what they may be, as long as that is there.
func TestRecovered_originalsAreGone(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(3, 400, "a")
	p.fill(p.src, "INBOX", mails...)
	p.underWay(mails[:2]...)
	p.expunge(p.src, "INBOX", "1:2")
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 1})
	p.fill(p.dst, "INBOX", mails[:1]...)
	for range 2 {
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{})
		wantFinding(t, r, "arrival_unknown")
	}
	p.expunge(p.dst, "INBOX", "2")
	if r := p.sync(); slices.Contains(codes(r.Findings), "arrival_unknown") {
		t.Error("nothing is there that could be what was on its way, and it is looked for")
	}
}

// The same where an original cannot be read any more: it is named as one that was not copied, and so is what it may be.
func TestRecovered_originalIsDamaged(t *testing.T) {
	t.Parallel()
	sdbox := dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}
	p := newPair(t, sdbox, sdbox)
	mails := letters(2, 600, "a")
	p.fill(p.src, "INBOX", mails...)
	if err := p.ledger.NoteDoubles(t.Context(), p.row(), ledger.Voided{Floor: 1, Sources: imap.NewUIDSet(1)}); err != nil {
		t.Fatal(err)
	}
	p.damage("INBOX", 1)
	p.persevere()
	p.fill(p.dst, "INBOX", mails[0])
	for range 2 {
		total := p.persevere()
		wantFinding(t, total, "message_unreadable")
		wantFinding(t, total, "arrival_unknown")
	}
}

// The same where the destination takes nothing at all, and the mailbox is left behind: what is still at the source is not
// counted among what was lost.
func TestRecovered_originalIsGoneAndTheMailboxIsRefused(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.settle, p.batch = 50*time.Millisecond, 1 // nothing comes late
	mails := letters(6, 400, "a")
	for i := range mails {
		mails[i].flags = nil
	}
	p.fill(p.src, "INBOX", mails...)
	p.underWay(mails[:2]...)
	p.fill(p.dst, "INBOX", mails[0])
	p.expunge(p.src, "INBOX", "1")
	p.dstVia = refuseAppend(t, p.dst.IMAP)
	for range 2 {
		r := p.sync()
		if r.Census.Barred != 1 {
			t.Errorf("census %+v, want a mailbox that is left behind; findings %v", r.Census, codes(r.Findings))
		}
		if f := wantFinding(t, r, "arrival_unknown"); !strings.Contains(f.Sentence, "1 message disappeared") {
			t.Errorf("finding %q, want 1 message", f.Sentence)
		}
	}
}

// refuseAppend answers BAD to each APPEND, of which the server gets nothing, and ends the connection.
func refuseAppend(t *testing.T, server string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // ends Accept
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go refuseLines(client, server)
		}
	}()
	return listener.Addr().String()
}

func refuseLines(client net.Conn, address string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_, _ = io.Copy(client, server) // until either is gone
		_ = client.Close()
	}()
	for in := bufio.NewReader(client); ; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		if tag, rest, _ := bytes.Cut(line, []byte(" ")); bytes.HasPrefix(rest, []byte("APPEND ")) {
			_, _ = client.Write(append(tag, " BAD message not taken\r\n"...))
			_, _ = io.Copy(io.Discard, client) // what is read is not reset under the answer
			return
		}
		if _, err := server.Write(line); err != nil {
			return
		}
	}
}

// The same where the whole mailbox is deleted at the source: no job comes to it any more.
func TestRecovered_mailboxOfTheOriginalsIsGone(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	mails := letters(2, 400, "a")
	p.fill(p.src, "INBOX.Work", mails...)
	p.sync()
	row, err := p.ledger.Mailboxes(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	work := row["INBOX.Work"]
	if _, err := p.ledger.Intend(t.Context(), &work, 3, []ledger.Item{{UID: 3, Size: 400}}); err != nil {
		t.Fatal(err)
	}
	p.delete(p.src, "INBOX.Work")
	p.fill(p.dst, "Work", letters(1, 400, "b")...)
	for range 2 {
		wantFinding(t, p.sync(), "arrival_unknown")
	}
}
