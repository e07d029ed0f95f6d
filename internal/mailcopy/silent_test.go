// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"rehome/internal/mailcopy"
	"rehome/lab/dovecot"
)

// disguise stands before a server and changes the lines of its answers. It returns its own address.
func disguise(t *testing.T, server string, change func(line string) string) string {
	t.Helper()
	return between(t, server, func(client, conn net.Conn) {
		go handOn(conn, client)
		changeLines(client, conn, change)
	})
}

// dictate stands before a server and changes the lines of what it is told. It returns its own address.
func dictate(t *testing.T, server string, change func(line string) string) string {
	t.Helper()
	return between(t, server, func(client, conn net.Conn) {
		go handOn(client, conn)
		changeLines(conn, client, change)
	})
}

// between stands before a server, and lets meet do what there is to do on each connection until it ends.
func between(t *testing.T, server string, meet func(client, conn net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server)
				if err != nil {
					return
				}
				defer conn.Close()
				meet(client, conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// handOn hands all on that comes, and the end.
func handOn(to io.WriteCloser, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

// changeLines hands lines on, changed.
func changeLines(to io.Writer, from io.Reader, change func(string) string) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if _, err := io.WriteString(to, change(line)); err != nil {
			return
		}
	}
}

var uidNextSaid = regexp.MustCompile(`(\* OK \[)?UIDNEXT \d+`)

var numbersOfUIDs = regexp.MustCompile(`UID(NEXT|VALIDITY) \d+ ?`)

// withoutUIDNext leaves UIDNEXT out of openings and of STATUS.
func withoutUIDNext(line string) string {
	return uidNextSaid.ReplaceAllStringFunc(line, func(said string) string {
		if said[0] == '*' {
			return "* OK [X-NOTHING"
		}
		return ""
	})
}

// uidNextStandsStill says in openings and in STATUS what was true when the mailbox was made.
func uidNextStandsStill(line string) string {
	return uidNextSaid.ReplaceAllString(line, "${1}UIDNEXT 1")
}

// plainCloud has no mod-sequences, which would tell a restore.
func plainCloud() dovecot.Options {
	o := cloudDestination()
	o.Extra = "protocol imap {\n  imap_capability = IMAP4rev1 UIDPLUS LITERAL+ MULTIAPPEND LIST-EXTENDED LIST-STATUS NAMESPACE UNSELECT\n}\n"
	return o
}

// Where UIDNEXT tells nothing, messages that are missing at the upper end may have been deleted by their user, and
// a restore may have taken them. They are neither copied again nor counted as there until somebody says which.
func TestRestore_unknown(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(string) string{"no UIDNEXT": withoutUIDNext, "UIDNEXT stands still": uidNextStandsStill} {
		for _, answer := range []string{"confirm", "copy again"} {
			t.Run(fmt.Sprintf("%s, %s", name, answer), func(t *testing.T) {
				t.Parallel()
				p := newPair(t, atmailSource(), plainCloud())
				p.dstVia = disguise(t, p.dst.IMAP, change)
				p.fill(p.src, "INBOX", letters(3, 500, "first")...)
				p.sync()
				p.expunge(p.dst, "INBOX", "1:3")
				for range 2 {
					r := p.sync()
					wantTally(t, r, mailcopy.Tally{Held: 3})
					wantFinding(t, r, mailcopy.DestinationEmptied.Code)
					if r.Census.Waiting != 3 || r.Census.There != 0 || r.Census.Complete() {
						t.Errorf("%+v, want 3 that wait", r.Census)
					}
				}
				if answer == "confirm" {
					p.confirm = true
					wantTally(t, p.sync(), mailcopy.Tally{Deserted: 3})
					p.confirm = false
					p.quiet(mailcopy.Tally{Deserted: 3})
					return
				}
				p.copyAgain = true
				wantTally(t, p.sync(), mailcopy.Tally{Copied: 3})
				p.copyAgain = false
				p.wantHolds(p.bodies(p.src, "INBOX"))
				p.quiet(mailcopy.Tally{})
			})
		}
	}
}

// The source was put back and has a message again whose copy is missing, and nobody knows whether its user deleted that or a
// restore took it: that is asked, too.
func TestRestore_unknownAndBackAtTheSource(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), plainCloud())
	p.dstVia = disguise(t, p.dst.IMAP, withoutUIDNext)
	p.fill(p.src, "INBOX", letters(3, 500, "first")...)
	p.sync()
	putBack := p.backUp(p.src)
	p.expunge(p.src, "INBOX", "3")
	wantTally(t, p.sync(), mailcopy.Tally{Kept: 1})
	putBack()
	p.expunge(p.dst, "INBOX", "3")
	for range 2 {
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{Held: 1, Kept: r.Tally.Kept})
		wantFinding(t, r, mailcopy.DestinationEmptied.Code)
	}
	p.copyAgain = true
	wantTally(t, p.sync(), mailcopy.Tally{Copied: 1})
	p.copyAgain = false
	p.wantHolds(p.bodies(p.src, "INBOX"))
	p.quiet(mailcopy.Tally{})
}

