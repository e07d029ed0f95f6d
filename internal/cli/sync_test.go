// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"testing"
	"time"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

// Every summary agrees in number, and ends with what to do next.
func TestSyncSummary(t *testing.T) {
	t.Parallel()
	account := func(a journey.SyncedAccount) journey.Synced {
		return journey.Synced{Accounts: []journey.SyncedAccount{a}}
	}
	trouble := rehome.Finding{Severity: rehome.SeverityError}
	for name, test := range map[string]struct {
		synced journey.Synced
		want   string
	}{
		"copied": {
			account(journey.SyncedAccount{Mail: journey.SyncedMail{Copied: 1, Bytes: 2000, Adopted: 2}, Contacts: &journey.SyncedObjects{Copied: 3}}),
			`copied 1 message (2.0 kB), found 2 messages already there, copied 3 contacts; next: run "rehome verify"`,
		},
		"rules that wait": {
			account(journey.SyncedAccount{Rules: &journey.SyncedRules{Stored: 2, Waiting: 1}}),
			"stored 2 rule scripts; next: run \"rehome verify\"\n" +
				`1 rule script stays off because it replies or forwards; after the switch, run "rehome sync --switch-on-rules"`,
		},
		"kept": {
			account(journey.SyncedAccount{Mail: journey.SyncedMail{Kept: 1}}),
			"nothing to do: all 0 messages already at the destination\nkept 1 message deleted at the source",
		},
		"interrupted": {
			journey.Synced{Interrupted: true, Accounts: []journey.SyncedAccount{{Mail: journey.SyncedMail{Copied: 1},
				Contacts: &journey.SyncedObjects{Copied: 1}}}},
			"interrupted after 1 message and 1 contact or calendar object; nothing is lost; run the same command again to continue",
		},
		"to be repeated": {
			account(journey.SyncedAccount{Error: "connect to the source", Mail: journey.SyncedMail{Copied: 5}}),
			"copied 5 messages; 1 problem remains (see above); run the same command again to continue",
		},
		"several problems": {
			account(journey.SyncedAccount{Error: "connect to the source", Findings: []rehome.Finding{trouble, {Severity: rehome.SeverityWarning}}}),
			"copied 0 messages; 2 problems remain (see above); run the same command again to continue",
		},
		"a decision": {
			account(journey.SyncedAccount{Calendars: &journey.SyncedObjects{Doubted: 3}}),
			"3 calendar objects waiting for your decision; see the next step above",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := syncSummary(test.synced); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestRemain(t *testing.T) {
	t.Parallel()
	for n, want := range []string{"some items remain", "1 problem remains", "2 problems remain"} {
		if got := remain(n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestAllOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		there, of int64
		want      string
	}{{1, 1, "1 message"}, {2000, 2000, "all 2,000 messages"}, {1, 2, "1 of 2 messages"}} {
		if got := allOf(test.there, test.of); got != test.want {
			t.Errorf("%d of %d: got %q, want %q", test.there, test.of, got, test.want)
		}
	}
}

func TestStateWords(t *testing.T) {
	t.Parallel()
	row := func(row journey.AccountRow, turn *journey.StatusTurn) journey.StatusAccount {
		return journey.StatusAccount{AccountRow: row, Turn: turn}
	}
	for want, a := range map[string]journey.StatusAccount{
		"planned":     row(journey.AccountRow{State: ledger.AccountPlanned}, nil),
		"interrupted": row(journey.AccountRow{State: ledger.AccountPreStaging}, nil),
		"copying mail": row(journey.AccountRow{State: ledger.AccountPreStaging},
			&journey.StatusTurn{State: ledger.TurnWorking, Step: rehome.KindMail}),
		"waiting": row(journey.AccountRow{State: ledger.AccountPreStaging},
			&journey.StatusTurn{State: ledger.TurnWaiting, Step: rehome.KindMail}),
		"copied, not verified yet": row(journey.AccountRow{State: ledger.AccountPreStaged}, nil),
		"copied":                   row(journey.AccountRow{State: ledger.AccountPreStaged, Verdict: "equal", VerifiedAt: time.Unix(1, 0)}, nil),
		"blocked":                  row(journey.AccountRow{State: ledger.AccountBlocked}, nil),
	} {
		if got := stateWords(a); got != want {
			t.Errorf("%s: got %q, want %q", a.State, got, want)
		}
	}
}

// Quiet says what is wrong, and nothing of what is right.
func TestWriteSynced_quiet(t *testing.T) {
	t.Parallel()
	synced := journey.Synced{Accounts: []journey.SyncedAccount{
		{Account: "anna@example.com", Mail: journey.SyncedMail{Copied: 5}, Findings: []rehome.Finding{
			{Severity: rehome.SeverityError, Account: "anna@example.com", Sentence: "one was refused", NextStep: "look"},
			{Severity: rehome.SeverityWarning, Sentence: "worth knowing"},
		}},
		{Account: "ben@example.com", Mail: journey.SyncedMail{Unchanged: 5}},
	}}
	for quiet, want := range map[bool]string{
		true: "error: anna@example.com: one was refused\n  -> look\n",
		false: "ACCOUNT           COPIED\nanna@example.com       5\n1 other account is up to date; --all lists it too\n" +
			"error: anna@example.com: one was refused\n  -> look\nwarning: worth knowing\n" +
			`copied 5 messages (0 B); next: run "rehome verify"` + "\n",
	} {
		f, _ := testFrame(false)
		f.quiet = quiet
		var out bytes.Buffer
		if err := f.writeSynced(&out, synced); err != nil || out.String() != want {
			t.Errorf("quiet %t: got %v\n%s\nwant\n%s", quiet, err, out.String(), want)
		}
	}
}
