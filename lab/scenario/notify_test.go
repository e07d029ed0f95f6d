// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
	"rehome/lab/postfix"
)

// noticeStage is a Postfix that people's pages are sent through, and the Dovecot in which they arrive.
type noticeStage struct {
	operator.Operator
	t     *testing.T
	store *dovecot.Server
	names []string
}

const noticePassword = "Own-Pass.word-17"

// stageNotices starts the servers. The Postfix knows no "gone"; it knows "left", whom the Dovecot does not.
func stageNotices(t *testing.T, names ...string) *noticeStage {
	t.Helper()
	l := lab.Open(t)
	s := &noticeStage{t: t, names: names, Operator: operator.Operator{Dir: t.TempDir(), Binary: binary}}
	var accounts []dovecot.Account
	var addresses []string
	roster := "EmailAddress,FirstName,LastName,Password\n"
	for _, name := range append([]string{"it"}, names...) {
		account := dovecot.Account{Address: name + "@example.test", Password: noticePassword}
		if name != "gone" {
			addresses = append(addresses, account.Address)
		}
		if name != "gone" && name != "left" {
			accounts = append(accounts, account)
		}
		if name != "it" {
			roster += fmt.Sprintf("%s,%s,Müller,%s\n", account.Address, strings.ToUpper(name), noticePassword)
		}
	}
	var err error
	if s.store, err = dovecot.Start(l, dovecot.Options{SASL: true, Accounts: accounts}); err != nil {
		t.Fatal(err)
	}
	server, err := postfix.Start(l, postfix.Options{Domains: []string{"example.test"}, Accounts: addresses,
		Submission: &postfix.Submission{Auth: s.store.SASL, LMTP: s.store.LMTP}})
	if err != nil {
		t.Fatal(err)
	}
	settings := fmt.Sprintf(`organisation: Example
domains: [example.test]
roster: people.csv
source: {kind: imap, imap: {address: "old.example.test:993"}, submission: {address: "old.example.test:465"}}
destination: {kind: imap, imap: {address: "new.example.test:993"}, submission: {address: "new.example.test:465"}}
clients:
  contact: Ask Ada
  notify: {address: %q, tls: starttls, ca_file: %q, user: it@example.test, password: "file:secret",
    from: "IT-Büro <it@example.test>", per_minute: 1200}
`, server.Submission, l.CAFile())
	for file, text := range map[string]string{"rehome.yaml": settings, "people.csv": roster, "secret": noticePassword} {
		if err := os.WriteFile(filepath.Join(s.Dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// mail returns the messages in a mailbox, as soon as there are as many as wanted, or all after some time.
func (s *noticeStage) mail(name string, want int) (all []*mail.Message) {
	s.t.Helper()
	address := name + "@example.test"
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
		numbers, err := s.store.Exec(ctx, "search", "-u", address, "all")
		cancel()
		if err != nil {
			s.t.Fatalf("%v: %s", err, numbers)
		}
		if n := len(bytes.Fields(numbers)) / 2; n >= want || time.Now().After(end) {
			return s.read(address, n)
		}
	}
}

func (s *noticeStage) read(address string, n int) (all []*mail.Message) {
	s.t.Helper()
	for i := range n {
		text, err := s.store.Exec(s.t.Context(), "fetch", "-u", address, "text", "mailbox", "INBOX", fmt.Sprint(i+1))
		if err != nil {
			s.t.Fatalf("%v: %s", err, text)
		}
		_, text, _ = bytes.Cut(text, []byte("text:\n"))
		m, err := mail.ReadMessage(bytes.NewReader(text))
		if err != nil {
			s.t.Fatalf("%v: %s", err, text)
		}
		all = append(all, m)
	}
	return all
}

// noticed is the promised part of "clients notify --json".
type noticed struct {
	Results []struct {
		Account, Kind, State, Words, Who, Subject string
		MessageID                                 string `json:"message_id"`
		NextStep                                  string `json:"next_step"`
	}
	Bounces *struct{ Read, Matched int }
}

func (n noticed) of(state string) (names []string) {
	for _, r := range n.Results {
		if r.State == state {
			names = append(names, strings.TrimSuffix(r.Account, "@example.test"))
		}
	}
	return names
}

// Pages are sent after somebody has looked at them. A run that is killed in the midst and run again leaves nobody out, and nobody gets
// one twice; who cannot get one is named in the server's words.
func TestNotify_onceEachWhateverHappens(t *testing.T) {
	t.Parallel()
	names := []string{"anna", "bo", "cy", "dan", "eve", "hal", "gone", "ida", "joe", "left"}
	s := stageNotices(t, names...)
	s.Want(t, 6, "clients", "notify", "--send") // nobody has looked
	shown := operator.Answer[noticed](t, s.Operator, 0, "clients", "notify")
	if ready := shown.of("ready"); len(ready) != len(names) {
		t.Fatalf("got %+v", shown)
	}
	if got := s.mail("anna", 0); len(got) > 0 {
		t.Fatal("a preview has sent a message")
	}
	eml, err := os.ReadFile(filepath.Join(s.Dir, "accounts", "clients", "messages", "anna@example.test.eml"))
	if err != nil || !bytes.Contains(eml, []byte("Auto-Submitted: auto-generated\r\n")) {
		t.Fatalf("%v: %.300s", err, eml)
	}
	s.killInTheMidst(3)
	got := s.untilSettled()
	if sent := got.of("sent"); len(sent) != len(names)-1 || !slices.Equal(got.of("refused"), []string{"gone"}) {
		t.Fatalf("got %+v", got)
	}
	for _, r := range got.Results {
		if r.State == "refused" && (!strings.Contains(r.Words, "5.1.1") || r.Who != "the administrator of example.test" ||
			!strings.Contains(r.NextStep, "--retry-refused")) {
			t.Errorf("got %+v", r)
		}
	}
	for _, name := range names {
		if name == "left" || name == "gone" {
			continue
		}
		if all := s.mail(name, 1); len(all) != 1 {
			t.Errorf("%s has %d messages, want one", name, len(all))
		}
	}
	s.looksAtOne()
	s.comesBack()
}

// killInTheMidst kills runs as soon as some have their message.
func (s *noticeStage) killInTheMidst(times int) {
	s.t.Helper()
	for i := range times {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		command := s.Command(ctx, "clients", "notify", "--send")
		if err := command.Start(); err != nil {
			s.t.Fatal(err)
		}
		if last := s.names[2*i+1]; len(s.mail(last, 1)) != 1 {
			s.t.Errorf("%s has no message", last)
		}
		_ = command.Process.Kill() // it may be over
		_ = command.Wait()
		cancel()
	}
}

// untilSettled runs again, and says of messages of which nobody knows what a look into the mailboxes shows.
func (s *noticeStage) untilSettled() (got noticed) {
	s.t.Helper()
	for range 4 {
		got = operator.Answer[noticed](s.t, s.Operator, 6, "clients", "notify", "--send")
		unknown := got.of("unknown")
		if len(unknown) == 0 {
			return got
		}
		for _, name := range unknown {
			flag := "--lost"
			if len(s.mail(name, 1)) > 0 {
				flag = "--arrived"
			}
			s.Want(s.t, 6, "clients", "notify", flag, name+"@example.test") // another one waits
		}
	}
	s.t.Fatalf("got %+v", got)
	return got
}

func (s *noticeStage) looksAtOne() {
	s.t.Helper()
	m := s.mail("anna", 1)[0]
	kind, _, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	to, list := m.Header.AddressList("To")
	if err != nil || list != nil || kind != "multipart/alternative" || to[0].Name != "ANNA Müller" || m.Header.Get("Date") == "" ||
		!strings.HasPrefix(m.Header.Get("Message-Id"), "<rehome-") || m.Header.Get("Return-Path") != "<it@example.test>" {
		s.t.Errorf("got %v, %v, %v", m.Header, err, list)
	}
}

// comesBack has a report read of a mailbox that is not there: by then the server had taken the message.
func (s *noticeStage) comesBack() {
	s.t.Helper()
	all := s.mail("it", 1)
	if len(all) != 1 {
		s.t.Fatalf("%d messages came back, want one", len(all))
	}
	text, err := s.store.Exec(s.t.Context(), "fetch", "-u", "it@example.test", "text", "all")
	if err != nil {
		s.t.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("text:\n"))
	if err := os.WriteFile(filepath.Join(s.Dir, "returned.eml"), text, 0o600); err != nil {
		s.t.Fatal(err)
	}
	got := operator.Answer[noticed](s.t, s.Operator, 6, "clients", "notify", "--bounces", "returned.eml")
	if !slices.Equal(got.of("bounced"), []string{"left"}) || got.Bounces == nil || got.Bounces.Matched != 1 {
		s.t.Errorf("got %+v\n%s", got, text)
	}
	for _, r := range got.Results {
		if r.State == "bounced" && !strings.Contains(r.Words, "5.1.1") {
			s.t.Errorf("got %+v", r)
		}
	}
	if audit := s.Want(s.t, 0, "audit", "show", "--account", "left@example.test"); !strings.Contains(audit.Out, "page came back") {
		s.t.Errorf("got %s", audit.Out)
	}
}
