// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// reader speaks as much IMAP and POP3 as it takes to look at what was planted. It is not the
// product's client on purpose: what proves the corpus must not share that client's mistakes.
type reader struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// answer is one untagged line; the literals in it are taken out and stand beside it.
type answer struct {
	line     string
	literals [][]byte
}

func dial(t *testing.T, addr string) *reader {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	r.readLine()
	return r
}

func (r *reader) readLine() string {
	r.t.Helper()
	line, err := r.in.ReadString('\n')
	if err != nil {
		r.t.Fatalf("read: %v after %q", err, line)
	}
	return strings.TrimSuffix(line, "\r\n")
}

func (r *reader) send(command string) {
	r.t.Helper()
	if _, err := io.WriteString(r.conn, command+"\r\n"); err != nil {
		r.t.Fatal(err)
	}
}

var literalEnd = regexp.MustCompile(`\{(\d+)\}$`)

// do sends an IMAP command, which must succeed, and returns the untagged answers.
func (r *reader) do(command string) []answer {
	r.t.Helper()
	r.send("a " + command)
	var all []answer
	for {
		var a answer
		for a.line = r.readLine(); literalEnd.MatchString(a.line); {
			size, err := strconv.Atoi(literalEnd.FindStringSubmatch(a.line)[1])
			if err != nil {
				r.t.Fatal(err)
			}
			literal := make([]byte, size)
			if _, err := io.ReadFull(r.in, literal); err != nil {
				r.t.Fatal(err)
			}
			a.literals = append(a.literals, literal)
			a.line = strings.TrimSuffix(a.line, literalEnd.FindString(a.line)) + r.readLine()
		}
		if tail, found := strings.CutPrefix(a.line, "a "); found {
			if !strings.HasPrefix(tail, "OK") {
				r.t.Fatalf("%s: %s", strings.Fields(command)[0], tail)
			}
			return all
		}
		all = append(all, a)
	}
}

func quote(s string) string { return strconv.Quote(s) }

// names asks LIST or LSUB and returns the names, without those that cannot be selected.
func (r *reader) names(verb string) []string {
	r.t.Helper()
	var names []string
	for _, a := range r.do(verb + ` "" "*"`) {
		_, name, found := strings.Cut(a.line, `"." `)
		if !found {
			r.t.Fatalf("%s answers %q", verb, a.line)
		}
		if strings.HasPrefix(name, `"`) {
			var err error
			if name, err = strconv.Unquote(name); err != nil {
				r.t.Fatal(err)
			}
		}
		if !strings.Contains(a.line, `\Noselect`) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// seen is one message as the server shows it.
type seen struct {
	uid      uint32
	size     int64
	flags    string // sorted
	date     string
	contents [sha256.Size]byte
}

var fetched = regexp.MustCompile(`^\* \d+ FETCH \(UID (\d+) FLAGS \((.*?)\) INTERNALDATE "([^"]+)" RFC822\.SIZE (\d+) BODY\[\] \)$`)

// messages examines a mailbox and reads everything in it.
func (r *reader) messages(mailbox string) (all []seen, uidValidity, uidNext string) {
	r.t.Helper()
	for _, a := range r.do("EXAMINE " + quote(mailbox)) {
		if _, tail, found := strings.Cut(a.line, "[UIDVALIDITY "); found {
			uidValidity, _, _ = strings.Cut(tail, "]")
		}
		if _, tail, found := strings.Cut(a.line, "[UIDNEXT "); found {
			uidNext, _, _ = strings.Cut(tail, "]")
		}
	}
	for _, a := range r.do("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])") {
		m := fetched.FindStringSubmatch(a.line)
		if m == nil || len(a.literals) != 1 {
			r.t.Fatalf("%s: cannot read %q", mailbox, a.line)
		}
		uid, _ := strconv.ParseUint(m[1], 10, 32) // digits, by the pattern
		size, _ := strconv.ParseInt(m[4], 10, 64)
		flags := strings.Fields(strings.ReplaceAll(m[2], `\Recent`, ""))
		slices.Sort(flags)
		all = append(all, seen{
			uid: uint32(uid), size: size, flags: strings.Join(flags, " "), date: m[3], contents: sha256.Sum256(a.literals[0]),
		})
	}
	return all, uidValidity, uidNext
}

// planted is the message as the corpus describes it.
func planted(msg Message) seen {
	flags := slices.Sorted(slices.Values(msg.Flags))
	return seen{
		uid: msg.UID, size: msg.Size, flags: strings.Join(flags, " "), date: msg.InternalDate.Format("02-Jan-2006 15:04:05 +0000"),
		contents: sha256.Sum256(msg.Octets()),
	}
}

// logIn opens an IMAP session.
func logIn(t *testing.T, addr, user, password string) *reader {
	t.Helper()
	r := dial(t, addr)
	r.do("LOGIN " + quote(user) + " " + quote(password))
	return r
}

// uidls logs in by POP3 and returns the unique ids in the server's order.
func uidls(t *testing.T, addr, user, password string) []string {
	t.Helper()
	r := dial(t, addr)
	for _, command := range []string{"USER " + user, "PASS " + password, "UIDL"} {
		r.send(command)
		if line := r.readLine(); !strings.HasPrefix(line, "+OK") {
			t.Fatalf("%s: %s", strings.Fields(command)[0], line)
		}
	}
	var all []string
	for line := r.readLine(); line != "."; line = r.readLine() {
		_, id, _ := strings.Cut(line, " ")
		all = append(all, id)
	}
	return all
}

// checkMail holds everything that the server shows of a person against what was planted.
func checkMail(t *testing.T, r *reader, p Person) {
	t.Helper()
	var names, subscribed []string
	for _, m := range p.Mailboxes {
		names = append(names, m.IMAPName())
		if m.Subscribed {
			subscribed = append(subscribed, m.IMAPName())
		}
	}
	for _, path := range p.Subscribed {
		subscribed = append(subscribed, imapName(path))
	}
	slices.Sort(names)
	slices.Sort(subscribed)
	if got := r.names("LIST"); !slices.Equal(got, names) {
		t.Errorf("%s: LIST shows %q, want %q", p.Address, got, names)
	}
	if got := r.names("LSUB"); !slices.Equal(got, subscribed) {
		t.Errorf("%s: LSUB shows %q, want %q", p.Address, got, subscribed)
	}
	for _, m := range p.Mailboxes {
		checkMailbox(t, r, p.Address, m)
	}
}

func checkMailbox(t *testing.T, r *reader, address string, m Mailbox) {
	t.Helper()
	got, uidValidity, uidNext := r.messages(m.IMAPName())
	if want := fmt.Sprint(m.UIDValidity); uidValidity != want {
		t.Errorf("%s %s: UIDVALIDITY %s, want %s", address, m.IMAPName(), uidValidity, want)
	}
	if want := fmt.Sprint(m.UIDNext); uidNext != want {
		t.Errorf("%s %s: UIDNEXT %s, want %s", address, m.IMAPName(), uidNext, want)
	}
	want := m.Count()
	var octets int64
	for i, s := range got {
		octets += s.size
		if i >= len(m.Messages) {
			continue
		}
		if wanted := planted(m.Messages[i]); s != wanted {
			t.Errorf("%s %s (%s): got %+v, want %+v", address, m.IMAPName(), m.Messages[i].Trap, s, wanted)
		}
	}
	if len(got) != want.Messages || octets != want.Octets {
		t.Errorf("%s %s: got %d messages of %d octets, want %d of %d", address, m.IMAPName(), len(got), octets, want.Messages, want.Octets)
	}
}
