// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/lab"
	"rehome/lab/courier"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/imappair"
	"rehome/lab/judge"
	"rehome/lab/operator"
	"rehome/lab/proof"
)

// binary is rehome, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(operator.Main(m, &binary))
}

const password = "correct horse"

// person is who moves in tests of one account.
var person = imappair.Person{Address: "anna@example.test", Password: password}

// server is one end, of whatever family.
type server struct {
	plain, tls        string // addresses
	pop3              string // likewise, with TLS; "" for none
	separator, prefix string
	dir               string // of Cyrus
	log               string // the file, of Dovecot
	bare              bool   // it keeps messages as Courier does
}

// name joins the parts of a mailbox's path as the server does.
func (s server) name(path ...string) string { return s.prefix + strings.Join(path, s.separator) }

func startDovecot(t testing.TB, l *lab.Lab, opts dovecot.Options, people ...imappair.Person) server {
	t.Helper()
	for _, p := range people {
		opts.Accounts = append(opts.Accounts, dovecot.Account{Address: p.Address, Password: p.Password})
	}
	s, err := dovecot.Start(l, opts)
	if err != nil {
		t.Fatal(err)
	}
	separator := "."
	if opts.Separator != "" {
		separator = opts.Separator
	}
	return server{plain: s.IMAP, tls: s.IMAPS, pop3: s.POP3S, separator: separator, prefix: opts.Prefix, log: s.LogFile()}
}

func startCyrus(t testing.TB, l *lab.Lab, opts cyrus.Options, people ...imappair.Person) server {
	t.Helper()
	for _, p := range people {
		opts.Accounts = append(opts.Accounts, cyrus.Account{Address: p.Address, Password: p.Password})
	}
	s, err := cyrus.Start(l, opts)
	if err != nil {
		t.Fatal(err)
	}
	end := server{plain: s.IMAP, tls: s.IMAPS, pop3: s.POP3S, separator: "/", dir: s.Dir()}
	if opts.Dots {
		end.separator = "."
	}
	if opts.InboxPrefix {
		end.prefix = "INBOX" + end.separator
	}
	return end
}

func startCourier(t testing.TB, l *lab.Lab, people ...imappair.Person) server {
	t.Helper()
	opts := courier.Options{POP3: true}
	for _, p := range people {
		opts.Accounts = append(opts.Accounts, courier.Account{Address: p.Address, Password: p.Password})
	}
	s, err := courier.Start(l, opts)
	if err != nil {
		t.Fatal(err)
	}
	return server{plain: s.IMAP, tls: s.IMAPS, pop3: s.POP3S, separator: ".", prefix: "INBOX.", bare: true}
}

// user is somebody with a mail client.
type user struct {
	*imap.Client
	t testing.TB
	server
}

