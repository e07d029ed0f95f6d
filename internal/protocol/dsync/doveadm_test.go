// SPDX-License-Identifier: Apache-2.0

package dsync

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/protocol"
	"rehome/lab"
	"rehome/lab/dovecot"
)

func TestDoveadm_refusals(t *testing.T) {
	t.Parallel()
	server := startDovecot(t, dovecot.Options{})
	for name, options := range map[string]DoveadmOptions{
		"log-in": {Address: server.DoveadmTCP, Password: "wrong", User: anna},
		"user":   {Address: server.DoveadmTCP, Password: server.DoveadmPassword, User: "nobody@example.test"},
	} {
		_, err := DialDoveadm(t.Context(), options)
		var refused *RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v", name, err)
		}
		t.Log(err)
	}
	if _, err := DialDoveadm(t.Context(), DoveadmOptions{Address: server.DoveadmTCP, User: "a\tb"}); err == nil {
		t.Error("a user with a tab was sent")
	}
	if _, err := DialDoveadm(t.Context(), DoveadmOptions{Address: server.IMAP, User: anna, Password: "x"}); err == nil {
		t.Error("IMAP was taken for doveadm")
	}
}

func TestDoveadm_byTLS(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	addr, err := l.Addr()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	server, err := dovecot.Start(l, dovecot.Options{Doveadm: true, Separator: "/",
		Accounts: []dovecot.Account{{Address: anna, Password: password}},
		Extra:    fmt.Sprintf("service doveadm {\n  inet_listener tcps {\n    port = %s\n    ssl = yes\n  }\n}\n", port)})
	if err != nil {
		t.Fatal(err)
	}
	options := DoveadmOptions{Address: addr, Security: protocol.ImplicitTLS, Password: server.DoveadmPassword, User: anna}
	if _, err := DialDoveadm(t.Context(), options); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	options.TLS = l.ClientTLS("localhost")
	stream, err := DialDoveadm(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if sent, err := bring(t.Context(), stream, Options{}, estate()...); err != nil || len(sent) != 4 {
		t.Fatalf("sent %q: %v", sent, err)
	}
	checkEstate(t, server)
}

func TestDoveadm_hostile(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]string{
		"nothing": "", "a long line": strings.Repeat("x", maxGreeting+1), "IMAP": "* OK ready\r\n",
		"no status": "+\nx\n", "empty lines": "+\n\n\n\n", "refused": "+\n\n-NOREPLICATE\n", "silence": "+\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			go func() {
				_, _ = io.WriteString(theirs, said)
				if name != "silence" {
					_ = theirs.Close()
				}
			}()
			defer theirs.Close()
			dial := func(context.Context, string, string) (net.Conn, error) { return ours, nil }
			began := time.Now()
			if _, err := DialDoveadm(t.Context(), DoveadmOptions{User: anna, Dial: dial}); err == nil || time.Since(began) > time.Minute {
				t.Errorf("%s: got %v in %s", name, err, time.Since(began))
			}
		})
	}
}

func TestCommand_saysWhatTheProgramSays(t *testing.T) {
	t.Parallel()
	stream, err := Command(t.Context(), "sh", "-c", "echo 'no such user' >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Begin(t.Context(), stream, Options{}); err == nil || !strings.Contains(err.Error(), "no such user") {
		t.Errorf("got %v", err)
	}
	if _, err := Command(t.Context(), "/does/not/exist"); err == nil {
		t.Error("a program that does not exist was started")
	}
	if _, err := Command(t.Context()); err == nil {
		t.Error("no program was started")
	}
}
