// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rehome"
)

func refusal(words string) error {
	return &rehome.Fault{Class: rehome.ClassAuth, Op: "log in", Object: "anna@example.test", Server: words, Cause: errors.New(words)}
}

func TestSeries_leavesTheHostAlone(t *testing.T) {
	t.Parallel()
	s := &series{side: rehome.Destination}
	for i := range refusalsInARow {
		if s.stopped != "" {
			t.Errorf("stopped after %d refusals: %s", i, s.stopped)
		}
		if got := s.failed(refusal("no")); got.Verdict != LoginRefused {
			t.Errorf("got %q, want refused", got.Verdict)
		}
	}
	if s.stopped == "" {
		t.Errorf("goes on after %d refusals in a row", refusalsInARow)
	}
	for _, class := range []rehome.Class{rehome.ClassThrottled, rehome.ClassTemporary, rehome.ClassUntrusted} {
		s := &series{side: rehome.Destination}
		if got := s.failed(&rehome.Fault{Class: class, Op: "log in"}); got.Verdict != LoginUnreachable || s.stopped == "" {
			t.Errorf("%s: got %q, stopped %q", class, got.Verdict, s.stopped)
		}
	}
}

func TestSeries_secondFactor(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]LoginVerdict{
		"[ALERT] Application-specific password required":       LoginSecondFactor,
		"Two-factor authentication is on: use an app password": LoginSecondFactor,
		"Authentication failed.":                               LoginRefused,
	} {
		s := &series{side: rehome.Destination}
		if got := s.failed(refusal(words)); got.Verdict != want || want == LoginSecondFactor && got.NextStep == "" {
			t.Errorf("%q: got %+v, want %s with a next step", words, got, want)
		}
	}
}

func TestReadPOPUsers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "maillog")
	text := "Nov 23 10:00:00 mail dovecot: pop3-login: Info: Login: user=<Klaus@example.test>, method=PLAIN, rip=192.0.2.7\n" +
		"Nov 23 10:00:01 mail dovecot: imap-login: Info: Login: user=<anna@example.test>, method=PLAIN\n" +
		"Nov 23 10:00:02 mail dovecot: pop3-login: Info: Disconnected (auth failed): user=<bjorn@example.test>\n" +
		"Nov 23 10:00:03 mail dovecot: pop3-login: Login: user=<klaus@example.test>, method=PLAIN\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadPOPUsers([]string{file}); err != nil || !slices.Equal(got, []string{"klaus@example.test"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := ReadPOPUsers(nil); err != nil || got != nil {
		t.Errorf("without logs: got %v, %v, want nothing known", got, err)
	}
	if _, err := ReadPOPUsers([]string{file + ".1"}); rehome.HintOf(err) == "" {
		t.Errorf("got %v, want a hint", err)
	}
}
