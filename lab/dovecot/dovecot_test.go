// SPDX-License-Identifier: Apache-2.0

package dovecot

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rehome/lab"
)

const (
	address  = "anna@example.test"
	password = `a:b {PLAIN} Ä"`
)

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	server, err := Start(lab.Open(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// doubt says what doveadm thinks of a log-in: nil if it is right.
func doubt(ctx context.Context, server *Server, user, password string) error {
	_, err := server.Exec(ctx, "auth", "test", user, password)
	return err
}

func TestStart_layoutsSeparatorsPrefixes(t *testing.T) {
	t.Parallel()
	special := []Mailbox{{Name: "Sent", SpecialUse: `\Sent`, Subscribed: true}, {Name: "Spam"}}
	for _, test := range []struct {
		name    string
		options Options
		want    []string // lines of LIST
	}{
		{"maildir", Options{Layout: Maildir, Prefix: "INBOX.", Mailboxes: special},
			[]string{`* LIST (\HasNoChildren \Sent) "." INBOX.Sent`, `* LIST (\HasNoChildren) "." INBOX.Spam`}},
		{"sdbox", Options{Layout: Sdbox, Separator: "/", Mailboxes: special},
			[]string{`* LIST (\HasNoChildren \Sent) "/" Sent`, `* LIST (\HasNoChildren) "/" Spam`}},
		{"2.4", Options{Version: V24, Layout: Maildir, Prefix: "INBOX.", Mailboxes: special},
			[]string{`* LIST (\HasNoChildren \Sent) "." INBOX.Sent`, `* LIST (\HasNoChildren) "." INBOX.Spam`}},
		{"mdbox", Options{Layout: Mdbox, Separator: "/"}, []string{`* LIST (\HasNoChildren) "/" INBOX`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.options.Accounts = []Account{{Address: address, Password: password}}
			server := start(t, test.options)
			imap := logIn(t, server, address, `"a:b {PLAIN} Ä\""`)
			_, got, err := imap.Ask(`b LIST "" "*"`, "b OK")
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !slices.Contains(got, want) {
					t.Errorf("LIST lacks %s:\n%s", want, strings.Join(got, "\n"))
				}
			}
		})
	}
}

func logIn(t *testing.T, server *Server, user, quotedPassword string) *lab.Dialogue {
	t.Helper()
	imap, err := lab.Dial(t.Context(), server.IMAP, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = imap.Close() })
	answer, _, err := imap.Ask(`a LOGIN "`+user+`" `+quotedPassword, "a ")
	if err != nil || !strings.HasPrefix(answer, "a OK") {
		t.Fatalf("log in %s: %s %v", user, answer, err)
	}
	return imap
}

func TestAccounts_changeWhileRunning(t *testing.T) {
	t.Parallel()
	server, ctx := start(t, Options{}), t.Context()
	if doubt(ctx, server, address, password) == nil {
		t.Error("an account that was never added logs in")
	}
	if err := server.AddAccounts(ctx, Account{Address: "Anna@Example.test", Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := doubt(ctx, server, address, password); err != nil {
		t.Errorf("after it was added: %v", err)
	}
	if err := server.AddAccounts(ctx, Account{Address: address, Password: "same length..."}); err != nil {
		t.Fatal(err)
	}
	if doubt(ctx, server, address, password) == nil {
		t.Error("the old password still works")
	}
	if err := doubt(ctx, server, address, "same length..."); err != nil {
		t.Errorf("the new password does not work: %v", err)
	}
	if err := server.RemoveAccount(ctx, address); err != nil {
		t.Fatal(err)
	}
	if doubt(ctx, server, address, "same length...") == nil || server.HasAccount(address) {
		t.Error("a removed account logs in")
	}
}

func TestMaster_needsAnAccountThatExists(t *testing.T) {
	t.Parallel()
	for _, version := range []string{V23, V24} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := start(t, Options{Version: version, MasterUser: "mover", MasterPassword: "m:1",
				Accounts: []Account{{Address: address, Password: password}}})
			for user, want := range map[string]bool{address + "*mover": true, "nobody@example.test*mover": false, address + "*other": false} {
				if err := doubt(t.Context(), server, user, "m:1"); (err == nil) != want {
					t.Errorf("login of %s: %v, want success %v", user, err, want)
				}
			}
		})
	}
}

