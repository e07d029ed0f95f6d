// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/content/sieve"
	"rehome/internal/ledger"
	"rehome/internal/protocol"
	"rehome/internal/protocol/imap"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/lmtp"
	"rehome/lab/mailsink"
)

const anna, password = "anna@example.test", "secret"

var boxes = []string{"Lists", "Größe", "Junk"}

func startServer(t *testing.T, l *lab.Lab, name, layout, separator, prefix string) *dovecot.Server {
	t.Helper()
	sink, err := mailsink.Start(l, "outbox-of-"+name) // what is forwarded or answered goes nowhere else
	if err != nil {
		t.Fatal(err)
	}
	var mailboxes []dovecot.Mailbox
	for _, b := range boxes {
		mailboxes = append(mailboxes, dovecot.Mailbox{Name: b, Subscribed: true})
	}
	server, err := dovecot.Start(l, dovecot.Options{Name: name, Layout: layout, Separator: separator, Prefix: prefix, Mailboxes: mailboxes,
		Extra:    "submission_host = " + sink.SMTP,
		Accounts: []dovecot.Account{{Address: anna, Password: password}, {Address: "berta@example.test", Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func logIn(t *testing.T, address string) *managesieve.Client {
	t.Helper()
	c, err := managesieve.Dial(t.Context(), managesieve.Options{Address: address, Security: protocol.NoTLS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Authenticate(t.Context(), "", anna, password); err != nil {
		t.Fatal(err)
	}
	return c
}

// store makes a script the active one.
func store(t *testing.T, at *managesieve.Client, name, text string) {
	t.Helper()
	if err := at.PutScript(t.Context(), name, text); err != nil {
		t.Fatal(err)
	}
	if err := at.SetActive(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

const sourceScript = "require [\"fileinto\", \"vacation\", \"copy\"];\r\n" +
	"redirect :copy \"berta@example.test\";\r\n" +
	"vacation :days 1 text:\r\nBin weg. Grüße\r\n.\r\n;\r\n" +
	"if header :contains \"subject\" \"size\" { fileinto \"INBOX.Größe\"; stop; }\r\n" +
	"if header :contains \"subject\" \"list\" { fileinto \"INBOX.Lists\"; stop; }\r\n" +
	"if header :contains \"subject\" \"drop\" { discard; stop; }\r\n"

var letters = []string{"size one", "list two", "drop three", "plain four", "LIST five"}

// The same letters through both servers land in the corresponding mailboxes.
func TestSync_messagesLandWhereTheyLandedAtTheSource(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startServer(t, l, "source", dovecot.Maildir, ".", "INBOX.")
	dst := startServer(t, l, "destination", dovecot.Sdbox, "/", "")
	from, to := logIn(t, src.Sieve), logIn(t, dst.Sieve)
	store(t, from, "main", sourceScript)
	book := openLedger(t)
	account := Account{Address: anna, Source: from, Target: to, Offered: to.Capabilities().Sieve, Mailbox: func(name string) (string, bool) {
		return strings.TrimPrefix(name, "INBOX."), true
	}}
	for i, want := range []string{"put activate=false waits=true", "keep activate=false waits=true"} {
		if got := syncRules(t, New(Options{Ledger: book}), account); got != want {
			t.Errorf("pass %d before the moment: got %s, want %s", i, got, want)
		}
	}
	for i, want := range []string{"keep activate=true waits=false", "keep activate=false waits=false"} {
		if got := syncRules(t, New(Options{Ledger: book, SwitchOn: true}), account); got != want {
			t.Errorf("pass %d after the moment: got %s, want %s", i, got, want)
		}
	}
	for _, server := range []*dovecot.Server{src, dst} {
		deliver(t, server.LMTP, "")
	}
	got, want := landed(t, dst.IMAP, ""), landed(t, src.IMAP, "INBOX.")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-source +destination\n%s", diff)
	}
	if full := map[string]string{"INBOX": "1", "Lists": "2", "Größe": "1", "Junk": "0"}; !cmp.Equal(full, got) {
		t.Errorf("got %v, want %v", got, full)
	}
}

func openLedger(t *testing.T) *ledger.Rules {
	t.Helper()
	book, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close() })
	return book.Rules
}

func syncRules(t *testing.T, e *Engine, a Account) string {
	t.Helper()
	outcome, err := e.Sync(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcome.Scripts) != 1 {
		t.Fatalf("got %+v, want one action", outcome)
	}
	x := outcome.Scripts[0]
	return fmt.Sprintf("%s activate=%v waits=%v", x.Do, x.Activate, x.Waits)
}

// deliver hands each letter over. Without a sender on the envelope nobody is answered.
func deliver(t *testing.T, address, sender string) {
	t.Helper()
	for i, subject := range letters {
		letter := fmt.Sprintf("From: x@example.com\r\nTo: %s\r\nMessage-ID: <%d@lab>\r\nSubject: %s\r\n\r\nhello\r\n", anna, i, subject)
		if err := lmtp.Deliver(t.Context(), address, sender, anna, []byte(letter)); err != nil {
			t.Fatal(err)
		}
	}
}

// landed counts the messages of each mailbox over IMAP.
func landed(t *testing.T, address, prefix string) map[string]string {
	t.Helper()
	talk, err := lab.Dial(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer talk.Close()
	if answer, _, err := talk.Ask("a LOGIN "+anna+" "+password, "a "); err != nil || !strings.HasPrefix(answer, "a OK") {
		t.Fatal(answer, err)
	}
	counts := map[string]string{}
	for _, name := range append([]string{"INBOX"}, boxes...) {
		full := prefix + name
		if name == "INBOX" {
			full = name
		}
		answer, status, err := talk.Ask(fmt.Sprintf("b STATUS %q (MESSAGES)", imap.EncodeName(full)), "b ")
		if err != nil || !strings.HasPrefix(answer, "b OK") {
			t.Fatalf("%s: %s %v", full, answer, err)
		}
		_, count, _ := strings.Cut(strings.Join(status, ""), "(MESSAGES ")
		counts[name] = strings.TrimRight(count, ")\r\n")
	}
	return counts
}

// The rules of a database, at a server that lacks an extension.
func TestSync_databaseRulesAndMissingCapability(t *testing.T) {
	t.Parallel()
	dst := startServer(t, lab.Open(t), "destination", dovecot.Sdbox, "/", "")
	to := logIn(t, dst.Sieve)
	account := Account{Address: anna, Target: to, Offered: sieve.Capabilities{"fileinto"}, Rules: sieve.Rules{
		Sorts:    []sieve.Sort{{Conditions: []sieve.Condition{{Header: "subject", Contains: "list"}}, Mailbox: "Lists"}},
		Vacation: &sieve.Vacation{Text: "Away"},
	}}
	outcome, err := New(Options{Ledger: openLedger(t)}).Sync(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcome.Scripts) != 1 || !outcome.Scripts[0].Activate || len(outcome.Findings) != 1 ||
		outcome.Findings[0].Sentence != "the destination cannot answer while somebody is away (no vacation)" {
		t.Errorf("got %+v", outcome)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	quiet := script{name: "main", text: "keep;", active: true}
	acting := script{name: "main", text: "vacation \"x\";", active: true, acts: true}
	of := func(text string, activated bool) map[string]ledger.Rule {
		return map[string]ledger.Rule{"main": {Name: "main", Digest: digest(text), Activated: activated}}
	}
	for _, test := range []struct {
		name    string
		wanted  script
		there   []script
		known   map[string]ledger.Rule
		options Options
		want    string
	}{
		{"nothing there", quiet, nil, nil, Options{}, "main put true false"},
		{"answers, before the moment", acting, nil, nil, Options{}, "main put false true"},
		{"answers, at the moment", acting, nil, nil, Options{SwitchOn: true}, "main put true false"},
		{"another is active", quiet, []script{{name: "own", text: "stop;", active: true}}, nil, Options{}, "main put false false"},
		{"another is active, with consent", quiet, []script{{name: "own", text: "stop;", active: true}}, nil, Options{Replace: true},
			"main put true false"},
		{"another of that name", quiet, []script{{name: "main", text: "stop;", active: true}}, nil, Options{}, "main (old server) put false false"},
		{"changed by a person", quiet, []script{{name: "main", text: "stop;", active: true}}, of("keep;", true), Options{}, "main leave false false"},
		{"deleted by a person", quiet, nil, of("keep;", true), Options{}, "main leave false false"},
		{"switched off by a person", quiet, []script{{name: "main", text: "keep;"}}, of("keep;", true), Options{}, "main keep false false"},
		{"changed at the source", quiet, []script{{name: "main", text: "old", active: true}}, of("old", true), Options{}, "main put false false"},
		{"began to answer at the source", acting, []script{{name: "main", text: "old", active: true}}, of("old", true), Options{}, "main wait false true"},
	} {
		actions, _ := decide(anna, []script{test.wanted}, test.there, test.known, test.options)
		a := actions[0]
		if got := fmt.Sprint(a.Name, " ", a.Do, " ", a.Activate, " ", a.Waits); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

var _ Writer = (*managesieve.Client)(nil)
