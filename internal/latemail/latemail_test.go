// SPDX-License-Identifier: Apache-2.0

package latemail

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/lmtp"
)

const anna = "anna@example.test"

// server is a source with an account, and the ledger about it.
type server struct {
	t      *testing.T
	store  *ledger.Ledger
	host   *endpoint.IMAP
	lmtp   string
	sent   int
	person rehome.Account
}

func open(t *testing.T) *server {
	t.Helper()
	l := lab.Open(t)
	running, err := dovecot.Start(l, dovecot.Options{Accounts: []dovecot.Account{{Address: anna, Password: "secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	store, err := ledger.Open(t.Context(), t.TempDir()+"/rehome.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	host := endpoint.NewIMAP(endpoint.Settings{Address: running.IMAPS, Security: protocol.ImplicitTLS, TLS: l.ClientTLS("localhost")})
	s := &server{t: t, store: store, host: host, lmtp: running.LMTP, person: rehome.Account{Address: anna}}
	s.person.SourcePassword = rehome.NewSecret("secret")
	return s
}

// arrives has a mail host deliver messages.
func (s *server) arrives(n int, received string) {
	s.t.Helper()
	for range n {
		s.sent++
		text := fmt.Sprintf("%sFrom: x@out.test\r\nSubject: %d\r\n\r\nx\r\n", received, s.sent)
		if err := lmtp.Deliver(s.t.Context(), s.lmtp, "x@out.test", anna, []byte(text)); err != nil {
			s.t.Fatal(err)
		}
	}
}

// looks looks and keeps the answer, as a process of its own would.
func (s *server) looks() ledger.LateLook {
	s.t.Helper()
	ctx := s.t.Context()
	marks, err := s.store.LateMail.Marks(ctx, anna)
	if err != nil {
		s.t.Fatal(err)
	}
	before := Before{Marks: marks}
	rows, err := s.store.LateMail.Accounts(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range rows {
		before.Looked = r.Looked
	}
	l, err := Look(ctx, s.host, s.person, before, nobody)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.store.LateMail.Note(ctx, l); err != nil {
		s.t.Fatal(err)
	}
	return l
}

// What was there before counts for nothing, each later message counts once, by the host that delivered it, and what its owner moves
// or stores does not.
func TestLook_countsWhatArrivesOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.arrives(2, "")
	if l := s.looks(); !l.News || len(l.Traffic) != 0 || l.Trouble != "" {
		t.Errorf("first look: %+v", l)
	}
	if l := s.looks(); l.News || len(l.Marks) != 0 {
		t.Errorf("nothing has happened: %+v", l)
	}
	s.arrives(2, "Received: from mx.out.test (mx.out.test [192.0.2.1]) by old.test with ESMTP id 1; x\r\n")
	s.arrives(1, "Received: from mx.other.test (mx.other.test [192.0.2.9]) by old.test with ESMTP id 1; x\r\n")
	s.stores(time.Now().Add(-30 * 24 * time.Hour))
	l := s.looks()
	if !l.News || l.LastSeen.IsZero() {
		t.Errorf("three came: %+v", l)
	}
	got := map[string]int64{}
	for _, c := range l.Traffic {
		got[c.Host] += c.Messages
	}
	if len(got) != 2 || got["mx.out.test (192.0.2.1)"] != 2 || got["mx.other.test (192.0.2.9)"] != 1 {
		t.Errorf("got %v", got)
	}
	if l := s.looks(); l.News || len(l.Traffic) != 0 {
		t.Errorf("counted twice: %+v", l)
	}
}

// stores has anna's mail program file a message.
func (s *server) stores(date time.Time) {
	s.t.Helper()
	session, err := s.host.Open(s.t.Context(), s.person)
	if err != nil {
		s.t.Fatal(err)
	}
	defer session.Close()
	ctx, text := s.t.Context(), "Subject: old\r\n\r\nx\r\n"
	command, err := session.Append(ctx, "INBOX")
	if err == nil {
		err = command.Message(ctx, nil, date, int64(len(text)), strings.NewReader(text))
	}
	if err == nil {
		err = command.Finish()
	}
	if err == nil {
		_, err = command.Wait(ctx)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestLook_troubleIsSaid(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.person.SourcePassword = rehome.NewSecret("wrong")
	l := s.looks()
	if !strings.Contains(strings.ToLower(l.Trouble), "auth") || !l.Refused {
		t.Errorf("got %q, want the server's words", l.Trouble)
	}
	if o := Judge([]string{anna}, mustRows(t, s), time.Time{}); o.None() {
		t.Error("nothing is open of an account that nobody can see")
	}
}

func mustRows(t *testing.T, s *server) []ledger.LateAccount {
	t.Helper()
	rows, err := s.store.LateMail.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