func TestLimits_messageSizeAndQuota(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]Options{"maildir": {Layout: Maildir}, "sdbox": {Layout: Sdbox}, "2.4": {Version: V24, Layout: Sdbox}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options.MaxMessageSize, options.Accounts = 10_000, []Account{{Address: address, Password: "x", QuotaMB: 7}}
			server := start(t, options)
			imap := logIn(t, server, address, "x")
			_, quota, err := imap.Ask("b GETQUOTAROOT INBOX", "b OK")
			if err != nil || !strings.Contains(strings.Join(quota, "\n"), "(STORAGE 0 7168)") {
				t.Errorf("GETQUOTAROOT: %v %v", quota, err)
			}
			body := strings.Repeat("x", 10_001)
			answer, _, err := imap.Ask("c APPEND INBOX {10001+}\r\n"+body, "c ")
			if err != nil || !strings.HasPrefix(answer, "c NO [LIMIT]") {
				t.Errorf("APPEND of a message that is too large: %s %v", answer, err)
			}
		})
	}
}

func TestSieve_scriptDecidesOnDelivery(t *testing.T) {
	t.Parallel()
	for _, version := range []string{V23, V24} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			deliverByScript(t, start(t, Options{Version: version, Separator: "/", Layout: Sdbox, Accounts: []Account{{Address: address, Password: "x"}},
				Mailboxes: []Mailbox{{Name: "Lists"}}}))
		})
	}
}

func deliverByScript(t *testing.T, server *Server) {
	t.Helper()
	script := "require \"fileinto\";\r\nfileinto \"Lists\";\r\n"
	converse(t, server.Sieve, [][2]string{
		{`NOOP "greeting is over"`, "OK (TAG"},
		{`AUTHENTICATE "PLAIN" "` + base64.StdEncoding.EncodeToString([]byte("\x00"+address+"\x00x")) + `"`, "OK"},
		{fmt.Sprintf("PUTSCRIPT \"main\" {%d+}\r\n%s", len(script), script), "OK"},
		{`SETACTIVE "main"`, "OK"},
	})
	converse(t, server.LMTP, [][2]string{
		{"LHLO x", "250 "}, {"MAIL FROM:<>", "250"}, {"RCPT TO:<" + address + ">", "250"},
		{"DATA", "354"}, {"Subject: x\r\n\r\nhello\r\n.", "250"},
	})
	out, err := server.Exec(t.Context(), "mailbox", "status", "-u", address, "messages", "Lists")
	if err != nil || strings.TrimSpace(string(out)) != "Lists messages=1" {
		t.Errorf("after the delivery: %s %v", out, err)
	}
}

// converse says each line and waits for the start of its answer.
func converse(t *testing.T, addr string, lines [][2]string) {
	t.Helper()
	talk, err := lab.Dial(t.Context(), addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer talk.Close()
	for _, line := range lines {
		last, before, err := talk.Ask(line[0], line[1], "NO", "BYE")
		if err != nil || !strings.HasPrefix(last, line[1]) {
			t.Fatalf("%q: %q %q %v", line[0], before, last, err)
		}
	}
}

func TestDoveadm_listensOverTCP(t *testing.T) {
	t.Parallel()
	for _, version := range []string{V23, V24} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := start(t, Options{Version: version, Doveadm: true, Accounts: []Account{{Address: address, Password: password}}})
			out, err := server.Exec(t.Context(), "mailbox", "list", "-S", server.DoveadmTCP, "-u", address)
			if err != nil || !strings.Contains(string(out), "INBOX") {
				t.Errorf("doveadm over TCP: %s %v", out, err)
			}
		})
	}
}

func TestClose_leavesNothingRunning(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	server, err := Start(l, Options{Accounts: []Account{{Address: address, Password: password}}})
	if err != nil {
		t.Fatal(err)
	}
	logIn(t, server, address, `"a:b {PLAIN} Ä\""`) // an imap process of another user
	group := server.process.Pid()
	if before, err := lab.Running(group); err != nil || len(before) < 5 {
		t.Fatalf("running: %v %v", before, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if after, err := lab.Running(group); err != nil || len(after) > 0 {
		t.Errorf("still running after Close: %v %v", after, err)
	}
}

func TestStart_twoOfOneName(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	if _, err := Start(server.lab, Options{}); err == nil {
		t.Error("a second server took the folder of the first")
	}
}
