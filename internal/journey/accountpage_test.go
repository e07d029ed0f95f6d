// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// oneMissing is the answer of a comparison with one difference, which is another one in each account.
const oneMissing = `{"mail": {"source": {"mailboxes": 1, "messages": 2}, "destination": {"mailboxes": 1, "messages": 1},
	"differences": [{"kind": "missing_message", "mailbox": "INBOX", "object": "<1@example.test>", "sentence": "it is gone"}],
	"mailboxes": [{"source": ["INBOX"], "destination": "INBOX", "messages": 2, "differences": 1},
		{"source": [], "destination": "Sent", "messages": 4, "differences": 0}],
	"left_out": [{"mailbox": "Spam", "reason": "mail.skip", "messages": -1}], "counts": {"missing_message": 1}}}`

// An account of which all differences were accepted is among the equal ones, on every page and in every count, and not among those that
// differ.
func TestAccountPage_acceptedIsEqual(t *testing.T) {
	t.Parallel()
	m, store := storeIn(t)
	for i := range 12 { // 0, 3, 6, 9 are equal, the others differ; of 1, 4 and 7 that is accepted
		address := fmt.Sprintf("a%02d@example.test", i)
		v := ledger.Verification{Address: address, Level: "full", Verdict: "differs", Result: []byte(oneMissing)}
		if i%3 == 0 {
			v.Verdict, v.Result = "equal", []byte("{}")
		}
		row := ledger.Account{Address: address, State: ledger.AccountPreStaged}
		err := store.Passes.Save(t.Context(), row, nil, ledger.Turn{Address: address, State: ledger.TurnOver})
		if err == nil {
			err = store.Verifications.Save(t.Context(), v)
		}
		if err == nil && i%3 == 1 && i < 10 {
			detail, _, found := m.AccountDetail(t.Context(), address)
			if err = found; err == nil {
				_, err = m.Accept(t.Context(), AcceptOptions{IDs: []string{detail.Open[0].ID}, By: "Ada", Reason: "spam", Accounts: []string{address}})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for verdict, want := range map[string][]int{
		"": {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "equal": {0, 1, 3, 4, 6, 7, 9}, "differs": {2, 5, 8, 10, 11}, "unknown": nil, "none": nil,
	} {
		for limit := range 4 {
			var got []int
			for after := ""; ; {
				page, err := m.AccountPage(t.Context(), ledger.AccountFilter{Verdict: verdict}, after, limit+1)
				if err != nil || page.About || page.Counted != len(want) || len(page.Accounts) > limit+1 {
					t.Fatalf("%q: %+v, %v", verdict, page, err)
				}
				for _, a := range page.Accounts {
					var n int
					if _, err := fmt.Sscanf(a.Account, "a%d", &n); err != nil {
						t.Fatal(err)
					}
					got = append(got, n)
				}
				if after = page.Next; after == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q, %d on a page: %v, want %v", verdict, limit+1, got, want)
			}
		}
	}
}

// The detail of an account joins what passes know with what was compared, and says that nothing is known where that is so.
func TestAccountDetail_bothEnds(t *testing.T) {
	t.Parallel()
	m, store := storeIn(t)
	ctx, address := t.Context(), "anna@example.test"
	if _, known, err := m.AccountDetail(ctx, address); known || err != nil {
		t.Fatalf("before anything: %v, %v", known, err)
	}
	box, err := store.Mail.Mailbox(ctx, ledger.Anchor{Address: address, Source: "INBOX", Destination: "INBOX", SrcUIDValidity: 1, DstUIDValidity: 1})
	if err != nil {
		t.Fatal(err)
	}
	fresh := ledger.Anchor{Address: address, Source: "Fresh", Destination: "New", SrcUIDValidity: 1, DstUIDValidity: 1}
	if _, err := store.Mail.Mailbox(ctx, fresh); err != nil {
		t.Fatal(err)
	}
	row := ledger.Account{Address: address, State: ledger.AccountBlocked, Reason: "it is full", Mailboxes: 2, Messages: 2, Copied: 0}
	for _, do := range []func() error{
		func() error { return store.Mail.Settle(ctx, box, ledger.State{SrcUIDNext: 3, SrcMessages: 2}) },
		func() error {
			return store.Mail.Sighted(ctx, map[int64]ledger.Sight{box.ID: {UIDNext: imap.UID(9), Messages: 1}})
		},
		func() error {
			return store.Passes.Save(ctx, row, map[rehome.Kind][]rehome.Finding{rehome.KindMail: {{Code: "quota", Severity: rehome.SeverityError}}},
				ledger.Turn{Address: address, State: ledger.TurnFailed, Failures: 3, Reason: "the server says no"})
		},
		func() error {
			return store.Verifications.Save(ctx, ledger.Verification{Address: address, Level: "full", Verdict: "differs", Result: []byte(oneMissing)})
		},
		func() error {
			return m.note(As(ctx, "ada"), ledger.AuditLine{Action: actionSynced, Object: address, After: "1 message copied"},
				ledger.AuditLine{Action: actionCutover, Object: "example.test", After: "live"}, ledger.AuditLine{Action: actionSynced, Object: "x@example.test"})
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	detail, known, err := m.AccountDetail(ctx, address)
	if err != nil || !known {
		t.Fatal(known, err)
	}
	var rows []string
	for _, b := range detail.Boxes {
		rows = append(rows, fmt.Sprintf("%s>%s %s %d %s %d",
			b.Source, b.Destination, shownCount(b.AtSource), b.Brought, shownCount(b.There), b.Differences))
	}
	want := "INBOX>INBOX 2 0 1 1|Fresh>New ? 0 ? 0|>Sent ? 0 4 0|Spam> ? 0 ? 0"
	if got := strings.Join(rows, "|"); got != want {
		t.Errorf("mailboxes\n%s, want\n%s", got, want)
	}
	if k := detail.Kinds; len(k) != 1 || *k[0].Source != 2 || *k[0].Compared != (Compared{2, 1, 1}) {
		t.Errorf("kinds %+v", k)
	}
	if c := detail.Certificate; c.Possible || c.Why != "has 1 difference" {
		t.Errorf("certificate %+v", c)
	}
	said := ""
	for _, e := range detail.Events {
		said += string(e.What) + " " + e.Text + " " + e.Who + "\n"
	}
	for _, want := range []string{"fault failed: the server says no", "comparison both ends were compared, level full: differs in 1 place",
		"action account synced: 1 message copied ada (screen of", "cutover example.test: live"} {
		if strings.Count(said, want) != 1 {
			t.Errorf("%q is missing in\n%s", want, said)
		}
	}
	if strings.Contains(said, "x@example.test") || len(detail.Findings) != 1 || detail.Turn.Failures != 3 {
		t.Errorf("%s\n%+v", said, detail.Findings)
	}
}

func shownCount(n *int64) string {
	if n == nil {
		return "?"
	}
	return fmt.Sprint(*n)
}