func (s server) logIn(t testing.TB, p imappair.Person) user {
	t.Helper()
	c, err := imap.Dial(t.Context(), imap.Options{Address: s.plain, Security: protocol.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(t.Context(), p.Address, p.Password); err != nil {
		t.Fatal(err)
	}
	return user{c, t, s}
}

// letter is one message to store.
type letter struct {
	text  string
	flags []string
	date  time.Time
}

// letters makes n different messages of about size octets.
func letters(n, size int, title string) []letter {
	all := make([]letter, n)
	for i := range all {
		head := fmt.Sprintf("From: a@example.test\r\nSubject: %s %d\r\nMessage-ID: <%s-%d@example.test>\r\nDate: Mon, 2 Jan 2006 "+
			"15:04:05 +0000\r\n\r\n", title, i, strings.ReplaceAll(title, " ", "-"), i)
		all[i] = letter{
			text:  head + strings.Repeat("line of text\r\n", max((size-len(head))/14, 1)),
			date:  time.Date(2010, 1, 1, 0, 0, i, 0, time.UTC),
			flags: [][]string{nil, {`\Seen`}, {`\Seen`, `\Answered`, "$Forwarded"}, {`\Flagged`, "NonJunk"}}[i%4],
		}
	}
	return all
}

// fill makes a mailbox unless it is INBOX, and stores letters in it.
func (u user) fill(mailbox string, all ...letter) {
	u.t.Helper()
	if mailbox != "INBOX" {
		if err := u.Create(u.t.Context(), mailbox); err != nil {
			u.t.Fatalf("create %q: %v", mailbox, err)
		}
	}
	u.store(mailbox, all...)
}

func (u user) store(mailbox string, all ...letter) {
	u.t.Helper()
	count := 1
	if u.Capabilities().Has("MULTIAPPEND") {
		count = 500
	}
	for batch := range slices.Chunk(all, count) {
		if err := u.append(u.t.Context(), mailbox, batch); err != nil {
			u.t.Fatalf("append to %q: %v", mailbox, err)
		}
	}
}

func (u user) append(ctx context.Context, mailbox string, batch []letter) error {
	a, err := u.Append(ctx, mailbox)
	if err != nil {
		return err
	}
	for _, l := range batch {
		if err := a.Message(ctx, l.flags, l.date, int64(len(l.text)), strings.NewReader(l.text)); err != nil {
			return err
		}
	}
	if err := a.Finish(); err != nil {
		return err
	}
	_, err = a.Wait(ctx)
	return err
}

// move is a move between two servers, about to begin.
type move struct {
	t testing.TB
	operator.Operator
	src, dst server
	people   []imappair.Person
	special  map[string]string // mailboxes that have other names at the destination than their path says
}

func newOperator(t testing.TB) operator.Operator {
	return operator.Operator{Dir: filepath.Join(t.TempDir(), "move"), Binary: binary}
}

func prepare(t testing.TB, l *lab.Lab, src, dst server, more string, people ...imappair.Person) move {
	t.Helper()
	m := move{t: t, Operator: newOperator(t), src: src, dst: dst, people: people}
	if err := imappair.Prepare(l, m.Dir, imappair.Options{Source: src.tls, Destination: dst.tls, People: people, More: more}); err != nil {
		t.Fatal(err)
	}
	return m
}

// accounts tells the judge who moves from where to where.
func (m move) accounts() (all []proof.Account) {
	names := judge.Names{
		SourcePrefix: m.src.prefix, SourceDelimiter: m.src.separator, Prefix: m.dst.prefix, Delimiter: m.dst.separator, Special: m.special,
	}
	for _, p := range m.people {
		all = append(all, proof.Account{
			Address:     p.Address,
			Source:      judge.Login{Address: m.src.plain, User: p.Address, Password: p.Password},
			Destination: judge.Login{Address: m.dst.plain, User: p.Address, Password: p.Password},
			Mail:        judge.MailTerms{Where: names.Where, Bare: m.dst.bare, Redated: stamped},
		})
	}
	return all
}

// stamped says that the source shows no date that anybody could keep, and the destination that of the copy.
func stamped(source, destination time.Time) bool {
	now := time.Now()
	impossible := source.Unix() < 0 || source.After(now.Add(2*time.Hour)) // measured with Dovecot 2.3
	return impossible && destination.After(now.Add(-time.Hour)) && destination.Before(now.Add(time.Minute))
}

// wantEqual proves that a full verification and the judge find both ends equal, with so many messages.
func (m move) wantEqual(messages int) {
	m.t.Helper()
	both := proof.Both(m.t, m.Operator, m.accounts())
	for account, found := range both.Judged {
		if len(found) > 0 {
			m.t.Errorf("%s: the judge says\n%s", account, found)
		}
	}
	v := operator.Decode[operator.Verified](m.t, both.Outcome)
	total := 0
	for _, a := range v.Accounts {
		total += a.Mail.Destination.Messages
		for _, d := range a.Mail.Differences {
			m.t.Errorf("%s: %s", a.Account, d.Sentence)
		}
		for _, f := range a.Findings {
			m.t.Errorf("%s: %s: %s", a.Account, f.Code, f.Sentence)
		}
	}
	if v.Verdict != "equal" || total != messages {
		m.t.Errorf("verdict %s, %d messages at the destination, want equal, %d", v.Verdict, total, messages)
	}
}

// copied adds up what a sync did.
func copied(s operator.Synced) (copied, adopted, failed int) {
	for _, a := range s.Accounts {
		copied, adopted, failed = copied+a.Mail.Copied, adopted+a.Mail.Adopted, failed+a.Mail.Failed
	}
	return copied, adopted, failed
}
