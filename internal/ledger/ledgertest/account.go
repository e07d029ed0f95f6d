// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

func accountsPlannedThenSaved(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	saved := ledger.Account{
		Address: "bert@example.test", State: ledger.AccountBlocked, Pass: rehome.Pass("delta"), Reason: "the quota is used up", NextStep: "raise it",
		Mailboxes: 4, Messages: 1000, Octets: 1 << 40, Copied: 990, Failed: 3, Started: time.Unix(1000, 0).UTC(), Finished: time.Unix(2000, 0).UTC(),
	}
	must(t, l.Passes.Save(ctx, saved, nil, ledger.Turn{State: ledger.TurnOver}))
	must(t, l.Passes.Begin(ctx, queued("carl@example.test", "bert@example.test", "anna@example.test")))
	must(t, l.Passes.Begin(ctx, nil))
	l.now = func() time.Time { return time.Unix(3000, 0) }
	must(t, l.Verifications.Save(ctx, ledger.Verification{Address: "bert@example.test", Level: "counts", Verdict: "differs", Result: []byte("{}")}))

	verified := saved
	verified.Verdict, verified.VerifiedAt, verified.Unfinished = "differs", time.Unix(3000, 0).UTC(), true
	planned := func(address string) ledger.Account {
		return ledger.Account{Address: address, State: ledger.AccountPlanned, Unfinished: true}
	}
	wantAccounts(t, l, planned("anna@example.test"), verified, planned("carl@example.test"))

	bert := ledger.Account{Address: "bert@example.test", State: ledger.AccountPreStaged, Mailboxes: 5}
	must(t, l.Passes.Save(ctx, bert, nil, ledger.Turn{Address: bert.Address, State: ledger.TurnOver}))
	wantAccounts(t, l, planned("anna@example.test"), ledger.Account{
		Address: "bert@example.test", State: ledger.AccountPreStaged, Mailboxes: 5, Verdict: "differs", VerifiedAt: time.Unix(3000, 0).UTC(),
	}, planned("carl@example.test"))
}

// A pass that has not reached the source yet, or never does, knows nothing better than the figures
// of the pass before.
func saveAccountBeforeAnythingIsSeen(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	unseen := ledger.Account{Address: "anna@example.test", State: ledger.AccountPreStaging, Mailboxes: -1, Started: time.Unix(1000, 0).UTC()}
	must(t, l.Passes.Save(ctx, unseen, nil, ledger.Turn{State: ledger.TurnOver}))
	first := unseen
	first.Mailboxes = 0
	wantAccounts(t, l, first)

	seen := ledger.Account{Address: "anna@example.test", State: ledger.AccountPreStaged, Mailboxes: 4, Messages: 9, Octets: 8, Copied: 7, Failed: 2}
	must(t, l.Passes.Save(ctx, seen, nil, ledger.Turn{State: ledger.TurnOver}))
	unseen.Messages = 77
	unseen.Reason = "the log-in was refused"
	must(t, l.Passes.Save(ctx, unseen, nil, ledger.Turn{State: ledger.TurnOver}))
	seen.State = unseen.State
	seen.Started = unseen.Started
	seen.Reason = unseen.Reason
	wantAccounts(t, l, seen)
}

func wantAccounts(t *testing.T, l *handle, want ...ledger.Account) {
	t.Helper()
	got, err := l.again.Accounts.All(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts: %s", diff)
	}
}

