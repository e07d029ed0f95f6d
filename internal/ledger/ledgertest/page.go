// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

// seedPages makes accounts a00 to a11: every third is blocked, every fourth differs and every fifth has a failure.
func seedPages(t *testing.T, l *handle) {
	t.Helper()
	for i := range 12 {
		a := ledger.Account{Address: fmt.Sprintf("a%02d@example.test", i), State: ledger.AccountPreStaged, Messages: int64(i), Copied: int64(i)}
		if i%3 == 0 {
			a.State, a.Reason = ledger.AccountBlocked, "full"
		}
		if i%5 == 1 {
			a.Failed = 1
		}
		must(t, l.Passes.Save(t.Context(), a, nil, ledger.Turn{Address: a.Address, State: ledger.TurnOver}))
		if i%4 == 0 {
			must(t, l.Verifications.Save(t.Context(), ledger.Verification{Address: a.Address, Level: "full", Verdict: "differs", Result: []byte("{}")}))
		}
	}
}

// Pages go on behind the last account, each has every account once, and a count stops where it is told to.
func pagesOfAccounts(t *testing.T, empty Empty) {
	l := create(t, empty)
	seedPages(t, l)
	must(t, l.Passes.Begin(t.Context(), queued("x_%!@example.test")))
	for _, of := range []string{"a04@example.test", "a05@example.test"} {
		must(t, l.Accepted.Accept(t.Context(), ledger.Acceptance{Address: of, Difference: "0a", Times: 1}))
	}
	must(t, l.Verifications.Save(t.Context(), ledger.Verification{Address: "a07@example.test", Level: "full", Verdict: "equal", Result: []byte("{}")}))
	for name, test := range map[string]struct {
		filter ledger.AccountFilter
		want   []int
	}{
		"blocked":       {ledger.AccountFilter{State: ledger.AccountBlocked}, []int{0, 3, 6, 9}},
		"differs":       {ledger.AccountFilter{Verdict: "differs"}, []int{0, 4, 8}},
		"with trouble":  {ledger.AccountFilter{Trouble: true}, []int{0, 1, 3, 6, 9, 11}},
		"part":          {ledger.AccountFilter{Part: "a1"}, []int{10, 11}},
		"both":          {ledger.AccountFilter{State: ledger.AccountPreStaged, Verdict: "differs"}, []int{4, 8}},
		"never":         {ledger.AccountFilter{Verdict: ledger.NotVerified, Part: "a0"}, []int{1, 2, 3, 5, 6, 9}},
		"accepted":      {ledger.AccountFilter{Accepted: true}, []int{4, 5}},
		"and differs":   {ledger.AccountFilter{Accepted: true, Verdict: "differs"}, []int{4}},
		"or accepted":   {ledger.AccountFilter{OrAccepted: true, Verdict: "equal"}, []int{4, 7}},
		"no pattern":    {ledger.AccountFilter{Part: "a_"}, nil},
		"no percentage": {ledger.AccountFilter{Part: "a%"}, nil},
	} {
		var got []int
		after := ""
		for {
			page, err := l.again.Accounts.Page(t.Context(), test.filter, after, 2)
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, a := range page {
				var n int
				_, err := fmt.Sscanf(a.Address, "a%02d", &n)
				must(t, err)
				got = append(got, n)
			}
			after = page[len(page)-1].Address
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		n, err := l.again.Accounts.Count(t.Context(), test.filter, 3)
		must(t, err)
		if n != min(3, len(test.want)) {
			t.Errorf("%s: counted %d", name, n)
		}
	}
	if page, err := l.again.Accounts.Page(t.Context(), ledger.AccountFilter{Part: "x_%!"}, "", 9); err != nil || len(page) != 1 {
		t.Errorf("signs of patterns in a name: %v, %v", page, err)
	}
	found, known, err := l.again.Accounts.Find(t.Context(), "a03@example.test")
	must(t, err)
	if _, other, err := l.again.Accounts.Find(t.Context(), "A03@example.test"); !known || found.Reason != "full" || other || err != nil {
		t.Errorf("found %v %+v, and another %v, %v", known, found, other, err)
	}
	totals, err := l.again.Accounts.Totals(t.Context())
	must(t, err)
	want := []ledger.AccountTotal{
		{State: ledger.AccountBlocked, Accounts: 3, Messages: 18, Copied: 18, Failed: 1},
		{State: ledger.AccountBlocked, Verdict: "differs", Accounts: 1},
		{State: ledger.AccountPlanned, Unfinished: true, Accounts: 1},
		{State: ledger.AccountPreStaged, Accounts: 5, Messages: 29, Copied: 29, Failed: 2},
		{State: ledger.AccountPreStaged, Verdict: "differs", Accounts: 2, Messages: 12, Copied: 12},
		{State: ledger.AccountPreStaged, Verdict: "equal", Accounts: 1, Messages: 7, Copied: 7},
	}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Error(diff)
	}
}

