// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome/lab/faultproxy"
)

// settle lets mailboxes wait no longer than servers need that nobody stalls, after a connection broke.
func (s *testSetup) settle() {
	s.t.Helper()
	s.edit(func(text string) string { return text + "\nmail: {settle: 4s}\n" })
}

// edit changes the settings as with an editor.
func (s *testSetup) edit(change func(text string) string) {
	s.t.Helper()
	file := filepath.Join(s.Dir, "rehome.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	changed := change(string(text))
	if changed == string(text) {
		s.t.Fatalf("the change changes nothing in\n%s", text)
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// with makes a change that lasts until the returned undo is called.
func (s *testSetup) with(old, replacement string) (undo func()) {
	s.t.Helper()
	file := filepath.Join(s.Dir, "rehome.yaml")
	before, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	s.edit(func(text string) string { return strings.ReplaceAll(text, old, replacement) })
	return func() {
		if err := os.WriteFile(file, before, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}

// wantError proves that a failure says what happened, on what, and what to do, and has its code.
func (s *testSetup) wantError(code int, o outcome, parts ...string) {
	s.t.Helper()
	if o.code != code {
		s.t.Errorf("exit code %d, want %d", o.code, code)
	}
	all := o.out + o.err
	for _, part := range parts {
		if !strings.Contains(all, part) {
			s.t.Errorf("it does not say %q:\n%s", part, all)
		}
	}
	if strings.Contains(all, "panic") || strings.Contains(all, "goroutine") {
		s.t.Errorf("it speaks to programmers:\n%s", all)
	}
}

// Wrong settings and unreachable ends, one after the other with one setup: each has its clear error,
// and nothing is touched.
func TestAdversity_beforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	s.provision()

	undo := s.with("organisation:", "organisaton:")
	s.wantError(2, s.run("sync"), "rehome.yaml:2:1", "organisaton", "organisation")
	undo()

	undo = s.with(s.Destination.IMAPS, s.Destination.IMAPS[:strings.LastIndex(s.Destination.IMAPS, ":")]+":1")
	s.wantError(3, s.run("sync"), "connect to the destination", "refused", "hint: nothing listens on this port")
	s.wantError(3, s.run("check"), "connect to the destination")
	undo()

	undo = s.with("ca_file:", "# ca_file:")
	s.wantError(3, s.run("sync"), "connect to the source", "certificate", "ca_file", "pin")
	undo()

	undo = s.with("tls: implicit", "tls: starttls")
	s.wantError(3, s.run("sync"), "connect to the source", "hint:")
	undo()

	secret := filepath.Join(s.Dir, "secrets", "source-master")
	good, err := os.ReadFile(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secret, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.wantError(3, s.run("check"), "log in at the source", "Authentication failed", "master user")
	for _, command := range []string{"sync", "verify"} { // one refusal settles it, for everybody
		o := s.run(command)
		s.wantError(3, o, "log in at the source as master user", "Authentication failed", "source.imap.master_user")
		if n := strings.Count(o.err, "error:"); n != 1 {
			t.Errorf("%s gave %d errors:\n%s", command, n, o.err)
		}
	}
	if err := os.WriteFile(secret, good, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	s.wantError(2, s.run("sync"), "source-master", "chmod 600")
	if err := os.Chmod(secret, 0o600); err != nil {
		t.Fatal(err)
	}

	s.wantError(2, s.run("sync", "--account", "nobody@example.com"), "nobody@example.com", "accounts list")
	s.wantError(2, s.run("sync", "--only", "dreams"), `"dreams" for --only`)
	s.wantError(2, s.run("verify", "--level", "deep"), "counts, metadata or full")

	if copied := s.want(0, "status"); strings.Contains(copied.out, "copied, not") {
		t.Errorf("something was touched:\n%s", copied.out)
	}
}

func TestAdversity_databaseWithoutTables(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	for _, table := range []string{"UserSession", "Domains"} {
		if _, err := s.Source.DB().ExecContext(t.Context(), "DROP TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
	s.wantError(6, s.run("accounts", "export"), "UserSession", "Domains")
	s.wantError(3, s.run("check"), "UserSession", "Domains")
	if _, err := os.Stat(filepath.Join(s.Dir, "accounts")); !os.IsNotExist(err) {
		t.Errorf("export left something behind: %v", err)
	}
}

func TestAdversity_brokenRoster(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	roster := "EmailAddress,FirstName,LastName,Password\n" +
		"anna@example.com,Anna,A,\n" +
		"not an address,B,B,\n" +
		"anna@EXAMPLE.com,Anna,Again,\n" +
		"carl@example.com,C\n"
	if err := os.WriteFile(filepath.Join(s.Dir, "people.csv"), []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	s.edit(func(text string) string { return text + "roster: people.csv\n" })
	s.wantError(6, s.run("accounts", "list"), "people.csv", "3:", "4:", "5:")
	if err := os.Chmod(filepath.Join(s.Dir, "people.csv"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.wantError(6, s.run("accounts", "list"), "people.csv", "chmod 600")
}

// One account's trouble is its own: the others are complete.
func TestAdversity_oneAccountFails(t *testing.T) {
	t.Parallel()
	s := set(t, 0.05)
	s.provision()
	const gone, locked = "bjorn@example.com", "lee.chan@example.org"
	if err := s.Destination.RemoveAccount(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	roster := "EmailAddress,DestinationPassword\n" + locked + ",Wrong-password-1\n"
	if err := os.WriteFile(filepath.Join(s.Dir, "people.csv"), []byte(roster), 0o600); err != nil {
		t.Fatal(err)
	}
	s.edit(func(text string) string { return text + "roster: people.csv\n" })
	r := answer[synced](s, 6, "sync")
	for _, a := range r.Accounts {
		failed := a.Account == gone || a.Account == locked
		if (a.Error != "") != failed {
			t.Errorf("%s: error %q", a.Account, a.Error)
		}
		if failed && (a.Hint == "" || !strings.Contains(a.Error, a.Account) || !strings.Contains(a.Error, "Authentication failed")) {
			t.Errorf("%s: error %q, hint %q", a.Account, a.Error, a.Hint)
		}
	}
	status := s.want(0, "status")
	if strings.Count(status.out, "is blocked:") != 2 {
		t.Errorf("status:\n%s", status.out)
	}
	verdicts := answer[verified](s, 5, "verify")
	for _, a := range verdicts.Accounts {
		if failed := a.Account == gone || a.Account == locked; (a.Verdict == "unknown") != failed {
			t.Errorf("%s: verdict %s", a.Account, a.Verdict)
		}
	}
}

// A server that falls silent in the middle costs its time-out and not the night: when it speaks again
// the copy goes on by itself.
func TestAdversity_serverFallsSilent(t *testing.T) {
	t.Parallel()
	s := set(t, 0.2)
	s.provision()
	proxy := faultproxy.Open(t, s.Destination.IMAPS)
	undo := s.with(s.Destination.IMAPS, proxy.Addr())
	s.edit(func(text string) string {
		return strings.ReplaceAll(text, "tls: implicit", "tls: implicit\n    timeout: 2s")
	})
	s.settle()
	silenced := make(chan bool)
	go func() { silenced <- silenceFor(proxy, 1<<20, 4*time.Second) }()
	r := answer[synced](s, 6, "sync", "--account", "anna@example.com")
	if !<-silenced {
		t.Fatal("the copy was over before the server fell silent")
	}
	if len(r.Accounts) != 1 || r.Accounts[0].Error != "" || r.Accounts[0].Mail.Failed != 1 {
		t.Errorf("%+v", r.Accounts)
	}
	undo()
	s.want(6, "sync")
	s.wantMoved()
}

// silenceFor holds back everything that the server says, from when it has received some octets, for
// a while. It reports whether that moment came.
func silenceFor(proxy *faultproxy.Proxy, octets int64, pause time.Duration) bool {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
		if proxy.Counts().Bytes[faultproxy.ToServer] >= octets {
			proxy.Set(faultproxy.ToClient, faultproxy.Fault{Stall: true})
			time.Sleep(pause)
			proxy.Set(faultproxy.ToClient, faultproxy.Fault{})
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

// A domain that nobody has is an error of its own, before anything is read or written: "all 0 messages are
// there" would be true.
func TestAdversity_misspeltDomain(t *testing.T) {
	t.Parallel()
	s := set(t, 0.02)
	s.want(0, "accounts", "export")
	file := filepath.Join(s.Dir, "accounts", "accounts.csv")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.edit(func(text string) string { return "domains: [exmaple.com]\n" + withoutDomains(text) })
	for _, command := range [][]string{{"accounts", "export"}, {"sync"}, {"sync", "--plan"}, {"verify"}, {"handover"}} {
		s.wantError(2, s.run(command...), "exmaple.com", "there are accounts in example.com", "did you mean example.com instead of exmaple.com?")
	}
	s.wantError(3, s.run("check"), "exmaple.com", "did you mean example.com")
	if listed := s.want(0, "accounts", "list"); !strings.Contains(listed.out, "its domain does not move") {
		t.Errorf("the list does not say why nobody moves:\n%s", listed.out)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the import file has changed: %v", err)
	}

	// One of several.
	s.edit(func(text string) string { return "domains: [example.com, exmaple.org]\n" + withoutDomains(text) })
	if checked := s.run("check"); !strings.Contains(checked.out, "no account is in exmaple.org") {
		t.Errorf("check:\n%s", checked.out)
	}
}

// withoutDomains takes the list of domains out of settings.
func withoutDomains(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "domains:") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