func verificationsLastOneCounts(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(3000, 0) }
	for _, v := range []ledger.Verification{
		{Address: "bert@example.test", Level: "counts", Verdict: "unknown", Result: []byte(`{"a":1}`)},
		{Address: "bert@example.test", Level: "full", Verdict: "equal", Result: []byte(`{"a":2}`)},
		{Address: "anna@example.test", Level: "metadata", Verdict: "differs", Result: []byte("\x00\xff")},
	} {
		must(t, l.Verifications.Save(ctx, v))
	}
	got, err := l.again.Verifications.All(ctx)
	must(t, err)
	at := time.Unix(3000, 0).UTC()
	want := []ledger.Verification{
		{Address: "anna@example.test", Level: "metadata", Verdict: "differs", Result: []byte("\x00\xff"), Time: at},
		{Address: "bert@example.test", Level: "full", Verdict: "equal", Result: []byte(`{"a":2}`), Time: at},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if bert, known, err := l.again.Verifications.Find(ctx, "bert@example.test"); !known || err != nil || !cmp.Equal(bert, want[1]) {
		t.Errorf("%v %v %v", bert, known, err)
	}
	if _, known, err := l.again.Verifications.Find(ctx, "carl@example.test"); known || err != nil {
		t.Errorf("one that was never verified: %v %v", known, err)
	}
}

// What was written since is counted until the next verification, and only of who was verified.
func verificationsCountWhatWasWrittenSince(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	const anna, bert = "anna@example.test", "bert@example.test"
	at := func(seconds int64) time.Time {
		l.now = func() time.Time { return time.Unix(seconds, 0) }
		return time.Unix(seconds, 0).UTC()
	}
	want := func(want ...ledger.Verification) {
		t.Helper()
		got, err := l.again.Verifications.All(ctx)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	v := ledger.Verification{Address: anna, Level: "full", Verdict: "equal", Result: []byte("{}")}
	v.Time = at(3000)
	must(t, l.Verifications.Save(ctx, v))
	v.Written.Until = at(3001)
	must(t, l.Verifications.Wrote(ctx, anna, 0, 0))
	want(v)
	must(t, l.Verifications.Wrote(ctx, anna, 3, 1))
	must(t, l.Verifications.Wrote(ctx, bert, 3, 1))
	v.Written = ledger.Written{Messages: 5, Objects: 1, Until: at(3002)}
	must(t, l.Verifications.Wrote(ctx, anna, 2, 0))
	want(v)
	v.RecheckedLevel, v.Rechecked = "counts", at(3003)
	must(t, l.Verifications.Recheck(ctx, anna, "counts"))
	want(v)
	v.Written, v.RecheckedLevel, v.Rechecked, v.Time = ledger.Written{}, "", time.Time{}, at(3004)
	must(t, l.Verifications.Save(ctx, v))
	want(v)
}

// The last acceptance of a difference counts, and each account has its own.
func acceptedUntilItIsWithdrawn(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	const anna, bert = "anna@example.test", "bert@example.test"
	l.now = func() time.Time { return time.Unix(3000, 0) }
	first := ledger.Acceptance{Address: anna, Difference: "0a", Times: 2, Sentence: "is gone", Person: "Ada", Reason: "spam"}
	second := ledger.Acceptance{Address: anna, Difference: "0b", Times: 1, Sentence: "is changed", Person: "Ada", Reason: "her own"}
	other := ledger.Acceptance{Address: bert, Difference: "0c", Times: 1, Sentence: "is gone", Person: "Bo", Reason: "spam"}
	must(t, l.Accepted.Accept(ctx, first, second, other))
	first.Times, first.Person = 3, "Cy"
	must(t, l.Accepted.Accept(ctx, first))
	must(t, l.Accepted.Withdraw(ctx, "0b", "never"))
	first.Time, other.Time = time.Unix(3000, 0).UTC(), time.Unix(3000, 0).UTC()
	got, err := l.again.Accepted.All(ctx)
	must(t, err)
	if diff := cmp.Diff(map[string][]ledger.Acceptance{anna: {first}, bert: {other}}, got); diff != "" {
		t.Error(diff)
	}
	of, err := l.again.Accepted.Of(ctx, bert)
	must(t, err)
	if diff := cmp.Diff([]ledger.Acceptance{other}, of); diff != "" {
		t.Error(diff)
	}
}

// Lines get number, time and digest when they are added, by whomever, and come back in their order.
func auditLinesAreChained(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(3000, 0) }
	first := ledger.AuditLine{Who: "ada", Action: "account synced", Object: "anna@example.test", Before: "1 message", After: "2 messages"}
	second := ledger.AuditLine{Who: "bo", Action: "secrets destroyed", After: "3 files"}
	must(t, l.Audit.Append(ctx, first, second))
	l.now = func() time.Time { return time.Unix(4000, 0) }
	must(t, l.again.Audit.Append(ctx, first))
	for action, want := range map[string]time.Time{"account synced": time.Unix(4000, 0), "secrets destroyed": time.Unix(3000, 0), "none": {}} {
		if got, err := l.Audit.Last(ctx, action); err != nil || !got.Equal(want) {
			t.Errorf("the last %q was at %v, %v, want %v", action, got, err, want)
		}
	}
	var all []ledger.AuditLine
	of, err := l.Audit.Of(ctx, first.Action, 1)
	if err != nil || len(of) != 1 || of[0].Line != 3 || of[0].Object != first.Object {
		t.Errorf("the last line of %q: %+v, %v, want the third", first.Action, of, err)
	}
	for _, action := range []string{second.Action, "never"} {
		if of, err := l.Audit.Of(ctx, action, 9); err != nil || (len(of) == 1) != (action == second.Action) {
			t.Errorf("lines of %q: %+v, %v", action, of, err)
		}
	}
	for line, err := range l.again.Audit.Lines(ctx) {
		must(t, err)
		all = append(all, line)
	}
	if len(all) != 3 || all[0].Line != 1 || all[2].Line != 3 || !all[0].At.Equal(time.Unix(3000, 0)) || all[1].Who != "bo" ||
		all[0].Before != "1 message" {
		t.Errorf("got %+v", all)
	}
	last, err := ledger.CheckChain(l.Audit.Lines(ctx))
	if err != nil || len(all) != 3 || last != all[2] {
		t.Errorf("the chain ends with %+v, %v", last, err)
	}
}

