// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/dovecot"
)

const dovecotPassword = `p "w\d ü`

// realServer is a Dovecot for all tests of this file; each has an account of its own.
type realServer struct {
	*dovecot.Server
	room *lab.Room
}

func TestDovecot(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, *realServer, string){
		"login":         testDovecotLogin,
		"tls":           testDovecotTLS,
		"mailboxes":     testDovecotMailboxes,
		"messages":      testDovecotMessages,
		"refusals":      testDovecotRefusals,
		"hazard":        testDovecotHazard,
		"abort":         testDovecotAbort,
		"quota":         testDovecotQuota,
		"arguments":     testDovecotArguments,
		"fragments":     testDovecotFragments,
		"synchronising": testDovecotSynchronising,
	}
	var accounts []dovecot.Account
	for name := range tests {
		accounts = append(accounts, dovecot.Account{Address: name + "@example.test", Password: dovecotPassword})
	}
	room := lab.Open(t)
	server, err := dovecot.Start(room, dovecot.Options{
		Layout: dovecot.Mdbox, Separator: "/", QuotaMB: 20, Accounts: accounts, MasterUser: "mover", MasterPassword: "m",
		Mailboxes: []dovecot.Mailbox{{Name: "Sent", SpecialUse: `\Sent`, Subscribed: true}, {Name: "Spam", SpecialUse: `\Junk`}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("with", func(t *testing.T) { // the server must not stop before its parallel users
		for _, name := range slices.Sorted(maps.Keys(tests)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				tests[name](t, &realServer{server, room}, name+"@example.test")
			})
		}
	})
}

// logIn opens a session with the account's own password.
func (s *realServer) logIn(t *testing.T, user string) *Client {
	t.Helper()
	client := dial(t, Options{Address: s.IMAP})
	if err := client.LogInPlain(within(t), "", user, dovecotPassword); err != nil {
		t.Fatal(err)
	}
	return client
}

func testDovecotLogin(t *testing.T, server *realServer, user string) {
	client := dial(t, Options{Address: server.IMAP})
	if err := client.LogInPlain(within(t), "", user, "wrong"); !IsCode(err, "AUTHENTICATIONFAILED") {
		t.Errorf("wrong password: %v", err)
	}
	if err := client.LogInPlain(within(t), "", user, dovecotPassword); err != nil {
		t.Errorf("PLAIN: %v", err)
	}
	if !client.Capabilities().Has("MULTIAPPEND") {
		t.Errorf("capabilities behind the log-in: %q", client.Capabilities().List())
	}
	if err := client.Logout(within(t)); err != nil {
		t.Errorf("Logout: %v", err)
	}
	byLogin := dial(t, Options{Address: server.IMAP})
	if err := byLogin.Login(within(t), user, dovecotPassword); err != nil {
		t.Errorf("LOGIN with a literal: %v", err)
	}
	for _, login := range []struct{ identity, user string }{{"", user + "*mover"}, {user, "mover"}} {
		master := dial(t, Options{Address: server.IMAP})
		if err := master.LogInPlain(within(t), login.identity, login.user, server.MasterPassword); err != nil {
			t.Errorf("master user as %q for %q: %v", login.user, login.identity, err)
			continue
		}
		if id, err := master.ID(within(t), "rehome", "1"); err != nil || id["name"] != "Dovecot" {
			t.Errorf("ID: %q, %v", id, err)
		}
	}
}

func testDovecotTLS(t *testing.T, server *realServer, user string) {
	for address, security := range map[string]Security{server.IMAPS: ImplicitTLS, server.IMAP: StartTLS} {
		client := dial(t, Options{Address: address, Security: security, TLS: server.room.ClientTLS("")})
		if err := client.LogInPlain(within(t), "", user, dovecotPassword); err != nil {
			t.Errorf("%s: %v", security, err)
		}
		if _, ok := client.TLS(); !ok {
			t.Errorf("%s: no TLS", security)
		}
		body := bytes.Repeat([]byte("0123456789abcde\r\n"), 100_000)
		appended := appendBytes(t, client, "INBOX", body)
		checkBodies(t, client, "INBOX", appended.UIDs, [][]byte{body})
		var unknown x509.UnknownAuthorityError
		if _, err := Dial(within(t), Options{Address: address, Security: security}); !errors.As(err, &unknown) {
			t.Errorf("%s without the authority: %v", security, err)
		}
	}
}

