// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/davcopy"
	"rehome/internal/journey"
	"rehome/internal/mailcopy"
	"rehome/internal/mapping"
)

// A plan says how much and how long for each account, shows what changes, and fits 80 columns.
func TestWritePlan(t *testing.T) {
	t.Parallel()
	plan := journey.Planned{
		Accounts: []journey.PlannedAccount{
			{
				Account: "anna@example.com", Seconds: 200,
				Mail: &mailcopy.Amount{Mailboxes: 3, Messages: 12000, Octets: 3e9, NewMessages: 400, NewOctets: 1e9},
				Pairs: []mapping.Pair{
					{Source: "INBOX", Destination: "INBOX", Exists: true, Why: "always INBOX"},
					{Source: "INBOX.Old", Destination: "Old", Why: "same path"},
				},
				Left:        []mapping.Left{{Source: "All Mail", Reason: "holds what is elsewhere"}},
				Collections: []davcopy.PlannedCollection{{Kind: rehome.KindContacts, Name: "Contacts", New: 7}},
			},
			{
				Account: "ben@example.com", Mail: &mailcopy.Amount{Mailboxes: 1, Messages: 10, Octets: 1000},
				Pairs:       []mapping.Pair{{Source: "INBOX", Destination: "INBOX", Exists: true, Why: "always INBOX"}},
				Collections: []davcopy.PlannedCollection{{Kind: rehome.KindContacts, Name: "Contacts", Exists: true, Unchanged: 3}},
			},
		},
		Estimate: &journey.Estimate{Seconds: 200, BytesPerSecond: 5e6, MessagesPerSecond: 100},
	}
	f, _ := testFrame(false)
	var out bytes.Buffer
	page := &paper{w: &out, columns: 80}
	if err := f.writePlan(page, plan); err != nil {
		t.Fatal(err)
	}
	want := `ACCOUNT           MESSAGES    SIZE  NEW  NEW SIZE  NEW CONTACTS   TIME
anna@example.com    12,000  3.0 GB  400    1.0 GB             7  4 min
ben@example.com         10  1.0 kB    0       0 B             0

ACCOUNT           KIND      COLLECTION  ACTION  NEW
anna@example.com  contacts  Contacts    create    7

                  SOURCE     DESTINATION
ACCOUNT           MAILBOX    MAILBOX      ACTION      REASON
anna@example.com  INBOX.Old  Old          create
anna@example.com  All Mail                not copied  holds what is elsewhere
to copy: 400 messages and 7 contacts and calendar objects, 1.0 GB, about 4 min
  at 5.0 MB/s and 100 messages/s; nothing was written
`
	if err := page.flush(); err != nil || out.String() != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, out.String(), want)
	}
	f.all = true
	out.Reset()
	if err := f.writePlan(&paper{w: &out, columns: 80}, plan); err != nil || strings.Count(out.String(), "INBOX  ") < 2 {
		t.Errorf("with --all: %v\n%s", err, out.String())
	}
}

func TestPlanSummary(t *testing.T) {
	t.Parallel()
	if got := planSummary(journey.Planned{Accounts: []journey.PlannedAccount{{Mail: &mailcopy.Amount{Messages: 5}}}}); got !=
		"nothing new to copy; nothing was written" {
		t.Errorf("got %q", got)
	}
	for seconds, want := range map[int64]string{0: "", 5: "1 min", 60: "1 min", 61: "2 min", 3600: "1 h 0 min", 7384: "2 h 3 min"} {
		if got := about(seconds); got != want {
			t.Errorf("%d s: got %q, want %q", seconds, got, want)
		}
	}
}
