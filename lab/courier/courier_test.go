// SPDX-License-Identifier: Apache-2.0

package courier

import (
	"crypto/tls"
	"strings"
	"testing"

	"rehome/lab"
)

const (
	address  = "anna@example.test"
	password = "a:b c|d"
)

func start(t *testing.T, opts Options) *Server {
	t.Helper()
	opts.Accounts = append(opts.Accounts, Account{Address: address, Password: password})
	server, err := Start(lab.Open(t), opts)
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// logIn opens a session, with TLS if config says how, and returns the answer.
func logIn(t *testing.T, addr string, config *tls.Config, password string) (*lab.Dialogue, string) {
	t.Helper()
	imap, err := lab.Dial(t.Context(), addr, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = imap.Close() })
	answer, _, err := imap.Ask(`a LOGIN `+address+` "`+password+`"`, "a ")
	if err != nil {
		t.Fatal(err)
	}
	return imap, answer
}

func TestStart_servesMaildirBelowINBOX(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	for addr, config := range map[string]*tls.Config{server.IMAP: nil, server.IMAPS: server.lab.ClientTLS("localhost")} {
		imap, answer := logIn(t, addr, config, password)
		if !strings.HasPrefix(answer, "a OK") {
			t.Fatalf("login, TLS %v: %s", config != nil, answer)
		}
		_, namespace, err := imap.Ask("b NAMESPACE", "b OK")
		if err != nil || !strings.Contains(strings.Join(namespace, "\n"), `(("INBOX." "."))`) {
			t.Errorf("TLS %v: %q %v", config != nil, namespace, err)
		}
	}
}

func TestAddAccounts_changesThePassword(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	if err := server.AddAccounts(t.Context(), Account{Address: address, Password: "another"}); err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]string{"another": "a OK", password: "a NO"} {
		if _, answer := logIn(t, server.IMAP, nil, password); !strings.HasPrefix(answer, want) {
			t.Errorf("%q: %s, want %s", password, answer, want)
		}
	}
}

// Two servers of one machine know nothing of each other.
func TestStart_twoSideBySide(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	for _, name := range []string{"one", "two"} {
		server, err := Start(l, Options{Name: name, Accounts: []Account{{Address: address, Password: name}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, answer := logIn(t, server.IMAP, nil, name); !strings.HasPrefix(answer, "a OK") {
			t.Errorf("%s: %s", name, answer)
		}
	}
}

func TestClose_leavesNothingRunning(t *testing.T) {
	t.Parallel()
	server := start(t, Options{})
	logIn(t, server.IMAPS, server.lab.ClientTLS("localhost"), password)
	if err := server.lab.Close(); err != nil {
		t.Fatal(err)
	}
	for _, process := range server.group {
		if after, err := lab.Running(process.Pid()); err != nil || len(after) > 0 {
			t.Errorf("still running after Close: %v %v", after, err)
		}
	}
}
