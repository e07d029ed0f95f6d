// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rehome/internal/protocol/imap"
	"rehome/internal/vault"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/faultproxy"
	"rehome/lab/imappair"
	"rehome/lab/operator"
)

// startDsync starts a Dovecot that takes messages by dsync, and returns where, and the file with the password.
func startDsync(t testing.TB, l *lab.Lab, opts dovecot.Options, people ...imappair.Person) (s server, address, secret string) {
	t.Helper()
	opts.Doveadm = true
	for _, p := range people {
		opts.Accounts = append(opts.Accounts, dovecot.Account{Address: p.Address, Password: p.Password})
	}
	d, err := dovecot.Start(l, opts)
	if err != nil {
		t.Fatal(err)
	}
	secret = filepath.Join(t.TempDir(), "doveadm")
	if err := os.WriteFile(secret, []byte(d.DoveadmPassword), 0o600); err != nil {
		t.Fatal(err)
	}
	return server{plain: d.IMAP, tls: d.IMAPS, pop3: d.POP3S, separator: opts.Separator, prefix: opts.Prefix}, d.DoveadmTCP, secret
}

// dsyncAt is what the settings say of it.
func dsyncAt(address, secret string) string {
	return fmt.Sprintf("{address: %q, tls: none, password: %q}", address, "file:"+secret)
}

// numbers are what programs with a cache know of a mailbox: UIDVALIDITY, UIDNEXT and the UIDs.
func (u user) numbers(mailbox string, next bool) string {
	u.t.Helper()
	box, err := u.Examine(u.t.Context(), mailbox)
	u.must(err)
	uids, err := u.SearchAll(u.t.Context(), 1)
	u.must(err)
	if !next { // Courier does not tell it here
		box.UIDNext = 0
	}
	return fmt.Sprintf("UIDVALIDITY %d UIDNEXT %d UIDs %s", box.UIDValidity, box.UIDNext, uids)
}

func (m move) wantNumbers(p imappair.Person, mailboxes ...[]string) {
	m.t.Helper()
	src, dst := m.src.logIn(m.t, p), m.dst.logIn(m.t, p)
	for _, path := range mailboxes {
		from, to := m.src.name(path...), m.dst.name(path...)
		if path[0] == "INBOX" {
			from, to = "INBOX", "INBOX"
		}
		if is, want := dst.numbers(to, true), src.numbers(from, true); is != want && !strings.Contains(want, "UIDNEXT 0") ||
			dst.numbers(to, false) != src.numbers(from, false) {
			m.t.Errorf("%s: at the destination %s, want %s", to, is, want)
		}
	}
}

