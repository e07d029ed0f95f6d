// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
)

func someAccounts(n int) journey.Status {
	status := journey.Status{Running: true}
	for i := range n {
		row := journey.AccountRow{Account: fmt.Sprintf("a%03d@x.test", i), State: ledger.AccountPreStaged, Verdict: "equal"}
		status.Accounts = append(status.Accounts, journey.StatusAccount{AccountRow: row})
	}
	return status
}

// Of many accounts, those that need somebody are shown first, then those under way, and all of them are counted.
func TestStatusShown_ofManyAccounts(t *testing.T) {
	t.Parallel()
	status := someAccounts(fewAccounts + 1)
	status.Accounts[90].Turn = &journey.StatusTurn{State: ledger.TurnWorking}
	status.Accounts[90].State = ledger.AccountPreStaging
	status.Accounts[95].Verdict = "different"
	status.Accounts[97].Failed = 3
	status.Accounts[99].Reason = "the password is wrong"
	var names []string
	shown := shownOf(status, false)
	for _, a := range shown.accounts {
		names = append(names, a.Account)
	}
	if len(names) != mostAccounts || !slices.Equal(names[:5], []string{"a095@x.test", "a097@x.test", "a099@x.test", "a090@x.test", "a000@x.test"}) {
		t.Errorf("shown %q", names)
	}
	var out strings.Builder
	if err := shown.writeLeftOut(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"copied         100\n", "copying          1\n",
		"40 of 101 accounts, those that need somebody first; add --all to see every one\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// Nothing is left out of what is asked for, or of a small organisation.
func TestStatusShown_whole(t *testing.T) {
	t.Parallel()
	for _, shown := range []statusShown{shownOf(someAccounts(fewAccounts), false), shownOf(someAccounts(300), true)} {
		var out strings.Builder
		err := shown.writeLeftOut(&out, false)
		if shown.writeFindingsLeftOut(&out); err != nil || out.Len() > 0 || len(shown.accounts) != len(shown.of.Accounts) {
			t.Errorf("%d of %d shown, and %q, %v", len(shown.accounts), len(shown.of.Accounts), out.String(), err)
		}
	}
}

// The worst findings are shown, and the others counted; those that are no trouble are not.
func TestStatusShown_findings(t *testing.T) {
	t.Parallel()
	status := someAccounts(fewAccounts + 1)
	for i := range mostFindings + 10 {
		status.Findings = append(status.Findings, rehome.Finding{Severity: rehome.SeverityWarning, Object: fmt.Sprint(i)},
			rehome.Finding{Severity: rehome.SeverityInfo})
	}
	status.Findings = append(status.Findings, rehome.Finding{Severity: rehome.SeverityError})
	shown := shownOf(status, false)
	if len(shown.findings) != mostFindings || shown.findings[0].Severity != rehome.SeverityError || shown.findings[1].Object != "0" {
		t.Errorf("%d findings, of which the first is %v", len(shown.findings), shown.findings[0])
	}
	var out strings.Builder
	shown.writeFindingsLeftOut(&out)
	if want := "11 more findings are not shown; add --all to see every one\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
