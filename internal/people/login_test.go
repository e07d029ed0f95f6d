// SPDX-License-Identifier: Apache-2.0

package people

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rehome"
)

// fakeHost answers log-ins as the test has it, and notes when it was asked.
type fakeHost struct {
	answer   func(account rehome.Account) error
	opensAll bool
	asked    []time.Time
}

func (h *fakeHost) LogIn(_ context.Context, account rehome.Account) (Space, error) {
	h.asked = append(h.asked, time.Now())
	return Space{Used: 1, Limit: 2}, h.answer(account)
}

func (h *fakeHost) OpensAll() bool { return h.opensAll }

func refusal(words string) error {
	return &rehome.Fault{Class: rehome.ClassAuth, Op: "log in", Object: "anna@example.test", Server: words, Cause: errors.New(words)}
}

// crowd are accounts with a password at either end, by the first letters of their addresses.
func crowd(names string) []rehome.Account {
	var all []rehome.Account
	for _, name := range names {
		secret := rehome.NewSecret("x")
		all = append(all, rehome.Account{Address: string(name) + "@example.test", Services: rehome.AllServices,
			SourcePassword: secret, DestinationPassword: secret})
	}
	return all
}

// verdicts are the first letters of what came of the log-ins, in the order of the accounts.
func verdicts(t *testing.T, host Host, side rehome.Side, accounts []rehome.Account) (string, map[string]Login) {
	t.Helper()
	logins, err := LogIns(t.Context(), host, side, accounts, LoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	short := ""
	for _, account := range accounts {
		short += string(logins[account.Address].Result)[:1]
	}
	return short, logins
}

func TestLogIns_leaveTheHostAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refuses, want string
		asked         int
	}{
		"nobody is refused":                     {"", "wwwwww", 6},
		"three in a row end it":                 {"bcd", "wrrrnn", 4},
		"two in a row, and one later, do not":   {"abe", "rrwwrw", 6},
		"a success in between counts from anew": {"abdef", "rrwrrr", 6},
	} {
		host := &fakeHost{answer: func(a rehome.Account) error {
			if strings.Contains(c.refuses, a.Address[:1]) {
				return refusal("no")
			}
			return nil
		}}
		got, logins := verdicts(t, host, rehome.Destination, crowd("abcdef"))
		if got != c.want || len(host.asked) != c.asked {
			t.Errorf("%s: got %s after %d logins, want %s after %d", name, got, len(host.asked), c.want, c.asked)
		}
		if last := logins["f@example.test"]; last.Result == LoginNotTried && !strings.Contains(last.Sentence, "lock") {
			t.Errorf("%s: not tried because %q, want the lock-out named", name, last.Sentence)
		}
	}
}

func TestLogIns_aHostThatTurnsAwayIsAskedNothingMore(t *testing.T) {
	t.Parallel()
	for _, class := range []rehome.Class{rehome.ClassThrottled, rehome.ClassTemporary, rehome.ClassUntrusted} {
		host := &fakeHost{answer: func(rehome.Account) error { return &rehome.Fault{Class: class, Op: "log in"} }}
		if got, _ := verdicts(t, host, rehome.Destination, crowd("abc")); got != "unn" || len(host.asked) != 1 {
			t.Errorf("%s: got %s after %d logins, want one", class, got, len(host.asked))
		}
	}
}

func TestLogIns_noGuessesAndNoNuisance(t *testing.T) {
	t.Parallel()
	off, disabled, unknown := crowd("a")[0], crowd("b")[0], rehome.Account{Address: "c@example.test", Services: rehome.AllServices}
	off.Services.IMAP = false
	disabled.Disabled = true
	accounts := []rehome.Account{off, disabled, unknown}
	for _, c := range []struct {
		side     rehome.Side
		opensAll bool
		want     string
	}{{rehome.Source, false, "nnn"}, {rehome.Source, true, "www"}, {rehome.Destination, false, "wwn"}, {rehome.Destination, true, "www"}} {
		host := &fakeHost{answer: func(rehome.Account) error { return nil }, opensAll: c.opensAll}
		if got, _ := verdicts(t, host, c.side, accounts); got != c.want {
			t.Errorf("at the %s, opened by a master user %t: got %s, want %s", c.side, c.opensAll, got, c.want)
		}
	}
}

func TestLogIns_pauseBetweenAndEndWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		host := &fakeHost{answer: func(rehome.Account) error { return nil }}
		if _, err := LogIns(t.Context(), host, rehome.Source, crowd("abc"), LoginOptions{Pause: time.Second}); err != nil {
			t.Fatal(err)
		}
		if took := host.asked[2].Sub(host.asked[0]); took != 2*time.Second {
			t.Errorf("three logins took %s, want two pauses of a second", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if logins, err := LogIns(ctx, host, rehome.Source, crowd("ab"), LoginOptions{Pause: time.Hour}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, %v, want the end of the context", logins, err)
		}
	})
}

func TestSeries_secondFactor(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]LoginResult{
		"[ALERT] Application-specific password required":       LoginSecondFactor,
		"Two-factor authentication is on: use an app password": LoginSecondFactor,
		"Authentication failed.":                               LoginRefused,
	} {
		s := &series{side: rehome.Destination}
		if got := s.failed(refusal(words)); got.Result != want || want == LoginSecondFactor && got.NextStep == "" {
			t.Errorf("%q: got %+v, want %s with a next step", words, got, want)
		}
	}
}
