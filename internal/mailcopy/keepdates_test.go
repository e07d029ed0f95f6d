// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"bytes"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"rehome/internal/protocol/dsync"
	"rehome/lab/dovecot"
)

// longAgo is when the messages of these tests came into their mailboxes.
var longAgo = time.Date(2012, 3, 4, 5, 6, 7, 0, time.UTC)

// bringOld brings messages into the source that came there long ago, a day after each other.
func (p *pair) bringOld(mails ...mail) {
	p.t.Helper()
	ctx := p.t.Context()
	must := func(err error) {
		p.t.Helper()
		if err != nil {
			p.t.Fatal(err)
		}
	}
	p.numbers(p.src, "INBOX") // it is there from now on
	stream, err := dsync.DialDoveadm(ctx, dsync.DoveadmOptions{Address: p.src.DoveadmTCP, Password: p.src.DoveadmPassword, User: address})
	must(err)
	s, err := dsync.Begin(ctx, stream, dsync.Options{Mailbox: "INBOX"})
	must(err)
	defer s.Close()
	nodes, separator, err := s.Tree(ctx)
	must(err)
	must(s.Apply(ctx, nodes, separator))
	box := dsync.Box{GUID: nodes[0].GUID, UIDValidity: 1234567, UIDNext: uint32(len(mails)) + 1, Messages: uint32(len(mails))}
	_, err = s.Open(ctx, box, func(dsync.Request) error { return nil })
	must(err)
	must(s.Attributes(ctx))
	name := func(i int) string { return fmt.Sprintf("%032x", i+1) }
	for i := range mails {
		must(s.Change(ctx, dsync.Change{UID: uint32(i) + 1, GUID: name(i)}))
	}
	must(s.Requests(ctx))
	for i, m := range mails {
		must(s.Mail(ctx, dsync.Mail{GUID: name(i), UID: uint32(i) + 1, Received: m.date, Saved: longAgo.AddDate(0, 0, i)}, strings.NewReader(m.body)))
	}
	_, err = s.Done(ctx)
	must(err)
	must(s.Finish(ctx))
}

// savedLines is what a server says of the dates of its INBOX (RFC 8514), without our client.
func (p *pair) savedLines(server *dovecot.Server) (lines []string) {
	p.t.Helper()
	conn, err := net.Dial("tcp", server.IMAP)
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	c := textproto.NewConn(conn)
	for _, line := range []string{fmt.Sprintf("a LOGIN %s %q", address, password), "b EXAMINE INBOX", "c FETCH 1:* (UID SAVEDATE)"} {
		if err := c.PrintfLine("%s", line); err != nil {
			p.t.Fatal(err)
		}
		for {
			said, err := c.ReadLine()
			if err != nil {
				p.t.Fatal(err)
			}
			if strings.HasPrefix(said, line[:2]) {
				break
			}
			if strings.Contains(said, "SAVEDATE \"") {
				lines = append(lines, said)
			}
		}
	}
	return lines
}

// When a message came into its mailbox stays what it was, where the source tells it.
func TestUIDs_savedDates(t *testing.T) {
	t.Parallel()
	for _, destination := range []dovecot.Options{
		{Version: dovecot.V23, Layout: dovecot.Mdbox}, {Version: dovecot.V24, Layout: dovecot.Maildir},
	} {
		t.Run(destination.Version+" "+destination.Layout, func(t *testing.T) {
			t.Parallel()
			destination.Separator, destination.Doveadm = "/", true
			p := newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", Doveadm: true}, destination)
			p.dsync = p.dst.DoveadmTCP
			p.bringOld(letters(3, 400, "old")...)
			p.sync()
			p.wantEqual("INBOX", "INBOX")
			got, want := p.savedLines(p.dst), p.savedLines(p.src)
			if fmt.Sprint(got) != fmt.Sprint(want) || len(want) != 3 || !strings.Contains(want[2], "06-Mar-2012 05:06:07") {
				t.Errorf("at the destination %q, want %q", got, want)
			}
		})
	}
}

// A source that refuses a listing with these dates gives it without them, and is asked for them alone.
func TestUIDs_savedDatesAlone(t *testing.T) {
	t.Parallel()
	p := newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/", Doveadm: true},
		dovecot.Options{Layout: dovecot.Mdbox, Separator: "/", Doveadm: true})
	p.dsync = p.dst.DoveadmTCP
	p.bringOld(letters(3, 400, "old")...)
	var mu sync.Mutex
	listed, refused := false, 0
	p.srcVia = rewrite(t, p.src.IMAP, func(line []byte) []byte {
		mu.Lock()
		defer mu.Unlock()
		both := bytes.Contains(line, []byte("SAVEDATE \"")) && bytes.Contains(line, []byte("RFC822.SIZE"))
		listed = listed || both
		tag, completed := bytes.CutSuffix(line, []byte("\r\n"))
		if !listed || !completed || !bytes.Contains(tag, []byte(" OK Fetch completed")) {
			return line
		}
		listed = false
		refused++
		return bytes.Replace(line, []byte(" OK "), []byte(" NO "), 1)
	})
	p.sync()
	p.wantEqual("INBOX", "INBOX")
	got, want := p.savedLines(p.dst), p.savedLines(p.src)
	if fmt.Sprint(got) != fmt.Sprint(want) || len(want) != 3 {
		t.Errorf("at the destination %q, want %q", got, want)
	}
	mu.Lock()
	defer mu.Unlock()
	if refused != 1 {
		t.Errorf("%d listings with these dates were refused, want 1", refused)
	}
}
