// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

const (
	anna     = "anna@example.test"
	password = "p of anna"
)

// letter is one message as the tests have it.
type letter struct {
	uid      uint32
	flags    Flags
	keywords []string
	uidl     string
	order    uint32
	received time.Time
	saved    time.Time
	text     string
}

func (l letter) guid(box GUID) string {
	g := box
	g[15], g[14] = byte(l.uid), byte(l.uid>>8)
	g[0] = 0xaa
	return g.String()
}

// folder is a mailbox of the tests.
type folder struct {
	name       []string
	guid       GUID
	validity   uint32
	next       uint32
	subscribed bool
	letters    []letter
}

func (f folder) node() Node {
	now := time.Now()
	return Node{Name: f.name, Exists: true, GUID: f.guid, UIDValidity: f.validity, UIDNext: f.next, Created: now,
		Subscribed: f.subscribed, SubscribedAt: now}
}

func (f folder) box() Box {
	return Box{GUID: f.guid, UIDValidity: f.validity, UIDNext: f.next, Messages: uint32(len(f.letters))}
}

func guidOf(n byte) (g GUID) {
	for i := range g {
		g[i] = n
	}
	return g
}

// merge returns the nodes of folders. A mailbox that is there keeps its GUID.
func merge(there []Node, folders []folder) (nodes []Node, merged []folder) {
	merged = slices.Clone(folders)
	for i, f := range merged {
		at := slices.IndexFunc(there, func(n Node) bool { return slices.Equal(n.Name, f.name) })
		if at < 0 {
			nodes = append(nodes, f.node())
			continue
		}
		merged[i].guid = there[at].GUID
		nodes = append(nodes, there[at])
	}
	return nodes, merged
}

// bring sends folders and returns which messages were asked for, in order.
func bring(ctx context.Context, stream Stream, options Options, folders ...folder) (sent []string, err error) {
	s, err := Begin(ctx, stream, options)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	nodes, separator, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	nodes, folders = merge(nodes, folders)
	if err := s.Apply(ctx, nodes, separator); err != nil {
		return nil, err
	}
	for _, f := range folders {
		some, err := bringFolder(ctx, s, f)
		sent = append(sent, some...)
		if err != nil {
			return sent, fmt.Errorf("%q: %w", f.name, err)
		}
	}
	return sent, s.Finish(ctx)
}

func bringFolder(ctx context.Context, s *Session, f folder) (sent []string, err error) {
	wanted := map[string]bool{}
	theirs, err := s.Open(ctx, f.box(), func(r Request) error { wanted[r.GUID] = true; return nil })
	if err != nil {
		return nil, err
	}
	if theirs.Lost {
		return nil, fmt.Errorf("the server has lost it")
	}
	if err := s.Attributes(ctx); err != nil {
		return nil, err
	}
	for _, l := range f.letters {
		there := l.uid < theirs.UIDNext
		if err := s.Change(ctx, Change{UID: l.uid, GUID: l.guid(f.guid), Flags: l.flags, Keywords: l.keywords, There: there}); err != nil {
			return nil, err
		}
	}
	if err := s.Requests(ctx); err != nil {
		return nil, err
	}
	for _, l := range f.letters {
		if !wanted[l.guid(f.guid)] {
			continue
		}
		mail := Mail{GUID: l.guid(f.guid), UID: l.uid, UIDL: l.uidl, Order: l.order, Received: l.received, Saved: l.saved}
		if err := s.Mail(ctx, mail, strings.NewReader(l.text)); err != nil {
			return sent, err
		}
		sent = append(sent, mail.GUID)
	}
	_, err = s.Done(ctx)
	return sent, err
}

// imapTalk is IMAP by hand, so that no client of this module reads back what another one has sent.
type imapTalk struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	n    int
}

func talk(t *testing.T, server *dovecot.Server) *imapTalk {
	t.Helper()
	conn, err := net.Dial("tcp", server.IMAP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	c := &imapTalk{t: t, conn: conn, in: bufio.NewReader(conn)}
	if _, err := c.in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	c.do(fmt.Sprintf("LOGIN %s %q", anna, password))
	return c
}

// do sends a command and returns all that is said until its answer, which has to be OK.
func (c *imapTalk) do(command string) string {
	c.t.Helper()
	c.n++
	tag := fmt.Sprintf("t%d ", c.n)
	if _, err := io.WriteString(c.conn, tag+command+"\r\n"); err != nil {
		c.t.Fatal(err)
	}
	var out strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%s: %v", command, err)
		}
		if strings.HasPrefix(line, tag) {
			if !strings.HasPrefix(line, tag+"OK") {
				c.t.Fatalf("%s: %s", command, line)
			}
			return out.String()
		}
		out.WriteString(line)
	}
}

func (c *imapTalk) wants(command string, wanted ...string) {
	c.t.Helper()
	got := c.do(command)
	for _, want := range wanted {
		if !strings.Contains(got, want) {
			c.t.Errorf("%s: got %q, want %q in it", command, got, want)
		}
	}
}