// maildrop is what a POP3 program that leaves mail on the server knows: the identifiers, in order. It shares no code with rehome.
func (s server) maildrop(t testing.TB, l *lab.Lab, p imappair.Person) (ids []string) {
	t.Helper()
	conn, err := tls.Dial("tcp", s.pop3, l.ClientTLS("localhost"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := textproto.NewConn(conn)
	for _, line := range []string{"", "USER " + p.Address, "PASS " + p.Password, "UIDL"} {
		if line != "" {
			err = c.PrintfLine("%s", line)
		}
		answer, readErr := c.ReadLine()
		if err := errors.Join(err, readErr); err != nil || !strings.HasPrefix(answer, "+OK") {
			t.Fatalf("POP3: %q, %v", answer, err)
		}
	}
	lines, err := c.ReadDotLines()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		_, id, _ := strings.Cut(line, " ")
		ids = append(ids, id)
	}
	return ids
}

// wantMaildrop wants every message of the source's maildrop at its place in the destination's.
func (m move) wantMaildrop(l *lab.Lab, p imappair.Person) {
	m.t.Helper()
	is, want := m.dst.maildrop(m.t, l, p), m.src.maildrop(m.t, l, p)
	if len(want) == 0 || !slices.Equal(is, want) {
		m.t.Errorf("POP3 shows %d messages at the destination, %q ..., want %d, %q ...", len(is), head(is), len(want), head(want))
	}
}

func head(ids []string) []string { return ids[:min(len(ids), 5)] }

// wantPolled wants to hear from the log of a Dovecot whether somebody reads by POP3, and that two lines are about the only log-in that was
// rehome's own, of the first pass.
func (m move) wantPolled(want bool) {
	m.t.Helper()
	if m.src.log == "" {
		return
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) { // until the server has written it
		told := operator.Answer[struct {
			Own      int `json:"own_logins"`
			Accounts []struct {
				Devices []struct{ Protocols []string }
			}
		}](m.t, m.Operator, 0, "clients", "devices", m.src.log)
		devices := fmt.Sprint(told.Accounts[0].Devices)
		if told.Own == 2 && strings.Contains(devices, "pop3") == want {
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(m.src.log)
			m.t.Fatalf("%d lines are about rehome's own logins, the devices are %s:\n%s", told.Own, devices, log)
		}
	}
}

// Every family of source into a Dovecot that takes UIDs: all of it equal, and no program downloads anything again.
func TestUIDs_ofEveryFamily(t *testing.T) {
	t.Parallel()
	ofDovecot := func(l *lab.Lab) server {
		return startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX.",
			Extra: "protocol pop3 {\n  pop3_uidl_format = %g\n}\n"}, person)
	}
	for name, pair := range map[string]struct {
		start       func(*lab.Lab) server
		destination dovecot.Options
	}{
		"Dovecot":        {ofDovecot, dovecot.Options{Layout: dovecot.Mdbox}},
		"Dovecot to 2.4": {ofDovecot, dovecot.Options{Version: dovecot.V24, Layout: dovecot.Maildir}},
		"Courier to 2.4": {func(l *lab.Lab) server { return startCourier(t, l, person) }, dovecot.Options{Version: dovecot.V24, Layout: dovecot.Mdbox}},
		"Cyrus":          {func(l *lab.Lab) server { return startCyrus(t, l, cyrus.Options{}, person) }, dovecot.Options{Layout: dovecot.Maildir}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src := pair.start(l)
			pair.destination.Name, pair.destination.Separator = "dst", "/"
			dst, address, secret := startDsync(t, l, pair.destination, person)
			u := src.logIn(t, person)
			messages := estate(u)
			_, err := u.Select(t.Context(), "INBOX")
			u.must(err)
			u.expunge(imap.NewUIDSet(1, 2, 17, keywords))
			messages -= 4
			m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
			err = imappair.Prepare(l, m.Dir, imappair.Options{Source: src.tls, Destination: dst.tls, People: m.people, Dsync: dsyncAt(address, secret),
				SourcePOP3: src.pop3, DestinationPOP3: dst.pop3})
			u.must(err)
			n, _, failed := copied(operator.Answer[operator.Synced](t, m.Operator, 0, "sync"))
			if n != messages || failed != 0 {
				t.Errorf("copied %d, failed %d, want %d, 0", n, failed, messages)
			}
			boxes := [][]string{{"INBOX"}, {"Dates"}, {"Twins"}, {"Projects"}, {"Projects", "2019", "Q4"}, {"Entwürfe & mehr"}, {"日本語", "雪 ☃"},
				{"Large"}} // not the empty one: of a mailbox that never held anything no program knows anything
			m.wantNumbers(person, boxes...)
			m.wantPolled(false)
			m.wantMaildrop(l, person) // polls from the same machine
			m.wantPolled(true)
			m.wantEqual(messages)
			u.store("INBOX", letters(3, 400, "later")...)
			if n, adopted, failed := copied(operator.Answer[operator.Synced](t, m.Operator, 0, "sync")); n != 3 || adopted+failed != 0 {
				t.Errorf("the second pass copied %d, adopted %d, failed %d", n, adopted, failed)
			}
			m.wantNumbers(person, boxes...)
			m.wantMaildrop(l, person)
			m.wantEqual(messages + 3)
			operator.Answer[operator.Verified](t, m.Operator, 0, "verify", "--level", "full", "--uids")
			d := newDevice(t, person)
			pop, mirrored := d.fetch(src), d.mirror(src)
			if got, again := d.fetch(dst), d.mirror(dst); pop == 0 || got != pop || mirrored == 0 || again != mirrored {
				t.Errorf("the programs have %d and %d messages of the source, and %d and %d after the move", pop, mirrored, got, again)
			}
		})
	}
}

