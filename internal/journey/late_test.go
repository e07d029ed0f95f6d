// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rehome/internal/latemail"
	"rehome/internal/ledger"
	"rehome/internal/switchover"
	"rehome/internal/verify"
	"rehome/internal/wayback"
)

// What was counted is added up by host, account and hour, for one domain.
func TestArriving_addsUp(t *testing.T) {
	t.Parallel()
	store, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	now := time.Date(2026, 12, 4, 10, 30, 0, 0, time.UTC)
	if a, err := arriving(t.Context(), store, "a.test", now); err != nil || a != nil {
		t.Errorf("nobody has looked: got %+v, %v", a, err)
	}
	hour := now.Truncate(time.Hour)
	note := func(address, trouble string, last time.Time, counts ...ledger.LateTraffic) {
		for i := range counts {
			counts[i].Address = address
		}
		look := ledger.LateLook{Address: address, At: now, Trouble: trouble, Traffic: counts, LastSeen: last}
		if err := store.LateMail.Note(t.Context(), look); err != nil {
			t.Fatal(err)
		}
	}
	note("anna@a.test", "", now, ledger.LateTraffic{Hour: hour, Host: "x", Messages: 1}, ledger.LateTraffic{Hour: hour, Host: "y", Messages: 2},
		ledger.LateTraffic{Hour: hour.Add(-5 * time.Hour), Host: "x", Messages: 4})
	note("bo@a.test", "away", time.Time{}, ledger.LateTraffic{Hour: hour, Host: "y", Messages: 8})
	note("carol@b.test", "", now.Add(time.Hour), ledger.LateTraffic{Hour: hour, Host: "z", Messages: 16})
	a, err := arriving(t.Context(), store, "a.test", now)
	if err != nil {
		t.Fatal(err)
	}
	if a.Messages != 15 || a.LastHour != 11 || !a.Last.Equal(now) || !slices.Equal(a.Trouble, []string{"bo@a.test"}) || len(a.Hours) != 3 ||
		!slices.Equal(a.Hosts, []ArrivingCount{{"y", 10}, {"x", 5}}) || !slices.Equal(a.Accounts, []ArrivingCount{{"bo@a.test", 8}, {"anna@a.test", 7}}) {
		t.Errorf("got %+v", a)
	}
}

// An account that is open is named once, with the reason where there is one.
func TestStillOpen_namesEachOnce(t *testing.T) {
	t.Parallel()
	open := latemail.Open{Due: []string{"a", "b"}, Unseen: []string{"c"}}
	rows := []ledger.LateAccount{{Address: "c", Trouble: "is down"}}
	left := stillOpen(open, rows, []switchover.Left{{Account: "a"}})
	if len(left) != 2 || left[0].Account != "b" || !strings.Contains(left[1].Sentence, "is down") || left[0].NextStep == "" || left[1].NextStep == "" {
		t.Errorf("got %+v", left)
	}
}

// What the destination has and the source lacks is named; what has vanished at the source before, and what only the source has, is not.
func TestLacking_onlyWhatTheSourceLacks(t *testing.T) {
	t.Parallel()
	with := func(counts map[verify.Kind]int, differences ...verify.Difference) verify.Account {
		return verify.Account{Verdict: verify.Differs, Mail: &verify.Mail{Counts: counts, Differences: differences}}
	}
	missing := map[verify.Kind]int{verify.MissingMessage: 2, verify.ExtraMessage: 9, verify.FlagsDiffer: 1}
	for name, c := range map[string]struct {
		result verify.Account
		tally  wayback.Tally
		words  string // "" for nothing
	}{
		"equal":                   {with(nil), wayback.Tally{}, ""},
		"vanished before":         {with(missing), wayback.Tally{Departed: 2}, ""},
		"one more is missing":     {with(missing), wayback.Tally{Departed: 1}, "1 message that"},
		"one could not be copied": {with(nil), wayback.Tally{Fresh: 3}, "3 messages could not"},
		"another content": {with(map[verify.Kind]int{verify.ChangedMessage: 1}, verify.Difference{Kind: verify.ChangedMessage, Mailbox: "INBOX"}),
			wayback.Tally{}, "other content"},
		"not read":   {verify.Account{Verdict: verify.Unknown, Mail: &verify.Mail{}}, wayback.Tally{}, "could not read"},
		"no mail":    {verify.Account{}, wayback.Tally{}, "could not read"},
		"unreadable": {with(nil, verify.Difference{Kind: verify.UnreadableMailbox, Mailbox: "x"}), wayback.Tally{}, "no answer"},
	} {
		got := lacking(c.result, c.tally)
		if !strings.Contains(got, c.words) || (got == "") != (c.words == "") {
			t.Errorf("%s: got %q, want %q", name, got, c.words)
		}
	}
}