// What could tell is written over by what happens next in the mailbox: a question that nobody has answered stays open.
func TestRestore_unknownStaysSo(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), plainCloud())
	var honest atomic.Bool
	p.dstVia = disguise(t, p.dst.IMAP, func(line string) string {
		if honest.Load() {
			return line
		}
		return uidNextStandsStill(line)
	})
	p.fill(p.src, "INBOX", letters(3, 500, "first")...)
	p.sync()
	p.expunge(p.dst, "INBOX", "1:3")
	wantTally(t, p.sync(), mailcopy.Tally{Held: 3})
	honest.Store(true)
	p.fill(p.dst, "INBOX", letters(1, 500, "of the user")...)
	p.expunge(p.dst, "INBOX", "4")
	for range 2 {
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{Held: 3})
		wantFinding(t, r, mailcopy.DestinationEmptied.Code)
	}
	p.confirm = true
	wantTally(t, p.sync(), mailcopy.Tally{Deserted: 3})
	p.confirm = false
	p.quiet(mailcopy.Tally{Deserted: 3})
}

// What is missing below a message that is still there was deleted by its user, whatever UIDNEXT says.
func TestRestore_deletedBelowWhatIsThere(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(string) string{"no UIDNEXT": withoutUIDNext, "UIDNEXT stands still": uidNextStandsStill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, atmailSource(), plainCloud())
			p.dstVia = disguise(t, p.dst.IMAP, change)
			p.fill(p.src, "INBOX", letters(3, 500, "first")...)
			p.sync()
			p.expunge(p.dst, "INBOX", "1:2")
			wantTally(t, p.sync(), mailcopy.Tally{Deserted: 2})
		})
	}
}

// One of ours is deleted, and one of the user's own is there: the numbers alone look as if all of ours were.
func TestSync_deletedBesideAnotherOne(t *testing.T) {
	t.Parallel()
	p := atmailPair(t)
	p.fill(p.dst, "INBOX", letters(1, 500, "of the user")...)
	p.fill(p.src, "INBOX", letters(1, 500, "first")...)
	p.sync()
	p.expunge(p.dst, "INBOX", "2")
	p.quiet(mailcopy.Tally{Deserted: 1})
}

// Mod-sequences rise: one that has fallen shows a restore also where there is no UIDNEXT.
func TestRestore_modSequenceHasFallen(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), cloudDestination())
	p.dstVia = disguise(t, p.dst.IMAP, withoutUIDNext)
	p.fill(p.src, "INBOX", letters(3, 500, "first")...)
	p.sync()
	putBack := p.backUp(p.dst)
	p.fill(p.src, "INBOX", letters(2, 500, "later")...)
	p.sync()
	p.sync() // and look at it
	putBack()
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Copied: 2})
	wantFinding(t, r, "destination_restored")
	p.wantHolds(p.bodies(p.src, "INBOX"))
}

// What a listing says of UIDNEXT is not true, just when nearly all is gone: the opening of the mailbox shows that nothing
// was put back, and that more is missing than a user is believed to delete at once.
func TestRestore_alarmBehindAListingThatIsNotTrue(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), plainCloud())
	var lies atomic.Bool
	p.dstVia = disguise(t, p.dst.IMAP, func(line string) string {
		if lies.Load() && strings.HasPrefix(line, "* STATUS ") {
			return uidNextStandsStill(line)
		}
		return line
	})
	p.fill(p.src, "INBOX", letters(30, 500, "first")...)
	p.sync()
	p.quiet(mailcopy.Tally{})
	p.expunge(p.dst, "INBOX", "1:29")
	lies.Store(true)
	for range 2 {
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{Held: 29})
		wantFinding(t, r, mailcopy.DestinationEmptied.Code)
	}
	p.confirm = true
	wantTally(t, p.sync(), mailcopy.Tally{Deserted: 29})
	p.confirm = false
	p.quiet(mailcopy.Tally{Deserted: 29})
}

// UIDNEXT has fallen, and stands still from then on: that explains what is missing at that moment, and nothing that is
// deleted later.
func TestRestore_explainsOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), plainCloud())
	var low atomic.Bool
	p.dstVia = disguise(t, p.dst.IMAP, func(line string) string {
		switch {
		case strings.HasPrefix(line, "* STATUS "):
			return numbersOfUIDs.ReplaceAllString(line, "")
		case low.Load():
			return uidNextStandsStill(line)
		}
		return line
	})
	p.fill(p.src, "INBOX", letters(3, 500, "first")...)
	p.sync()
	p.sync() // and look at it
	p.expunge(p.dst, "INBOX", "1:3")
	low.Store(true)
	r := p.sync()
	wantTally(t, r, mailcopy.Tally{Copied: 3})
	wantFinding(t, r, "destination_restored")
	p.expunge(p.dst, "INBOX", "4:6")
	for range 2 {
		r := p.sync()
		wantTally(t, r, mailcopy.Tally{Held: 3})
		wantFinding(t, r, mailcopy.DestinationEmptied.Code)
	}
}

// A server says once that UIDNEXT is lower than it was, just when its user has deleted all: it is asked again.
func TestRestore_uidNextThatFallsOnce(t *testing.T) {
	t.Parallel()
	p := newPair(t, atmailSource(), plainCloud())
	var falls atomic.Bool
	p.dstVia = disguise(t, p.dst.IMAP, func(line string) string {
		if strings.HasPrefix(line, "* OK [UIDNEXT ") && falls.CompareAndSwap(true, false) {
			return "* OK [UIDNEXT 1] next\r\n"
		}
		return line
	})
	p.fill(p.src, "INBOX", letters(3, 500, "first")...)
	p.sync()
	p.expunge(p.dst, "INBOX", "1:3")
	falls.Store(true)
	wantTally(t, p.sync(), mailcopy.Tally{Deserted: 3})
	if falls.Load() {
		t.Error("nobody was told a lower UIDNEXT")
	}
}
