// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// talker is a server that says its lines whatever it is asked: the first at once, each other behind a line of the client's. It ends the
// connection behind the last.
func talker(t *testing.T, lines ...string) (address string) {
	t.Helper()
	return listen(t, func(conn net.Conn) { talk(conn, lines) })
}

// listen has serve answer each connection, which it ends, until the test is over.
func listen(t testing.TB, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

func talk(conn net.Conn, lines []string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for i, line := range lines {
		if i > 0 {
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
		}
		if _, err := io.WriteString(conn, line); err != nil {
			return
		}
	}
}

// wantToldOf wants a command to end with an error or a finding that names what has to be done, and to say no secret.
func (m move) wantToldOf(name, codes string, args ...string) {
	m.t.Helper()
	o := m.Run(m.t, args...)
	said := o.Out + o.Err
	if !strings.ContainsRune(codes, rune('0'+o.Code)) || !strings.Contains(said, "->") && !strings.Contains(said, "hint:") ||
		strings.Contains(said, person.Password) || len(said) > 20_000 {
		m.t.Errorf("%s: %v ended with %d\n%.3000s%.3000s", name, args, o.Code, o.Out, o.Err)
	}
}

// Whatever stands behind destination.dsync, a pass ends with the next step, nothing is there twice, and the next pass finishes.
func TestUIDs_hostilePeer(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
	dst, address, secret := startDsync(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, person)
	u := src.logIn(t, person)
	u.fill("INBOX", letters(5, 400, "inbox")...)
	m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
	prepare := func(peer string) {
		u.must(imappair.Prepare(l, m.Dir, imappair.Options{Source: src.plain, Destination: dst.plain, Plain: true, People: m.people,
			Dsync: dsyncAt(peer, secret)}))
	}
	hello := "VERSION\tdsync\t3\t5\n"
	for name, lines := range map[string][]string{
		"cut at once":            {""},
		"another protocol":       {"* OK IMAP4 ready\r\n", "* BYE\r\n"},
		"a line without end":     {strings.Repeat("x", 1<<20)},
		"no answer to the user":  {"-\n", "+\n", "\n-NOUSER\n"},
		"wrong words":            {"-\n", "+\n", "\n+\n" + strings.Repeat("garbage\n", 1000)},
		"cut behind its version": {"-\n", "+\n", "\n+\n" + hello},
		"requests without end":   {"-\n", "+\n", "\n+\n" + hello + strings.Repeat("Rg\n", 100_000)},
	} {
		prepare(talker(t, lines...))
		m.wantToldOf(name, "03456", "sync")
		if n := len(m.dst.logIn(t, person).texts("INBOX")); n != 0 && n != 5 {
			t.Errorf("%s: %d messages are there", name, n)
		}
	}
	prepare(address)
	operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
	m.wantEqual(5)
}
