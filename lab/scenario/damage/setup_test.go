// SPDX-License-Identifier: Apache-2.0

// Package damage_test moves an account of everything with the real binary, damages the destination as servers, programs and
// people do, and asks the verifier and the judge of the lab: both have to name each thing that was damaged, and nothing else,
// also while mail arrives, is read, moved and deleted.
package damage_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rehome/internal/protocol"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/judge"
	"rehome/lab/operator"
	"rehome/lab/proof"
	"rehome/lab/xandikos"
)

// binary is rehome, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(operator.Main(m, &binary))
}

const (
	anna     = "anna@example.test"
	password = "Correct-Horse-1,2"
)

// mailboxes are the account's.
func mailboxes() []string { return []string{"INBOX", "Work", "Lists", "One", "Other"} }

// end is one side of the move.
type end struct {
	imap, sieve, dav, lmtp string
	prefix                 string
}

// families are the destinations.
func families() []string { return []string{"Dovecot", "Cyrus"} }

func startSource(t *testing.T, l *lab.Lab) end {
	t.Helper()
	mail, err := dovecot.Start(l, dovecot.Options{Name: "source", Prefix: "INBOX.", Accounts: []dovecot.Account{{Address: anna, Password: password}}})
	must(t, err)
	objects, err := xandikos.Start(l, xandikos.Options{Name: "source-dav", Accounts: []xandikos.Account{{Address: anna, Password: password}}})
	must(t, err)
	return end{mail.IMAP, mail.Sieve, objects.URL, mail.LMTP, "INBOX."}
}

func startDestination(t *testing.T, l *lab.Lab, family string) end {
	t.Helper()
	if family == "Cyrus" {
		server, err := cyrus.Start(l, cyrus.Options{Accounts: []cyrus.Account{{Address: anna, Password: password}}})
		must(t, err)
		return end{server.IMAP, server.Sieve, server.DAV(), server.LMTP, ""}
	}
	mail, err := dovecot.Start(l, dovecot.Options{Name: "destination", Layout: dovecot.Sdbox, Separator: "/",
		Accounts: []dovecot.Account{{Address: anna, Password: password}}})
	must(t, err)
	objects, err := xandikos.Start(l, xandikos.Options{Name: "destination-dav", Accounts: []xandikos.Account{{Address: anna, Password: password}}})
	must(t, err)
	return end{mail.IMAP, mail.Sieve, objects.URL, mail.LMTP, ""}
}

// move is one account about to move, with somebody at either end.
type move struct {
	operator.Operator
	t        *testing.T
	src, dst end

	atSource, atDestination *client
	scripts                 *managesieve.Client // at the destination
}

// prepare starts both ends, fills the source and copies all of it.
func prepare(t *testing.T, family string) *move {
	t.Helper()
	l := lab.Open(t)
	m := &move{Operator: operator.Operator{Dir: t.TempDir(), Binary: binary}, t: t, src: startSource(t, l), dst: startDestination(t, l, family)}
	of := func(e end) string {
		return fmt.Sprintf("{kind: imap, imap: {address: %q, tls: none}, dav: {url: %q}, sieve: {address: %q, tls: none}}", e.imap, e.dav, e.sieve)
	}
	for name, text := range map[string]string{
		"rehome.yaml": "organisation: Lab\nroster: people.csv\nsource: " + of(m.src) + "\ndestination: " + of(m.dst) + "\n",
		"people.csv": "EmailAddress,FirstName,LastName,Password,SourcePassword,DestinationPassword\n" +
			strings.Join([]string{anna, "A", "B", "", `"` + password + `"`, `"` + password + `"`}, ",") + "\n",
	} {
		must(t, os.WriteFile(filepath.Join(m.Dir, name), []byte(text), 0o600))
	}
	m.atSource = m.client(m.src)
	m.fill()
	m.Want(t, 0, "sync", "--quiet")
	m.atDestination, m.scripts = m.client(m.dst), m.sieve(m.dst)
	return m
}

func (m *move) client(e end) *client {
	m.t.Helper()
	c, err := sit(m.t.Context(), e.imap, anna, e.prefix)
	must(m.t, err)
	return c
}

func (m *move) sieve(e end) *managesieve.Client {
	m.t.Helper()
	c, err := managesieve.Dial(m.t.Context(), managesieve.Options{Address: e.sieve, Security: protocol.NoTLS})
	must(m.t, err)
	m.t.Cleanup(func() { _ = c.Close() })
	must(m.t, c.Authenticate(m.t.Context(), "", anna, password))
	return c
}

// inEach is how many letters each mailbox has.
const inEach = 6

func idOf(mailbox string, n int) string {
	return fmt.Sprintf("<%s-%d@example.test>", strings.ToLower(mailbox), n)
}

// write makes a letter. Those of two mailboxes with names of one length look the same from outside: size, date and flags.
func write(mailbox string, n int) letter {
	text := fmt.Sprintf("From: bert@example.test\r\nSubject: %s %d\r\nMessage-ID: %s\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\n\r\n"+
		"The text of number %d.\r\n", mailbox, n, idOf(mailbox, n), n)
	return letter{text, []string{`\Seen`, `\Seen \Flagged`, ``}[n%3], fmt.Sprintf("%2d-Jan-2010 10:00:%02d +0000", n+1, n)}
}