func pagesOfFindings(t *testing.T, empty Empty) {
	l := create(t, empty)
	for i := range 5 {
		var all []rehome.Finding
		for _, code := range []string{"one", "two"} {
			all = append(all, rehome.Finding{
				Code: code, Severity: rehome.SeverityError, Account: fmt.Sprintf("a%d", i), Object: "x", Sentence: "s", NextStep: "n",
			})
		}
		all = append(all, rehome.Finding{Code: "note", Severity: rehome.SeverityInfo, Account: fmt.Sprintf("a%d", i), Sentence: "s", NextStep: "n"})
		must(t, l.Findings.Replace(t.Context(), fmt.Sprintf("a%d", i), rehome.KindMail, all))
	}
	for code, want := range map[string]int{"": 10, "two": 5, "note": 0} {
		got, after := 0, ledger.FindingPlace{}
		for {
			page, err := l.again.Findings.Page(t.Context(), rehome.SeverityError, code, after, 3)
			must(t, err)
			if len(page) == 0 {
				break
			}
			got += len(page)
			last := page[len(page)-1]
			after = ledger.FindingPlace{Account: last.Account, Code: last.Code, Object: last.Object}
		}
		if got != want {
			t.Errorf("%q: %d findings, want %d", code, got, want)
		}
	}
	totals, err := l.again.Findings.Totals(t.Context())
	must(t, err)
	want := []ledger.FindingTotal{
		{Code: "note", Severity: rehome.SeverityInfo, Findings: 5, Accounts: 5}, {Code: "one", Severity: rehome.SeverityError, Findings: 5, Accounts: 5},
		{Code: "two", Severity: rehome.SeverityError, Findings: 5, Accounts: 5},
	}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Error(diff)
	}
}

func operatorsByName(t *testing.T, empty Empty) {
	l := create(t, empty)
	l.now = func() time.Time { return time.Unix(5000, 0) }
	anna := ledger.Operator{Name: "anna", Role: ledger.RoleLook, Password: "h1"}
	bo := ledger.Operator{Name: "bo", Role: ledger.RoleSwitch, Password: "h2"}
	must(t, l.Operators.Save(t.Context(), bo))
	must(t, l.Operators.Save(t.Context(), anna))
	anna.Role, anna.Password = ledger.RoleOperate, "h3"
	must(t, l.Operators.Save(t.Context(), anna))
	anna.Changed, bo.Changed = time.Unix(5000, 0).UTC(), time.Unix(5000, 0).UTC()
	got, err := l.again.Operators.All(t.Context())
	must(t, err)
	if diff := cmp.Diff([]ledger.Operator{anna, bo}, got); diff != "" {
		t.Error(diff)
	}
	for _, want := range []bool{true, false} {
		was, err := l.again.Operators.Remove(t.Context(), "bo")
		must(t, err)
		if was != want {
			t.Errorf("removed: %v, want %v", was, want)
		}
	}
}

// What was compared before its first pass is not among those that were never compared, and what was not is until it is.
func comparedBeforeAPass(t *testing.T, empty Empty) {
	l := create(t, empty)
	compare := func(address string) {
		must(t, l.Verifications.Save(t.Context(), ledger.Verification{Address: address, Level: "full", Verdict: "equal", Result: []byte("{}")}))
	}
	want := func(addresses ...string) {
		t.Helper()
		page, err := l.again.Accounts.Page(t.Context(), ledger.AccountFilter{Verdict: ledger.NotVerified}, "", 9)
		must(t, err)
		var got []string
		for _, a := range page {
			got = append(got, a.Address)
		}
		if diff := cmp.Diff(addresses, got); diff != "" {
			t.Error(diff)
		}
	}
	compare("begun@example.test")
	compare("saved@example.test")
	must(t, l.Passes.Begin(t.Context(), queued("begun@example.test", "late@example.test", "never@example.test")))
	must(t, l.Passes.Save(t.Context(), ledger.Account{Address: "saved@example.test", State: ledger.AccountPreStaged}, nil,
		ledger.Turn{Address: "saved@example.test", State: ledger.TurnOver}))
	want("late@example.test", "never@example.test")
	compare("late@example.test")
	must(t, l.Passes.Begin(t.Context(), queued("late@example.test")))
	want("never@example.test")
}

func tokensByName(t *testing.T, empty Empty) {
	l := create(t, empty)
	l.now = func() time.Time { return time.Unix(5000, 0) }
	watch := ledger.Token{Name: "watch", Role: ledger.RoleLook, Digest: "d1", Person: "ada", Expires: time.Unix(9000, 0).UTC()}
	other := ledger.Token{Name: "night", Role: ledger.RoleOperate, Digest: "d2", Person: "bo", Expires: time.Unix(4000, 0).UTC()}
	for _, test := range []struct {
		token ledger.Token
		want  bool
	}{{watch, true}, {other, true}, {ledger.Token{Name: "watch", Role: ledger.RoleSwitch, Digest: "d3"}, false}} {
		added, err := l.Tokens.Add(t.Context(), test.token)
		must(t, err)
		if added != test.want {
			t.Errorf("%s as %s: added %v", test.token.Name, test.token.Role, added)
		}
	}
	watch.Made, other.Made = time.Unix(5000, 0).UTC(), time.Unix(5000, 0).UTC()
	for _, at := range []int64{6000, 7000, 6500} {
		must(t, l.Tokens.Use(t.Context(), watch, time.Unix(at, 0)))
	}
	must(t, l.Tokens.Use(t.Context(), ledger.Token{Name: "night", Digest: "of one before"}, time.Unix(6000, 0)))
	watch.Used = time.Unix(7000, 0).UTC()
	got, err := l.again.Tokens.All(t.Context())
	must(t, err)
	if diff := cmp.Diff([]ledger.Token{other, watch}, got); diff != "" {
		t.Error(diff)
	}
	for _, want := range []bool{true, false} {
		was, err := l.again.Tokens.Remove(t.Context(), "watch")
		must(t, err)
		if was != want {
			t.Errorf("removed: %v, want %v", was, want)
		}
	}
}