// By IMAP alone nothing but the UIDs differs, and only who asks is told.
func TestUIDs_ofAMoveByIMAP(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
	dst := startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, person)
	u := src.logIn(t, person)
	for _, mailbox := range []string{"INBOX", u.name("Work")} { // both ends may have made them in the same second: then only UIDs differ
		u.fill(mailbox, letters(4, 300, mailbox)...)
		_, err := u.Select(t.Context(), mailbox)
		u.must(err)
		u.expunge(u.uids("1"))
	}
	u.fill(u.name("Empty"))
	m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
	u.must(imappair.Prepare(l, m.Dir, imappair.Options{Source: src.tls, Destination: dst.tls, People: m.people, SourcePOP3: src.pop3}))
	operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
	m.wantEqual(6)
	m.wantWorkList()
	v := operator.Answer[operator.Verified](t, m.Operator, 5, "verify", "--uids")
	kinds := map[string]int{}
	for _, a := range v.Accounts {
		for _, d := range a.Mail.Differences {
			kinds[d.Kind]++
		}
	}
	told := operator.Answer[struct {
		Sum      struct{ Download int }
		Accounts []struct{ IMAP struct{ Messages int } }
	}](t, m.Operator, 6, "clients", "forecast") // 6: no log has shown a program
	if told.Sum.Download != 1 || told.Accounts[0].IMAP.Messages != 6 {
		t.Errorf("the forecast is %+v, want 6 messages of one account", told)
	}
	delete(kinds, "saved_dates_differ") // unless a message was copied within the second
	if len(kinds) != 1 || kinds["uids_differ"] != 2 {
		t.Errorf("got %v, want 2 of uids_differ", kinds)
	}
	m.wantEqual(6)
}

// wantWorkList wants the vendor told of who reads by POP3, how much of it, and how the same is made there.
func (m move) wantWorkList() {
	m.t.Helper()
	_, err := vault.CreateIdentity(filepath.Join(m.Dir, "secrets", "identity.txt"))
	err = errors.Join(err, os.WriteFile(filepath.Join(m.Dir, "dovecot.log"), []byte(
		"2026-11-20 08:00:00 pop3-login: Info: Login: user=<"+person.Address+">, method=PLAIN, rip=10.0.0.7, session=<s2>\n"), 0o600))
	if err != nil {
		m.t.Fatal(err)
	}
	m.Want(m.t, 0, "handover", "--uidls", "--pop-log", "dovecot.log", "-o", "bundle")
	list, err := os.ReadFile(filepath.Join(m.Dir, "bundle", "pop-users.csv"))
	want := person.Address + ";\"uses POP3, according to the source's log\";2026-11-20;1;3;\"UID and UIDVALIDITY in hexadecimal digits, " +
		"Dovecot's usual form\";\"Dovecot: pop3_uidl_format = %08Xu%08Xv, Cyrus: uidl_format: dovecot\""
	if err != nil || !strings.Contains(string(list), want) {
		m.t.Errorf("%v: the work list is\n%s\nwant the line\n%s", err, list, want)
	}
}

// However a copy by dsync ends, also with what was sent arriving long after, the same command at once finishes it: nothing is
// there twice, and every UID is the source's.
func TestUIDs_howeverItEnds(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]farewell{
		"Ctrl-C":  {signals: []os.Signal{os.Interrupt}, code: 5, said: []string{"finishing what is in progress", "interrupted after"}},
		"kill -9": {signals: []os.Signal{syscall.SIGKILL}, code: -1, late: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.Open(t)
			src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Prefix: "INBOX."}, person)
			dst, address, secret := startDsync(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Sdbox, Separator: "/"}, person)
			u := src.logIn(t, person)
			u.fill("INBOX", letters(150, 20_000, "inbox")...)
			u.fill(src.name("Other"), letters(60, 10_000, "other")...)
			proxy := faultproxy.Open(t, address)
			m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: []imappair.Person{person}}
			u.must(imappair.Prepare(l, m.Dir, imappair.Options{
				Source: src.plain, Destination: dst.plain, Plain: true, People: m.people, Dsync: dsyncAt(proxy.Addr(), secret), More: "mail: {settle: 12s}\n",
			}))
			proxy.Set(faultproxy.ToServer, slowLine)
			m.endAfter(proxy, 300_000, way) // of the mailbox that goes first; all of that may be under way already, and nothing of the other
			proxy.Plan(func(int) *faultproxy.Faults { return &faultproxy.Faults{} })
			late := time.AfterFunc(4*time.Second, func() {
				proxy.Set(faultproxy.ToServer, slowLine)
				proxy.Set(faultproxy.ToClient, faultproxy.Fault{})
			})
			defer late.Stop()
			again := operator.Answer[operator.Synced](t, m.Operator, 0, "sync")
			if _, _, failed := copied(again); failed > 0 || again.Accounts[0].Mail.Deserted > 0 {
				t.Errorf("the next run: %+v", again.Accounts[0].Mail)
			}
			m.wantNumbers(person, []string{"INBOX"}, []string{"Other"})
			m.wantEqual(210)
		})
	}
}