const (
	rule = "require \"fileinto\";\r\nif header :contains \"subject\" \"offer\" { fileinto \"INBOX.Work\"; }\r\n"

	event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Lab//EN\r\nBEGIN:VEVENT\r\nUID:tea@example.test\r\nDTSTAMP:20200101T000000Z\r\n" +
		"DTSTART:20260302T100000Z\r\nDTEND:20260302T110000Z\r\nSUMMARY:Tea\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	photo = "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkK\r\n"
	card  = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bert@example.test\r\nFN:Bert Example\r\nN:Example;Bert;;;\r\n" + photo + "END:VCARD\r\n"
)

// fill gives the source mail, a contact, an event and a rule.
func (m *move) fill() {
	m.t.Helper()
	for _, mailbox := range mailboxes() {
		if mailbox != "INBOX" {
			_, err := m.atSource.do("CREATE %q", m.atSource.box(mailbox))
			must(m.t, err)
		}
		for n := range inEach {
			must(m.t, m.atSource.store(mailbox, write(mailbox, n)))
		}
	}
	scripts := m.sieve(m.src)
	must(m.t, scripts.PutScript(m.t.Context(), "main", rule))
	must(m.t, scripts.SetActive(m.t.Context(), "main"))
	for kind, object := range map[string][2]string{judge.Contacts: {"bert.vcf", card}, judge.Calendars: {"tea.ics", event}} {
		m.put(m.src, m.collection(m.src, kind).Path+object[0], kind, object[1])
	}
}

func (m *move) objects(e end) *judge.Objects {
	m.t.Helper()
	all, err := judge.ReadObjects(m.t.Context(), judge.DAVLogin{URL: e.dav, User: anna, Password: password})
	must(m.t, err)
	return all
}

// collection is the first one of a kind.
func (m *move) collection(e end, kind string) *judge.Collection {
	m.t.Helper()
	for _, c := range m.objects(e).Collections {
		if c.Kind == kind {
			return c
		}
	}
	m.t.Fatalf("no %s at %s", kind, e.dav)
	return nil
}

// object finds the one whose UID it is.
func (m *move) object(e end, kind, uid string) (at string, found judge.Object) {
	m.t.Helper()
	for _, c := range m.objects(e).Collections {
		for _, o := range c.Objects {
			if c.Kind == kind && bytes.Contains(o.Data, []byte("UID:"+uid)) {
				return c.Path + o.Name, o
			}
		}
	}
	m.t.Fatalf("%s is not at %s", uid, e.dav)
	return "", found
}

func (m *move) put(e end, at, kind, text string) {
	m.t.Helper()
	base, err := url.Parse(e.dav)
	must(m.t, err)
	base.Path = at
	request, err := http.NewRequestWithContext(m.t.Context(), http.MethodPut, base.String(), strings.NewReader(text))
	must(m.t, err)
	request.SetBasicAuth(anna, password)
	request.Header.Set("Content-Type", map[string]string{judge.Contacts: "text/vcard", judge.Calendars: "text/calendar"}[kind])
	response, err := http.DefaultClient.Do(request)
	must(m.t, err)
	defer response.Body.Close()
	if why, _ := io.ReadAll(response.Body); response.StatusCode/100 != 2 {
		m.t.Fatalf("PUT %s: %s\n%s", at, response.Status, why)
	}
}

// both asks the verifier and the judge, who must agree.
func (m *move) both() proof.Verdict {
	m.t.Helper()
	names := judge.Names{SourcePrefix: m.src.prefix, SourceDelimiter: ".", Delimiter: "/"}
	at := func(address string) judge.Login { return judge.Login{Address: address, User: anna, Password: password} }
	dav := func(e end) judge.DAVLogin { return judge.DAVLogin{URL: e.dav, User: anna, Password: password} }
	return proof.Both(m.t, m.Operator, []proof.Account{{
		Address: anna,
		Source:  at(m.src.imap), Destination: at(m.dst.imap), Mail: judge.MailTerms{Where: names.Where},
		SourceDAV: dav(m.src), DestinationDAV: dav(m.dst), Objects: judge.ObjectTerms{Where: ofItsKind},
		SourceScripts: at(m.src.sieve), DestinationScripts: at(m.dst.sieve),
		Scripts: judge.ScriptTerms{Text: func(source string) string { return strings.ReplaceAll(source, "INBOX.Work", "Work") }},
	}})
}

// ofItsKind is where a collection belongs: each end has one of a kind.
func ofItsKind(source *judge.Collection, among []*judge.Collection) string {
	for _, c := range among {
		if c.Kind == source.Kind {
			return c.Path
		}
	}
	return "none of them"
}

// wantEqual proves that both say equal.
func (m *move) wantEqual(when string) {
	m.t.Helper()
	v := m.both()
	if len(v.Judged[anna]) > 0 {
		m.t.Errorf("%s the judge says\n%s", when, v.Judged[anna])
	}
	if v.Code != 0 {
		m.t.Fatalf("%s verify ended with %d\n%s", when, v.Code, v.Out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