func startDovecot(t *testing.T, options dovecot.Options) *dovecot.Server {
	t.Helper()
	options.Doveadm, options.Separator = true, "/"
	options.Accounts = append(options.Accounts, dovecot.Account{Address: anna, Password: password})
	server, err := dovecot.Start(lab.Open(t), options)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func byTCP(t *testing.T, server *dovecot.Server, address string) Stream {
	t.Helper()
	stream, err := DialDoveadm(t.Context(), DoveadmOptions{
		Address: address, Security: protocol.NoTLS, Password: server.DoveadmPassword, User: anna,
	})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func byCommand(t *testing.T, server *dovecot.Server) Stream {
	t.Helper()
	path, err := exec.LookPath("doveadm")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := Command(t.Context(), path, "-c", server.ConfigFile(), "dsync-server", "-u", anna)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

var received = time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)

// estate is an account with all that dsync can carry and IMAP cannot.
func estate() []folder {
	plain := "Subject: one\r\n\r\ntext\r\n"
	return []folder{
		{name: []string{"INBOX"}, guid: guidOf(1), validity: 1234567, next: 1000, letters: []letter{
			{uid: 10, flags: Seen | Answered, received: received, saved: received.Add(time.Hour), uidl: "UIDL-1", order: 3, text: plain},
			{uid: 20, flags: Flagged, keywords: []string{"$Forwarded", "work"}, received: received, uidl: "UIDL-2", order: 1,
				text: plain + ".\r\n..\r\n.x\r\n"},
			{uid: 500, received: received, uidl: "UIDL-3", order: 2, text: ".begins with a dot: x\r\n\r\nno end"},
		}},
		{name: []string{"Work", "Ünï & Co", "a\tb"}, guid: guidOf(2), validity: 77, next: 6, subscribed: true, letters: []letter{
			{uid: 5, flags: Draft | Deleted, received: received, text: "Subject: bare\n\n.\nLF\n\n\n"},
		}},
		{name: []string{"Empty"}, guid: guidOf(3), validity: 4_000_000_000, next: 42, subscribed: true},
	}
}

func TestDovecot_keepsWhatIMAPCannotSet(t *testing.T) {
	t.Parallel()
	for _, layout := range []string{dovecot.Maildir, dovecot.Sdbox, dovecot.Mdbox} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			server := startDovecot(t, dovecot.Options{Layout: layout})
			stream := byTCP(t, server, server.DoveadmTCP)
			if layout == dovecot.Sdbox {
				_ = stream.Close()
				stream = byCommand(t, server)
			}
			sent, err := bring(t.Context(), stream, Options{}, estate()...)
			if err != nil || len(sent) != 4 {
				t.Fatalf("sent %q: %v", sent, err)
			}
			checkEstate(t, server)
			again, err := bring(t.Context(), byTCP(t, server, server.DoveadmTCP), Options{}, estate()...)
			if err != nil || len(again) != 0 {
				t.Errorf("the repeat sent %q: %v", again, err)
			}
			checkEstate(t, server)
		})
	}
}

func checkEstate(t *testing.T, server *dovecot.Server) {
	t.Helper()
	c := talk(t, server)
	c.wants(`LIST "" *`, `"Work/&ANw-n&AO8- &- Co/a`, "Empty", "INBOX")
	c.wants(`LSUB "" *`, `"Work/&ANw-n&AO8- &- Co/a`, "Empty")
	c.wants("STATUS Empty (MESSAGES UIDNEXT UIDVALIDITY)", "MESSAGES 0", "UIDNEXT 42", "UIDVALIDITY 4000000000")
	c.wants("SELECT INBOX", "3 EXISTS", "UIDVALIDITY 1234567", "UIDNEXT 1000")
	c.wants("UID FETCH 1:* (FLAGS INTERNALDATE)", "UID 10 ", "UID 20 ", "UID 500 ", `\Answered`, `\Seen`, `\Flagged`, "$Forwarded", "work")
	c.wants("UID FETCH 10 (INTERNALDATE)", `"04-Mar-2019 05:06:07 +0000"`)
	c.wants("UID FETCH 10 (X-SAVEDATE)", `"04-Mar-2019 06:06:07 +0000"`)
	c.wants("UID FETCH 20 (BODY.PEEK[])", "Subject: one\r\n\r\ntext\r\n.\r\n..\r\n.x\r\n)")
	c.wants("UID FETCH 500 (BODY.PEEK[])", ".begins with a dot: x\r\n\r\nno end)")
	pop := popList(t, server)
	if want := []string{"UIDL-2", "UIDL-3", "UIDL-1"}; !slices.Equal(pop, want) {
		t.Errorf("UIDL: got %q, want %q", pop, want)
	}
}

// popList returns what POP3 answers to UIDL.
func popList(t *testing.T, server *dovecot.Server) (list []string) {
	t.Helper()
	conn, err := net.Dial("tcp", server.POP3)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "USER %s\r\nPASS %s\r\nUIDL\r\nQUIT\r\n", anna, password); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var n int
		var uidl string
		if got, _ := fmt.Sscanf(line, "%d %s", &n, &uidl); got == 2 {
			list = append(list, uidl)
		}
	}
	return list
}
