// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
	"rehome/lab"
	"rehome/lab/dovecot"
)

// servers are two real ends, unlike each other the way that an old and a new host are.
type servers struct {
	src, dst *dovecot.Server
	dial     imap.DialFunc // of the source; nil for a plain one

	dialThere imap.DialFunc // of the destination
}

func startServers(t testing.TB, accounts ...string) *servers {
	t.Helper()
	l := lab.Open(t)
	var all []dovecot.Account
	for _, address := range accounts {
		all = append(all, dovecot.Account{Address: address, Password: "secret"})
	}
	src, err := dovecot.Start(l, dovecot.Options{Name: "src", Layout: dovecot.Sdbox, Prefix: "INBOX.", Accounts: all})
	if err != nil {
		t.Fatal(err)
	}
	dst, err := dovecot.Start(l, dovecot.Options{
		Name: "dst", Layout: dovecot.Sdbox, Separator: "/", Accounts: all,
		Mailboxes: []dovecot.Mailbox{{Name: "Sent", SpecialUse: `\Sent`, Subscribed: true}, {Name: "Spam", SpecialUse: `\Junk`}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &servers{src: src, dst: dst}
}

func (s *servers) account(address string) rehome.Account {
	password := rehome.NewSecret("secret")
	return rehome.Account{Address: address, SourcePassword: password, DestinationPassword: password}
}

// request is what a test wants to be compared, and how.
type request struct {
	Options
	how verify.Options
}

func (r request) verifier() *verify.Verifier { return verify.New(r.how, New(r.Options)) }

func (s *servers) options(level verify.Level) request {
	host := func(side rehome.Side, server *dovecot.Server, dial imap.DialFunc) *endpoint.IMAP {
		end := endpoint.NewHost(endpoint.HostSettings{Side: side})
		return endpoint.NewIMAP(endpoint.Settings{Host: end, Address: server.IMAP, Security: protocol.NoTLS, Dial: dial})
	}
	return request{
		Options: Options{Source: host(rehome.Source, s.src, s.dial), Destination: host(rehome.Destination, s.dst, s.dialThere), Pause: atOnce},
		how:     verify.Options{Level: level},
	}
}

// through is an end whose traffic is counted.
func (s *servers) through(side rehome.Side, cost *traffic) *endpoint.IMAP {
	server := s.src
	if side == rehome.Destination {
		server = s.dst
	}
	return endpoint.NewIMAP(endpoint.Settings{Host: endpoint.NewHost(endpoint.HostSettings{Side: side}), Address: server.IMAP,
		Security: protocol.NoTLS, Dial: cost.dial})
}

// atOnce is for tests in which nobody else works: there is nothing to wait for.
func atOnce(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func (s *servers) verify(t *testing.T, address string, options request) verify.Account {
	t.Helper()
	got, err := options.verifier().Account(t.Context(), s.account(address))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// user is somebody with a mail client.
type user struct {
	t testing.TB
	*endpoint.Session
	server *dovecot.Server
}

func (s *servers) logIn(t testing.TB, side rehome.Side, address string) user {
	t.Helper()
	options := s.options(verify.LevelFull)
	host, server := options.Source, s.src
	if side == rehome.Destination {
		host, server = options.Destination, s.dst
	}
	place, err := host.Reserve(t.Context(), s.account(address))
	if err != nil {
		t.Fatal(err)
	}
	session, err := place.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return user{t, session, server}
}

// letter is one message to store.
type letter struct {
	text  string
	flags []string
	date  time.Time
}

func write(n int) letter {
	return letter{
		text: fmt.Sprintf("Message-ID: <%d@example.test>\r\nDate: Tue, 3 Mar 2009 10:00:00 +0100\r\nSubject: secret plan %d\r\n\r\n%s\r\n",
			n, n, strings.Repeat("x", 10*n)),
		flags: []string{`\Seen`},
		date:  time.Date(2009, 3, 3, 10, 0, n, 0, time.UTC),
	}
}

func (u user) create(names ...string) {
	u.t.Helper()
	for _, name := range names {
		if err := u.Create(u.t.Context(), name); err != nil {
			u.t.Fatal(err)
		}
	}
}

func (u user) store(mailbox string, letters ...letter) {
	u.t.Helper()
	if err := appendAll(u.t.Context(), u.Session, mailbox, letters...); err != nil {
		u.t.Fatal(err)
	}
}

func appendAll(ctx context.Context, session *endpoint.Session, mailbox string, letters ...letter) error {
	command, err := session.Append(ctx, mailbox)
	if err != nil {
		return err
	}
	for _, l := range letters {
		if err := command.Message(ctx, l.flags, l.date, int64(len(l.text)), strings.NewReader(l.text)); err != nil {
			return err
		}
	}
	if err := command.Finish(); err != nil {
		return err
	}
	_, err = command.Wait(ctx)
	return err
}

// correspond stores n letters in both INBOXes.
func correspond(n int, src, dst user) {
	src.t.Helper()
	var letters []letter
	for i := range n {
		letters = append(letters, write(i))
	}
	src.store("INBOX", letters...)
	dst.store("INBOX", letters...)
}

// doveadm does what the client has no command for.
func (u user) doveadm(args ...string) {
	u.t.Helper()
	if _, err := u.server.Exec(u.t.Context(), args...); err != nil {
		u.t.Fatal(err)
	}
}

// remove takes a message out of INBOX.
func (u user) remove(uid int) {
	u.t.Helper()
	u.doveadm("expunge", "-u", u.Account, "mailbox", "INBOX", "uid", strconv.Itoa(uid))
}

// move moves a message out of INBOX.
func (u user) move(uid, mailbox string) {
	u.t.Helper()
	u.doveadm("move", "-u", u.Account, mailbox, "mailbox", "INBOX", "uid", uid)
}

func (u user) unsubscribe(mailbox string) {
	u.t.Helper()
	u.doveadm("mailbox", "unsubscribe", "-u", u.Account, mailbox)
}

func (u user) delete(mailbox string) {
	u.t.Helper()
	u.doveadm("mailbox", "delete", "-u", u.Account, mailbox)
}

// flag sets the flags of one message of INBOX.
func (u user) flag(uid imap.UID, flags ...string) {
	u.t.Helper()
	if _, err := u.Select(u.t.Context(), "INBOX"); err != nil {
		u.t.Fatal(err)
	}
	if err := u.Store(u.t.Context(), imap.NewUIDSet(uid), imap.StoreReplace, flags); err != nil {
		u.t.Fatal(err)
	}
}

// replace swaps letter n of INBOX, whose UID is n, for an edited one.
func (u user) replace(n int, edit func(*letter)) {
	u.t.Helper()
	u.remove(n)
	l := write(n)
	edit(&l)
	u.store("INBOX", l)
}

// cutConn breaks after a number of octets have been read.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		_ = c.Close() // the connection is meant to be broken
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// damage cuts the file of one message of INBOX in the server's store (sdbox).
func (u user) damage(uid int) {
	u.t.Helper()
	file := filepath.Join(u.server.MailRoot(u.Account), "mailboxes", "INBOX", "dbox-Mails", "u."+strconv.Itoa(uid))
	if err := os.Truncate(file, 60); err != nil {
		u.t.Fatal(err)
	}
}
