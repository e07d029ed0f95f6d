// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome/internal/protocol"
	"rehome/internal/protocol/managesieve"
	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/guard"
	"rehome/lab/operator"
	"rehome/lab/postfix"
)

// loginStage is a Dovecot and a Postfix as a destination, watched by a guard that shuts out whoever fails too often.
type loginStage struct {
	operator.Operator
	t     *testing.T
	lab   *lab.Lab
	store *dovecot.Server
	guard *guard.Guard
	names []string
}

const loginDomain = "example.test"

// stageLogins starts the servers, and exports and imports the people: those with an own password keep it, the others get a
// temporary one. Some are changed on the way.
func stageLogins(t *testing.T, limits string, names []string, change func(*dovecot.Account)) *loginStage {
	t.Helper()
	s := &loginStage{t: t, lab: lab.Open(t), names: names}
	s.Operator = operator.Operator{Dir: t.TempDir(), Binary: binary}
	var err error
	if s.guard, err = guard.Start(s.lab); err != nil {
		t.Fatal(err)
	}
	s.store, err = dovecot.Start(s.lab, dovecot.Options{SASL: true, Extra: s.guard.Settings(), Mailboxes: []dovecot.Mailbox{
		{Name: "Junk", SpecialUse: `\Junk`}, {Name: "Filed"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.configure(limits)
	s.Want(t, 0, "accounts", "export")
	s.imports(change)
	return s
}

func (s *loginStage) configure(limits string) {
	s.t.Helper()
	var accounts []string
	roster := "EmailAddress,Password\n"
	for _, name := range s.names {
		accounts = append(accounts, name+"@"+loginDomain)
		password := "Own-Pass.word-17"
		if strings.HasPrefix(name, "temp") {
			password = "" // nobody knows it
		}
		roster += name + "@" + loginDomain + "," + password + "\n"
	}
	mail, err := postfix.Start(s.lab, postfix.Options{Domains: []string{loginDomain}, Accounts: accounts,
		Submission: &postfix.Submission{Auth: s.store.SASL, LMTP: s.store.LMTP}})
	if err != nil {
		s.t.Fatal(err)
	}
	settings := fmt.Sprintf(`organisation: Logins
roster: people.csv
source: {kind: imap, imap: {address: %q, ca_file: %[2]q}}
destination:
  kind: atmail8
  imap: {address: %[1]q, ca_file: %[2]q}
  pop3: {address: %[3]q, ca_file: %[2]q}
  submission: {address: %[4]q, tls: starttls, ca_file: %[2]q}
  sieve: {address: %[5]q, tls: starttls, ca_file: %[2]q}
  login_test: {pause: 10ms, wait: 20s%[6]s}
`, s.store.IMAPS, s.lab.CAFile(), s.store.POP3S, mail.Submission, s.store.Sieve, limits)
	for file, text := range map[string]string{"rehome.yaml": settings, "people.csv": roster} {
		if err := os.WriteFile(filepath.Join(s.Dir, file), []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	identity := s.Command(s.t.Context(), "init", "--organisation", "Logins", "--source-imap", "x:993", "--destination-imap", "y:993")
	identity.Dir = s.t.TempDir()
	if out, err := identity.CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %s", err, out)
	}
	if err := os.Rename(filepath.Join(identity.Dir, "secrets"), filepath.Join(s.Dir, "secrets")); err != nil {
		s.t.Fatal(err)
	}
}

// imports does what the Account Manager does with accounts.csv.
func (s *loginStage) imports(change func(*dovecot.Account)) {
	s.t.Helper()
	file, err := os.Open(filepath.Join(s.Dir, "accounts", "accounts.csv"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != len(s.names)+1 {
		s.t.Fatalf("%d rows, %v", len(rows), err)
	}
	var accounts []dovecot.Account
	for _, row := range rows[1:] {
		account := dovecot.Account{Address: row[0], Password: row[3]}
		if change != nil {
			change(&account)
		}
		accounts = append(accounts, account)
	}
	if err := s.store.AddAccounts(s.t.Context(), accounts...); err != nil {
		s.t.Fatal(err)
	}
}

// rule switches a script on.
func (s *loginStage) rule(name, script string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	c, err := managesieve.Dial(ctx, managesieve.Options{Address: s.store.Sieve, Security: protocol.NoTLS})
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	for _, do := range []func() error{
		func() error { return c.Authenticate(ctx, "", name+"@"+loginDomain, "Own-Pass.word-17") },
		func() error { return c.PutScript(ctx, "r", script) }, func() error { return c.SetActive(ctx, "r") },
	} {
		if err := do(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// loginsTested is the promised part of what "verify --login --json" prints.
type loginsTested struct {
	Accounts []struct {
		Account, Password string
		Logins            []struct {
			Protocol, Result string
			Kept             bool
		}
		Probe struct {
			State, Mailbox string
			Junk           bool
		}
	}
	Findings []struct{ Code, Account string }
	Stopped  string
}

// lines are "anna own imap=accepted ... message=removed in INBOX".
func (l loginsTested) lines() map[string]string {
	all := map[string]string{}
	for _, a := range l.Accounts {
		name, _, _ := strings.Cut(a.Account, "@")
		line := a.Password
		for _, t := range a.Logins {
			line += " " + t.Protocol + "=" + t.Result
		}
		all[name] = strings.TrimSpace(line + " message=" + a.Probe.State + " " + a.Probe.Mailbox)
	}
	return all
}

// messages counts what is in an account's mailboxes.
func (s *loginStage) messages(name string) int {
	s.t.Helper()
	out, err := s.store.Exec(s.t.Context(), "search", "-u", name+"@"+loginDomain, "all")
	if err != nil {
		s.t.Fatal(err)
	}
	return len(strings.Fields(string(out))) / 2
}

const (
	allAccepted = "imap=accepted pop3=accepted managesieve=accepted submission=accepted message=removed "
	noneTried   = " pop3=not_tried managesieve=not_tried submission=not_tried message=skipped"
)

func TestLogins_asUsersWould(t *testing.T) {
	t.Parallel()
	names := []string{"anna", "filed", "forwards", "junk", "temp", "x-expired", "y-factor", "z-changed"}
	s := stageLogins(t, ", refusals: 4", names, func(a *dovecot.Account) {
		switch name, _, _ := strings.Cut(a.Address, "@"); name {
		case "x-expired":
			a.Refusal = "Your password has expired and must be changed"
		case "y-factor":
			a.Refusal = "Application-specific password required"
		case "z-changed":
			a.Password = "Another-One.18"
		}
	})
	s.rule("filed", `require ["fileinto"]; fileinto "Filed";`)
	s.rule("junk", `require ["fileinto", "copy"]; fileinto :copy "Filed"; fileinto "Junk";`)
	s.rule("forwards", `redirect "somebody@elsewhere.test";`)
	if checked := s.Want(t, 0, "check"); strings.Count(checked.Out, "answers with a valid certificate, and offers login by") != 2 {
		t.Errorf("check does not tell of POP3 and submission:\n%s", checked.Out)
	}
	tested := operator.Answer[loginsTested](t, s.Operator, 5, "verify", "--login")
	got := tested.lines()
	for name, want := range map[string]string{
		"anna": "own " + allAccepted + "INBOX", "filed": "own " + allAccepted + "Filed", "junk": "own " + allAccepted + "Junk",
		"temp":      "temporary " + allAccepted + "INBOX",
		"forwards":  "own imap=accepted pop3=accepted managesieve=accepted submission=accepted message=skipped",
		"x-expired": "own imap=expired" + noneTried, "y-factor": "own imap=second_factor" + noneTried, "z-changed": "own imap=refused" + noneTried,
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	for _, name := range names {
		if n := s.messages(name); n != 0 {
			t.Errorf("%s has %d messages, want none left", name, n)
		}
	}
	s.wantUnlocked(1) // a password that is right and does not let in is none to Dovecot
	s.wantReported()
	s.later(got)
}

func (s *loginStage) wantUnlocked(failures int) {
	s.t.Helper()
	if locked := s.guard.Locked(); len(locked) > 0 || s.guard.Failures() != failures {
		s.t.Errorf("locked %q after %d failures, want none after %d", locked, s.guard.Failures(), failures)
	}
}

// wantReported proves that what was seen is in the report, the list of findings and the audit log, and no password anywhere.
func (s *loginStage) wantReported() {
	s.t.Helper()
	for _, args := range [][]string{{"report", "--json"}, {"findings", "list", "--json"}} {
		out := s.Run(s.t, args...).Out
		for _, want := range []string{"login_fails_expired", "login_fails_second_factor", "login_fails_refused", "probe_in_junk"} {
			if !strings.Contains(out, want) {
				s.t.Errorf("%q does not tell of %s", args, want)
			}
		}
	}
	audit := s.Want(s.t, 0, "audit", "show")
	if sent, removed := strings.Count(audit.Out, "probe message sent"), strings.Count(audit.Out, "probe message removed"); sent != 4 || removed != 4 {
		s.t.Errorf("the audit log has %d messages sent and %d removed, want 4 of each", sent, removed)
	}
	s.Want(s.t, 0, "audit", "check")
	text := s.Run(s.t, "verify", "--login", "--all")
	if strings.Contains(text.Out+text.Err, "Own-Pass") || !strings.Contains(text.Out, "second factor needed") {
		s.t.Errorf("%s%s", text.Out, text.Err)
	}
}

// later runs it again: nothing is tried again but what has changed, or on demand.
func (s *loginStage) later(before map[string]string) {
	s.t.Helper()
	attempts := s.guard.Attempts("z-changed@" + loginDomain)
	again := operator.Answer[loginsTested](s.t, s.Operator, 5, "verify", "--login")
	for name, line := range again.lines() {
		if line != before[name] {
			s.t.Errorf("later %s: got %q, want %q", name, line, before[name])
		}
	}
	s.wantUnlocked(1)
	if n := s.guard.Attempts("z-changed@" + loginDomain); n != attempts {
		s.t.Errorf("a refused password was offered again: %d attempts, before %d", n, attempts)
	}
	roster := "EmailAddress,Password,DestinationPassword\n"
	for _, name := range s.names {
		password := "Own-Pass.word-17"
		if name == "z-changed" {
			password = "Another-One.18"
		}
		if !strings.HasPrefix(name, "temp") {
			roster += name + "@" + loginDomain + ",Own-Pass.word-17," + password + "\n"
		} else {
			roster += name + "@" + loginDomain + ",,\n"
		}
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "people.csv"), []byte(roster), 0o600); err != nil {
		s.t.Fatal(err)
	}
	mended := operator.Answer[loginsTested](s.t, s.Operator, 0, "verify", "--login", "--account", "z-changed@"+loginDomain)
	if got, want := mended.lines()["z-changed"], "own "+allAccepted+"INBOX"; got != want {
		s.t.Errorf("with the new password: got %q, want %q", got, want)
	}
	s.wantUnlocked(1)
}

// A host at which everybody is refused is left alone before it locks this machine out, by however many runs.
func TestLogins_stopBeforeTheHostLocksAnybodyOut(t *testing.T) {
	t.Parallel()
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	s := stageLogins(t, "", names, func(a *dovecot.Account) { a.Password = "Another-One.18" })
	tested := operator.Answer[loginsTested](t, s.Operator, 3, "verify", "--login")
	if tested.Stopped == "" || tested.lines()["d"] != "own imap=not_tried"+noneTried {
		t.Errorf("stopped %q, %q", tested.Stopped, tested.lines())
	}
	for range 3 {
		s.Want(t, 3, "verify", "--login")
		s.Want(t, 3, "verify", "--login", "--retry-refused")
	}
	s.wantUnlocked(3)
	if got := tested.lines()["a"]; got != "own imap=refused"+noneTried {
		t.Errorf("got %q", got)
	}
}