// appendBytes appends bodies by one command.
func appendBytes(t *testing.T, client *Client, mailbox string, bodies ...[]byte) Appended {
	t.Helper()
	command, err := client.Append(within(t), mailbox)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range bodies {
		if err := command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := command.Finish(); err != nil {
		t.Fatal(err)
	}
	answer, err := command.Wait(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// checkBodies fetches uids of a mailbox and compares.
func checkBodies(t *testing.T, client *Client, mailbox string, uids []UID, want [][]byte) {
	t.Helper()
	if len(uids) != len(want) {
		t.Fatalf("%d UIDs, want %d", len(uids), len(want))
	}
	if _, err := client.Examine(within(t), mailbox); err != nil {
		t.Fatal(err)
	}
	got := map[UID][]byte{}
	command, err := client.Fetch(within(t), NewUIDSet(uids...), FetchItems{Body: true}, FetchHandler{Literal: func(l *Literal) (err error) {
		got[l.UID], err = io.ReadAll(l)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	for i, uid := range uids {
		if !bytes.Equal(got[uid], want[i]) {
			t.Errorf("message %d (UID %d) has %d octets and differs from the %d that were appended", i, uid, len(got[uid]), len(want[i]))
		}
	}
}

func testDovecotMailboxes(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	names := []string{"Entwürfe & Co", "Archiv/日本語/😀", `quoted "x" \y`, "brackets [x] {5}", "a%b*c", "NIL"}
	for _, name := range names {
		if err := errors.Join(client.Create(within(t), name), client.Create(within(t), name), client.Subscribe(within(t), name)); err != nil {
			t.Errorf("create %q: %v", name, err)
		}
		if _, err := client.Select(within(t), name); err != nil {
			t.Errorf("select %q: %v", name, err)
		}
		if _, err := client.Status(within(t), "INBOX"); err != nil {
			t.Error(err)
		}
	}
	appendBytes(t, client, "NIL", []byte("Subject: x\r\n\r\n"))
	extended, err := client.List(within(t))
	if err != nil {
		t.Fatal(err)
	}
	client.mu.Lock()
	client.caps = newCapabilities([]string{"IMAP4REV1", "LITERAL+"}) // as if it were an old server
	client.mu.Unlock()
	plain, err := client.List(within(t))
	if err != nil {
		t.Fatal(err)
	}
	checkListing(t, extended, names)
	checkListing(t, plain, names)
	old, err := client.Namespace(within(t))
	if err != nil {
		t.Error(err)
	}
	if err := client.Capability(within(t)); err != nil {
		t.Fatal(err)
	}
	current, err := client.Namespace(within(t))
	want := fmt.Sprint([]Namespace{{Prefix: "", Delimiter: "/"}})
	if err != nil || fmt.Sprint(current.Personal) != want || fmt.Sprint(old.Personal) != want {
		t.Errorf("namespaces %v and %v, %v, want %s", current, old, err, want)
	}
	if err := errors.Join(client.Unselect(within(t)), client.Noop(within(t))); err != nil {
		t.Error(err)
	}
}

func checkListing(t *testing.T, entries []ListEntry, names []string) {
	t.Helper()
	listed := map[string]ListEntry{}
	for _, e := range entries {
		listed[e.Name] = e
		if (e.Status != nil) != e.Selectable() || e.Delimiter != "/" {
			t.Errorf("%+v: status does not fit, or delimiter", e)
		}
	}
	for _, name := range append([]string{"INBOX", "Sent", "Spam"}, names...) {
		e, ok := listed[name]
		subscribed := name != "INBOX" && name != "Spam"
		if !ok || e.Subscribed != subscribed || e.HasAttribute(`\Sent`) != (name == "Sent") || e.HasAttribute(`\Junk`) != (name == "Spam") {
			t.Errorf("%q: %+v", name, e)
		}
	}
	if s := listed["NIL"].Status; s == nil || s.Messages != 1 || s.UIDNext != 2 || s.UIDValidity == 0 {
		t.Errorf("status of the mailbox with a message: %+v", s)
	}
}

// letters makes n messages that Dovecot keeps as they are: CRLF, no NUL, also long lines, 8 bits, and
// lines that look like the protocol.
func letters(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([][]byte, n)
	for i := range all {
		var b bytes.Buffer
		fmt.Fprintf(&b, "Message-ID: <%d@example.test>\r\nSubject: r1 OK\r\n\r\n", i)
		for range random.IntN(200) {
			line := make([]byte, random.IntN(300))
			for j := range line {
				line[j] = byte(0x20 + random.IntN(0xe0))
			}
			fmt.Fprintf(&b, "%s\r\na%d DELETE INBOX\r\n)\r\n", line, i)
		}
		all[i] = b.Bytes()
	}
	return all
}

func testDovecotMessages(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	bodies := letters(300)
	flags := [][]string{nil, {`\Seen`, `\Flagged`}, {"$Junk", "[x", `\Answered`}}
	dates := make([]time.Time, len(bodies))
	var commands []*AppendCommand
	for i, body := range bodies {
		if i%100 == 0 {
			command, err := client.Append(within(t), "INBOX")
			if err != nil {
				t.Fatal(err)
			}
			commands = append(commands, command)
		}
		dates[i] = time.Unix(1_000_000_000+int64(i)*100_000, 0).In(time.FixedZone("", (i%1400-700)*60))
		command := commands[len(commands)-1]
		if err := command.Message(within(t), flags[i%3], dates[i], int64(len(body)), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		if command.Messages() == 100 {
			if err := command.Finish(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var uids []UID
	for _, command := range commands {
		answer, err := command.Wait(within(t))
		if err != nil || answer.UIDValidity == 0 {
			t.Fatal(answer, err)
		}
		uids = append(uids, answer.UIDs...)
	}
	checkBodies(t, client, "INBOX", uids, bodies)

	messages := 0
	command, err := client.Fetch(within(t), NewUIDSet(uids...), FetchItems{Flags: true, InternalDate: true, Size: true, ModSeq: true}, FetchHandler{Message: func(m *Message) error {
		i := slices.Index(uids, m.UID)
		messages++
		slices.Sort(m.Flags)
		want := slices.Sorted(slices.Values(flags[i%3]))
		if !slices.Equal(m.Flags, want) || !m.InternalDate.Equal(dates[i]) || m.Size != int64(len(bodies[i])) || m.ModSeq == 0 {
			t.Errorf("message %d: %+v, want flags %q, date %v, size %d", i, m, want, dates[i], len(bodies[i]))
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil || messages != len(bodies) {
		t.Errorf("%d messages, %v", messages, err)
	}
	testDovecotSearch(t, client, uids)
}

func testDovecotSearch(t *testing.T, client *Client, uids []UID) {
	t.Helper()
	for first, want := range map[UID]int{0: 300, 1: 300, uids[10]: 290, uids[299]: 1, uids[299] + 1: 0, 4294967295: 0} {
		if found, err := client.SearchAll(within(t), first); err != nil || found.Len() != want {
			t.Errorf("SearchAll(%d): %d messages, %v, want %d", first, found.Len(), err, want)
		}
	}
	selected, err := client.Select(within(t), "INBOX")
	if err != nil || selected.Messages != 300 || selected.UIDNext != uids[299]+1 || selected.HighestModSeq == 0 || selected.ReadOnly || !selected.AnyKeyword() {
		t.Errorf("Select: %+v, %v", selected, err)
	}
	if err := client.Store(within(t), NewUIDSet(uids...), StoreReplace, []string{"$Done"}); err != nil {
		t.Error(err)
	}
	if err := client.Store(within(t), NewUIDSet(uids[0]), StoreAdd, []string{`\Deleted`}); err != nil {
		t.Error(err)
	}
	changed := 0
	command, err := client.Fetch(within(t), NewUIDSet(uids...), FetchItems{Flags: true, ChangedSince: selected.HighestModSeq}, FetchHandler{Message: func(*Message) error {
		changed++
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil || changed != 300 {
		t.Errorf("%d messages changed, %v, want 300", changed, err)
	}
	if examined, err := client.Examine(within(t), "INBOX"); err != nil || !examined.ReadOnly {
		t.Errorf("Examine: %+v, %v", examined, err)
	}
}

func testDovecotRefusals(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	if _, err := client.Select(within(t), "missing"); !IsStatus(err, "NO") {
		t.Errorf("Select: %v, want NO", err)
	}
	// The refusal comes while megabytes are still to be written, and the server swallows them.
	body := bytes.Repeat([]byte("Subject: x\r\n"), 500_000)
	for _, capabilities := range []string{"LITERAL+", ""} {
		client.mu.Lock()
		client.caps = newCapabilities([]string{"IMAP4REV1", "MULTIAPPEND", capabilities})
		client.mu.Unlock()
		command, err := client.Append(within(t), "missing")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)); err != nil && !IsCode(err, "TRYCREATE") {
				t.Errorf("%q: Message: %v", capabilities, err)
			}
		}
		if err := command.Finish(); err != nil {
			t.Errorf("%q: Finish: %v", capabilities, err)
		}
		if _, err := command.Wait(within(t)); !IsStatus(err, "NO") || !IsCode(err, "TRYCREATE") {
			t.Errorf("%q: Wait: %v, want NO [TRYCREATE]", capabilities, err)
		}
		if err := client.Noop(within(t)); err != nil {
			t.Fatalf("%q: the connection is out of step: %v", capabilities, err)
		}
	}
}

// Whatever is refused, the message is never run as commands.
func testDovecotHazard(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	if err := client.Create(within(t), "Victim"); err != nil {
		t.Fatal(err)
	}
	body := "Subject: x\r\n" + strings.Repeat("\r\na1 DELETE Victim\r\nr9 DELETE Victim\r\n", 1000)
	long := strings.Repeat("k", 200) // more than Dovecot keeps: refused by NO [CANNOT]
	for _, attempt := range []struct {
		mailbox string
		flags   []string
	}{{"missing", nil}, {"INBOX", []string{long}}, {"bad//name", nil}, {"", nil}, {strings.Repeat("x", 2000), nil}, {DecodeName("\xff"), nil}} {
		if client.Err() != nil {
			client = server.logIn(t, user)
		}
		command, err := client.Append(within(t), attempt.mailbox)
		if err != nil {
			continue
		}
		for range 2 {
			if err = command.Message(within(t), attempt.flags, noDate, int64(len(body)), strings.NewReader(body)); err != nil {
				break
			}
		}
		if err = errors.Join(err, command.Finish()); err == nil {
			_, err = command.Wait(within(t))
		}
		if err == nil {
			t.Errorf("append to %q with %.20q is not refused", attempt.mailbox, attempt.flags)
		}
	}
	if _, err := server.logIn(t, user).Status(within(t), "Victim"); err != nil {
		t.Errorf("the mailbox that the messages name is gone: %v", err)
	}
}

func testDovecotAbort(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	command, err := client.Append(within(t), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Repeat([]byte("Subject: x\r\n"), 20_000)
	for range 5 {
		if err := command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)); err != nil {
			t.Fatal(err)
		}
	}
	command.Abort(errEnough)
	if _, err := command.Wait(within(t)); !errors.Is(err, errEnough) {
		t.Errorf("Wait: %v, want %v", err, errEnough)
	}
	status, err := server.logIn(t, user).Status(within(t), "INBOX")
	if err != nil || status.Messages != 0 || status.UIDNext != 1 {
		t.Errorf("an aborted append left %+v, %v", status, err)
	}
}

func testDovecotQuota(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	body := bytes.Repeat([]byte("Subject: x\r\n"), 1_000_000)
	appendBytes(t, client, "INBOX", body)
	quota, ok, err := client.QuotaOf(within(t), "INBOX")
	if err != nil || !ok || quota.Limit != 20<<20 || quota.Used < int64(len(body))/1024*1024 {
		t.Errorf("QuotaOf: %+v, %v, %v", quota, ok, err)
	}
	command, err := client.Append(within(t), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(command.Message(within(t), nil, noDate, int64(len(body)), bytes.NewReader(body)), command.Finish()); err != nil {
		t.Fatal(err)
	}
	if _, err := command.Wait(within(t)); !IsCode(err, "OVERQUOTA") {
		t.Errorf("got %v, want NO [OVERQUOTA]", err)
	}
	if err := client.Noop(within(t)); err != nil {
		t.Error(err)
	}
}

// What this client accepts as a flag or a date, the server must be able to parse: it may say NO, but
// never BAD.
func testDovecotArguments(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	var commands []*AppendCommand
	send := func(flags []string, date time.Time) {
		command, err := client.Append(within(t), "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Message(within(t), flags, date, 12, strings.NewReader("Subject: x\r\n")); err != nil {
			command.Abort(err)
			t.Fatalf("%q %v: %v", flags, date, err)
		}
		if err := command.Finish(); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, command)
	}
	for c := range 256 {
		if keyword := "k" + string(rune(c)); ValidKeyword(keyword) {
			send([]string{keyword}, noDate)
		}
		if keyword := string(rune(c)); ValidKeyword(keyword) {
			send([]string{keyword}, noDate)
		}
	}
	for _, year := range []int{1, 99, 1000, 1582, 1899, 1900, 1901, 1969, 1970, 1971, 2000, 2026, 2038, 2106, 9999} {
		for _, minutes := range []int{0, 1, -1, 839, -839, 1439, -1439} {
			send(nil, time.Date(year, 12, 31, 23, 59, 59, 0, time.FixedZone("", minutes*60)))
			send(nil, time.Date(year, 1, 1, 0, 0, 0, 0, time.FixedZone("", minutes*60)))
		}
	}
	for _, command := range commands {
		if _, err := command.Wait(within(t)); err != nil && !IsStatus(err, "NO") {
			t.Fatalf("%v", err)
		}
	}
}

func testDovecotFragments(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	appended := appendBytes(t, client, "INBOX", letters(20)...)
	if _, err := client.Select(within(t), "INBOX"); err != nil {
		t.Fatal(err)
	}
	set := NewUIDSet(appended.UIDs...)
	for uid := UID(100); uid < 60_000; uid += 2 {
		set.Add(uid * 50_000) // 30,000 ranges that do not exist: a line of 330,000 octets
	}
	var got UIDSet
	command, err := client.Fetch(within(t), set, FetchItems{Flags: true}, FetchHandler{Message: func(m *Message) error { got.Add(m.UID); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(within(t)); err != nil || got.Len() != 20 {
		t.Errorf("%d messages, %v, want 20", got.Len(), err)
	}
	if err := client.Store(within(t), set, StoreAdd, []string{`\Seen`}); err != nil {
		t.Error(err)
	}
}

// Without LITERAL+ every message waits for its "+".
func testDovecotSynchronising(t *testing.T, server *realServer, user string) {
	client := server.logIn(t, user)
	bodies := letters(30)
	for _, capabilities := range [][]string{{"MULTIAPPEND", "UIDPLUS"}, {"MULTIAPPEND", "UIDPLUS", "LITERAL-"}} {
		client.mu.Lock()
		client.caps = newCapabilities(capabilities)
		client.mu.Unlock()
		appended := appendBytes(t, client, "INBOX", bodies...)
		checkBodies(t, client, "INBOX", appended.UIDs, bodies)
	}
}
