// SPDX-License-Identifier: Apache-2.0

package scenario_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rehome/lab/corpus"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
)

// A run that is killed or interrupted at any point leaves nothing that later ones do not clear away, and no host counts more
// refusals for it than it may: also an attempt that a cut leaves, of which nobody knows how it ended, is one that the host may have
// refused.
func TestLogins_cutOffAnywhere(t *testing.T) {
	t.Parallel()
	names := []string{"anna", "bo", "cy", "x-wrong"}
	const refusals = 3
	s := stageLogins(t, fmt.Sprintf(", refusals: %d", refusals), names, func(a *dovecot.Account) {
		if strings.HasPrefix(a.Address, "x-") {
			a.Password = "Another-One.18"
		}
	})
	for i, signal := range []os.Signal{syscall.SIGKILL, os.Interrupt, syscall.SIGKILL, os.Interrupt, syscall.SIGKILL, syscall.SIGKILL} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		command := s.Command(ctx, "verify", "--login", "--again")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(200+350*i)*time.Millisecond, func() { _ = command.Process.Signal(signal) })
		_ = command.Wait() // it was cut off, or over before
		timer.Stop()
		cancel()
	}
	if s.guard.Failures() > refusals {
		t.Errorf("%d failures before anybody raised the limit of %d", s.guard.Failures(), refusals)
	}
	s.allowRefusals(refusals, 20) // three such attempts stop all others for a while
	var tested loginsTested
	missing := func(name string) bool {
		return slices.ContainsFunc(tested.Findings, func(f struct{ Code, Account string }) bool {
			return f.Code == "probe_missing" && strings.HasPrefix(f.Account, name+"@")
		})
	}
	for range 3 { // a message may have been under way
		if tested = operator.Answer[loginsTested](t, s.Operator, 5, "verify", "--login"); !slices.ContainsFunc(names[:3], missing) {
			break
		}
	}
	got := tested.lines()
	for _, name := range names[:3] {
		// Who is killed when it has written down that it sends, and before it does, leaves one that nobody can find: that is told.
		neverSent := missing(name) && got[name] == "own "+strings.TrimSuffix(allAccepted, "removed ")+"sending"
		if want := "own " + allAccepted + "INBOX"; got[name] != want && !neverSent {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
		if n := s.messages(name); n != 0 {
			t.Errorf("%s has %d messages, want none left", name, n)
		}
	}
	if locked := s.guard.Locked(); len(locked) > 0 {
		t.Errorf("locked %q after %d failures", locked, s.guard.Failures())
	}
}

// allowRefusals changes the limit in the settings.
func (s *loginStage) allowRefusals(before, now int) {
	s.t.Helper()
	path := filepath.Join(s.Dir, "rehome.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	changed := strings.Replace(string(text), fmt.Sprintf("refusals: %d", before), fmt.Sprintf("refusals: %d", now), 1)
	if changed == string(text) {
		s.t.Fatalf("%s does not limit refusals to %d", path, before)
	}
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// The log-in for contacts and calendars is tried as the others are.
func TestLogins_contactsAndCalendars(t *testing.T) {
	t.Parallel()
	s := setPeople(t, false, pimPerson("anna", ""), pimPerson("bo", ""), corpus.PIMPerson("cy@example.com", "Kept.As_It,Is-1cy", 1, 1))
	s.provision()
	s.want(0, "check")
	tested := answer[loginsTested](s, 0, "verify", "--login")
	for name, line := range tested.lines() {
		if line != "own imap=accepted dav=accepted message=" {
			t.Errorf("%s: got %q", name, line)
		}
	}
	if len(tested.Accounts) != 3 {
		t.Errorf("%d accounts, want 3", len(tested.Accounts))
	}
	s.want(0, "sync")
	s.want(0, "verify")
	s.want(0, "certificate", "issue")
	if report := s.want(0, "report", "--json"); !strings.Contains(report.out, `"logins"`) {
		t.Error("the report does not name the logins")
	}
}
