// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/lab"
	dovecotlab "rehome/lab/dovecot"
	"rehome/lab/exim"
	"rehome/lab/lmtp"
	postfixlab "rehome/lab/postfix"
)

// understood reads a log that a real server has written and returns what it tells.
func understood(t *testing.T, text string) (all []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	summary, err := Read(t.Context(), []string{file}, func(e Event) {
		if age := time.Since(e.When).Abs(); age > 26*time.Hour { // a zone, at most
			t.Errorf("got the time %v", e.When)
		}
		all = append(all, told(e))
	})
	if err != nil || summary.NotUnderstood > 0 {
		t.Errorf("got %+v, %v, want every line understood:\n%s", summary.Each, err, text)
	}
	return all
}

func TestRead_whatDovecotWrites(t *testing.T) {
	t.Parallel()
	room := lab.Open(t)
	server, err := dovecotlab.Start(room, dovecotlab.Options{Extra: "imap_id_log = *\n",
		Accounts: []dovecotlab.Account{{Address: "anna@a.test", Password: "secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := lmtp.Deliver(t.Context(), server.LMTP, "x@y.example", "anna@a.test", []byte("Subject: x\r\n\r\nx\r\n")); err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"secret", "wrong"} {
		session, err := textproto.Dial("tcp", server.POP3)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"USER anna@a.test", "PASS " + password, "QUIT"} {
			if _, err := session.ReadLine(); err != nil {
				t.Fatal(err)
			}
			if err := session.PrintfLine("%s", line); err != nil {
				t.Fatal(err)
			}
		}
		_ = session.Close()
	}
	for _, lines := range [][]string{
		{`a ID ("name" "Thunderbird" "version" "128.1" "os" "x: user=<b@a.test>, y")`, "b LOGIN anna@a.test secret", "c LOGOUT"},
		{"a LOGIN anna@a.test secret", `b ID ("name" "iPhone Mail" "os-version" "18.1 (22B83)")`, "c LOGOUT"},
		{`a ID ("name" "Guess")`, "b LOGIN anna@a.test wrong", "c LOGOUT"},
	} {
		talk(t, server.IMAP, lines)
	}
	file := filepath.Join(room.Dir(), "log", "dovecot.log")
	var text []byte
	for end := time.Now().Add(20 * time.Second); strings.Count(string(text), "pop3-login: ") < 2 || strings.Count(string(text), "session=<") < 6; {
		if text, err = os.ReadFile(file); err != nil || time.Now().After(end) {
			t.Fatalf("got %v and\n%s", err, text)
		}
	}
	got := understood(t, string(text))
	for _, want := range []string{"to anna@a.test stored", "pop anna@a.test"} {
		if !slices.Contains(got, want) {
			t.Errorf("got %q, want %q of\n%s", got, want, text)
		}
	}
	var uses []string
	if _, err := ReadUses(t.Context(), []string{file}, func(u Use) { uses = append(uses, toldUse(u)) }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(uses)
	want := []string{"imap anna@a.test ", "imap anna@a.test name=Thunderbird, version=128.1, os=x: user=<b@a.test>, y",
		"imap anna@a.test name=iPhone Mail, os-version=18.1 (22B83)", "pop3 anna@a.test "}
	if !slices.Equal(slices.Compact(uses), want) {
		t.Errorf("got %q, want %q of\n%s", uses, want, text)
	}
}

// talk has a conversation in IMAP.
func talk(t *testing.T, address string, lines []string) {
	t.Helper()
	session, err := textproto.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.ReadLine(); err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if err := session.PrintfLine("%s", line); err != nil {
			t.Fatal(err)
		}
		for said := ""; !strings.HasPrefix(said, line[:2]); {
			if said, err = session.ReadLine(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestRead_whatEximWrites(t *testing.T) {
	t.Parallel()
	server, err := exim.New(lab.Open(t), exim.Options{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"},
		Aliases: "team@a.test: anna@a.test\nnoreply@a.test: :blackhole:\n"})
	if err != nil {
		t.Fatal(err)
	}
	var log string
	for _, address := range []string{"anna@a.test", "Team@a.test", "noreply@a.test", "out@partner.example"} {
		if log, err = server.Deliver("x@y.example", address); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := understood(t, log), []string{"to anna@a.test", "to team@a.test", "to out@partner.example"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q of\n%s", got, want, log)
	}
}

func TestRead_whatPostfixWrites(t *testing.T) {
	t.Parallel()
	server, err := postfixlab.Start(lab.Open(t), postfixlab.Options{Domains: []string{"a.test"}, Accounts: []string{"anna@a.test"}})
	if err != nil {
		t.Fatal(err)
	}
	session, err := textproto.Dial("tcp", server.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	for _, line := range []string{"HELO x", "MAIL FROM:<x@y.example>", "RCPT TO:<guess@a.test>", "RCPT TO:<anna@a.test>", "DATA", "x\r\n.", "QUIT"} {
		if _, err := session.ReadLine(); err != nil {
			t.Fatal(err)
		}
		if err := session.PrintfLine("%s", line); err != nil {
			t.Fatal(err)
		}
	}
	log, err := server.Log("status=sent")
	if err != nil {
		t.Fatal(err)
	}
	if got := understood(t, log); len(got) > 0 { // the lab's Postfix discards what it takes
		t.Errorf("got %q, want nothing that anybody has, of\n%s", got, log)
	}
}
