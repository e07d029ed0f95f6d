// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

func turnsOfTheAccountsThatAreNotOver(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(1000, 0) }
	queue := queued("bert@example.test", "anna@example.test", "carl@example.test")
	must(t, l.Passes.Begin(ctx, queue))
	for i := range queue {
		queue[i].Since = time.Unix(1000, 0).UTC()
	}
	wantTurns(t, l, queue...)
	if got := addresses(t, l); got != "anna@example.test bert@example.test carl@example.test" {
		t.Errorf("rows of %s, want of all", got)
	}

	l.now = func() time.Time { return time.Unix(2000, 0) }
	waiting := ledger.Turn{
		Address: "anna@example.test", Pass: rehome.PassPreStage, State: ledger.TurnWaiting, Place: 4, Step: rehome.KindPIM,
		Due: time.Unix(2000, 5).UTC(), Failures: 2, FailingSince: time.Unix(1500, 0).UTC(), Reason: "too many connections",
	}
	must(t, l.Passes.Wait(ctx, waiting))
	bert := ledger.Account{Address: "bert@example.test", State: ledger.AccountPreStaged}
	must(t, l.Passes.Save(ctx, bert, nil, ledger.Turn{Address: bert.Address, State: ledger.TurnOver}))
	waiting.Since = time.Unix(2000, 0).UTC()
	wantTurns(t, l, queue[2], waiting)

	must(t, l.Passes.Begin(ctx, queued("anna@example.test")))
	anna := queued("anna@example.test")[0]
	anna.Since = waiting.Since
	wantTurns(t, l, anna, queue[2])

	over := func(address string) ledger.Turn { return ledger.Turn{Address: address, State: ledger.TurnOver} }
	must(t, l.Passes.Begin(ctx, []ledger.Turn{over("carl@example.test"), over("never@example.test")}))
	wantTurns(t, l, anna)
	if got := addresses(t, l); got != "anna@example.test bert@example.test carl@example.test" {
		t.Errorf("rows of %s, want no other for one that is over", got)
	}

	var names []string
	for i := range 407 { // more than are written by one sentence, and some more
		names = append(names, fmt.Sprintf("many%03d@example.test", i))
	}
	many := queued(names...)
	must(t, l.Passes.Begin(ctx, append(many, over("anna@example.test"))))
	for i := range many {
		many[i].Since = waiting.Since
	}
	wantTurns(t, l, many...)
	if got := strings.Count(addresses(t, l), "many"); got != len(many) {
		t.Errorf("%d of %d accounts have a row", got, len(many))
	}
}

// An account's row, what was found and its turn are there together or not at all.
func passesSaveAllOrNothing(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	must(t, l.Passes.Begin(ctx, queued("anna@example.test")))
	before, err := l.again.Passes.Turns(ctx)
	must(t, err)
	working := ledger.Turn{Address: "anna@example.test", State: ledger.TurnWorking, Place: 2}
	anna := ledger.Account{Address: "anna@example.test", State: ledger.AccountPreStaging}
	finding := map[rehome.Kind][]rehome.Finding{rehome.KindMail: {{Code: "seen", Severity: rehome.SeverityInfo}}}
	odd := map[rehome.Kind][]rehome.Finding{rehome.KindMail: {{Code: "odd", Severity: "nonsense"}}}
	for name, err := range map[string]error{
		"a state":   l.Passes.Save(ctx, ledger.Account{Address: anna.Address, State: "nonsense"}, finding, working),
		"a turn":    l.Passes.Save(ctx, anna, finding, ledger.Turn{Address: anna.Address, State: "nonsense"}),
		"a finding": l.Passes.Save(ctx, anna, odd, working),
	} {
		if err == nil {
			t.Errorf("%s out of nowhere was taken", name)
		}
	}
	wantTurns(t, l, before...)
	wantFindings(t, l, "")
	wantAccounts(t, l, ledger.Account{Address: anna.Address, State: ledger.AccountPlanned, Unfinished: true})
	must(t, l.Passes.Save(ctx, anna, finding, working))
	if got, err := l.again.Findings.All(ctx, ""); err != nil || len(got) != 1 {
		t.Errorf("%v, %v; want what was found", got, err)
	}
}

func wantTurns(t *testing.T, l *handle, want ...ledger.Turn) {
	t.Helper()
	got, err := l.again.Passes.Turns(t.Context())
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("turns: %s", diff)
	}
}
