// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

const dovecotPassword = `p "w\d ü`

// realServer is a Dovecot for all tests of this file; each has an account of its own.
type realServer struct {
	*dovecot.Server
	lab *lab.Lab
}

func TestDovecot(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*testing.T, *realServer, string){
		"login":         testDovecotLogin,
		"tls":           testDovecotTLS,
		"mailboxes":     testDovecotMailboxes,
		"messages":      testDovecotMessages,
		"refusals":      testDovecotRefusals,
		"resync":        testDovecotResync,
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
	l := lab.Open(t)
	server, err := dovecot.Start(l, dovecot.Options{
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
				tests[name](t, &realServer{server, l}, name+"@example.test")
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
		t.Errorf("capabilities behind the login: %q", client.Capabilities().List())
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
	for address, security := range map[string]protocol.Security{server.IMAPS: protocol.ImplicitTLS, server.IMAP: protocol.StartTLS} {
		client := dial(t, Options{Address: address, Security: security, TLS: server.lab.ClientTLS("")})
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
	if s := listed["NIL"].Status; s == nil || !s.Messages.Is(1) || s.UIDNext != 2 || s.UIDValidity == 0 {
		t.Errorf("status of the mailbox with a message: %+v", s)
	}
}