func findingsReplacedByTheirOrigin(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	const anna, bert = "anna@example.test", "bert@example.test"
	made := func(account, code string, severity rehome.Severity) rehome.Finding {
		return rehome.Finding{Account: account, Code: code, Severity: severity, Object: "INBOX", Sentence: "s " + code, NextStep: "n"}
	}
	old := made(anna, "old", rehome.SeverityError)
	info := made(anna, "info", rehome.SeverityInfo)
	must(t, l.Findings.Replace(ctx, anna, rehome.KindMail, []rehome.Finding{info, old, old}))
	must(t, l.Findings.Replace(ctx, anna, rehome.KindRules, []rehome.Finding{made("ignored", "other", rehome.SeverityWarning)}))
	must(t, l.Findings.Replace(ctx, bert, rehome.KindMail, []rehome.Finding{made(bert, "his", rehome.SeverityError)}))
	other := made(anna, "other", rehome.SeverityWarning)
	wantFindings(t, l, "", old, made(bert, "his", rehome.SeverityError), other, info)
	wantFindings(t, l, anna, old, other, info)

	fresh := made(anna, "fresh", rehome.SeverityError)
	must(t, l.Findings.Replace(ctx, anna, rehome.KindMail, []rehome.Finding{fresh}))
	wantFindings(t, l, anna, fresh, other)
	must(t, l.Findings.Replace(ctx, anna, rehome.KindMail, nil))
	wantFindings(t, l, anna, other)
	wantFindings(t, l, bert, made(bert, "his", rehome.SeverityError))

	// All or nothing: one that cannot be written leaves the others as they were.
	if err := l.Findings.Replace(ctx, anna, rehome.KindRules, []rehome.Finding{fresh, {Severity: "nonsense"}}); err == nil {
		t.Error("a severity out of nowhere was taken")
	}
	wantFindings(t, l, anna, other)
}

func wantFindings(t *testing.T, l *handle, address string, want ...rehome.Finding) {
	t.Helper()
	got, err := l.again.Findings.All(t.Context(), address)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings of %q: %s", address, diff)
	}
}
