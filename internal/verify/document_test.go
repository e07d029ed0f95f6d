// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"rehome"
)

// Scripts read this document: a field may be added and none may go.
func TestDocument_shape(t *testing.T) {
	t.Parallel()
	accounts := []Account{
		{
			Account: "anna@example.test", Verdict: Differs, Level: LevelFull, Verified: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC),
			Mail: &Mail{
				Source: Totals{Mailboxes: 1, Messages: 2, Octets: 300}, Destination: Totals{Mailboxes: 1, Messages: 1, Octets: 100},
				Differences: []Difference{{Kind: MissingMessage, Mailbox: "INBOX", Object: "<1@example.test>", Source: "uid 1",
					Sentence: "message is not there"}},
				Counts: map[Kind]int{MissingMessage: 1},
				Mailboxes: []Mailbox{{Source: []string{"INBOX"}, Destination: "INBOX", Messages: 2, Octets: 300, Differences: 1, SourceRoot: "aa",
					DestinationRoot: "bb"}},
			},
			Findings: []rehome.Finding{{Code: "order_differs", Severity: rehome.SeverityInfo, Account: "anna@example.test", Object: "INBOX",
				Sentence: "other order"}},
		},
		Unreadable("ben@example.test", LevelFull, time.Date(2026, 11, 23, 18, 0, 1, 500, time.UTC), &rehome.Fault{Op: "log in",
			Cause: errors.New("refused"), Hint: "check the password"}),
	}
	got, err := json.Marshal(NewDocument(accounts, accounts[0].Findings))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"verdict":"differs","accounts":[` +
		`{"account":"anna@example.test","verdict":"differs","level":"full","verified_at":"2026-11-23T18:00:00Z",` +
		`"mail":{"source":{"mailboxes":1,"messages":2,"octets":300},"destination":{"mailboxes":1,"messages":1,"octets":100},` +
		`"differences":[{"kind":"missing_message","mailbox":"INBOX","object":"\u003c1@example.test\u003e","source":"uid 1","destination":"","sentence":"message is not there"}],` +
		`"counts":{"missing_message":1},` +
		`"mailboxes":[{"source":["INBOX"],"destination":"INBOX","messages":2,"octets":300,"differences":1,"source_root":"aa","destination_root":"bb"}]}},` +
		`{"account":"ben@example.test","verdict":"unknown","level":"full","verified_at":"2026-11-23T18:00:01Z"}],` +
		`"findings":[{"code":"order_differs","severity":"info","account":"anna@example.test","object":"INBOX","sentence":"other order"},` +
		`{"code":"not_verified","severity":"error","account":"ben@example.test","sentence":"the account could not be verified: log in: refused","next_step":"check the password"}]}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(accounts[0].Findings) != 1 {
		t.Error("the account that was given has been changed")
	}
}

func TestDocument_verdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		accounts []Verdict
		want     Verdict
	}{
		{nil, Differs}, // nothing has been proved
		{[]Verdict{Equal, Equal}, Equal},
		{[]Verdict{Equal, Differs}, Differs},
		{[]Verdict{Equal, Unknown}, Differs},
	} {
		var accounts []Account
		for _, v := range c.accounts {
			accounts = append(accounts, Account{Verdict: v})
		}
		if got := NewDocument(accounts, nil).Verdict; got != c.want {
			t.Errorf("%v: got %s, want %s", c.accounts, got, c.want)
		}
	}
}

func TestTotals_unknownSizeStaysUnknown(t *testing.T) {
	t.Parallel()
	var got Totals
	got.Add(Totals{Mailboxes: 1, Messages: 2, Octets: 10})
	got.Add(Totals{Mailboxes: 1, Messages: 1, Octets: -1})
	got.Add(Totals{Mailboxes: 1, Messages: 1, Octets: 10})
	if want := (Totals{Mailboxes: 3, Messages: 4, Octets: -1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What nobody has compared is not equal.
func TestVerifier_nothingComparedIsUnknown(t *testing.T) {
	t.Parallel()
	if got, err := New(Options{}).Account(t.Context(), rehome.Account{}); err != nil || got.Verdict != Unknown {
		t.Errorf("%s, %v; want unknown", got.Verdict, err)
	}
}

// A count does not take the place of a full comparison, unless it contradicts it.
func TestAccount_replaces(t *testing.T) {
	t.Parallel()
	of := func(level Level, verdict Verdict) Account { return Account{Level: level, Verdict: verdict} }
	for _, c := range []struct {
		earlier, later Account
		want           bool
	}{
		{Account{}, of(LevelCounts, Equal), true}, // the first
		{of(LevelFull, Equal), of(LevelCounts, Equal), false},
		{of(LevelFull, Equal), of(LevelMetadata, Equal), false},
		{of(LevelFull, Equal), of(LevelCounts, Unknown), false},
		{of(LevelFull, Equal), of(LevelCounts, Differs), true},
		{of(LevelFull, Differs), of(LevelCounts, Differs), false}, // it names the messages
		{of(LevelFull, Differs), of(LevelCounts, Equal), false},
		{of(LevelFull, Unknown), of(LevelCounts, Equal), true},
		{of(LevelFull, Equal), of(LevelFull, Unknown), true},
		{of(LevelCounts, Equal), of(LevelFull, Equal), true},
	} {
		if got := c.later.Replaces(c.earlier); got != c.want {
			t.Errorf("%s %s after %s %s: got %t", c.later.Level, c.later.Verdict, c.earlier.Level, c.earlier.Verdict, got)
		}
	}
}
