// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"slices"
	"testing"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/verify"
)

// What is tried is what the pass is told to try, and the pass goes over those kinds only.
func TestRetriedAccount(t *testing.T) {
	t.Parallel()
	failed := func() []FailedItem {
		return []FailedItem{
			{Kind: rehome.KindMail, Again: rehome.AgainEachPass}, {Kind: rehome.KindMail, Again: rehome.AgainCopied},
			{Kind: rehome.KindPIM, Again: rehome.AgainEachPass}, {Kind: rehome.KindRules, Again: rehome.AgainReplacing}, {Kind: rehome.KindPIM},
		}
	}
	for name, c := range map[string]struct {
		options RetryOptions
		tried   []bool
		kinds   []rehome.Kind
	}{
		"all": {RetryOptions{}, []bool{true, false, true, false, false}, []rehome.Kind{"calendars", "contacts", "mail"}},
		"what was lost too": {RetryOptions{CopyAgain: true}, []bool{true, true, true, false, false},
			[]rehome.Kind{"calendars", "contacts", "mail"}},
		"rules are replaced": {RetryOptions{Replace: true}, []bool{true, false, true, true, false}, []rehome.Kind{"calendars", "contacts", "mail", "rules"}},
		"contacts only":      {RetryOptions{Only: []rehome.Kind{"contacts"}}, []bool{false, false, true, false, false}, []rehome.Kind{"contacts"}},
		"rules, as they are": {RetryOptions{Only: []rehome.Kind{"rules"}}, []bool{false, false, false, false, false}, []rehome.Kind{}},
		"calendars and rules": {RetryOptions{Only: []rehome.Kind{"calendars", "rules"}, Replace: true}, []bool{false, false, true, true, false},
			[]rehome.Kind{"calendars", "rules"}},
	} {
		row := retriedAccount("anna@example.test", failed(), c.options)
		var tried []bool
		for _, item := range row.Failed {
			tried = append(tried, item.Tried)
		}
		if !slices.Equal(tried, c.tried) || !slices.Equal(row.Kinds, c.kinds) {
			t.Errorf("%s: got %v, %v, want %v, %v", name, tried, row.Kinds, c.tried, c.kinds)
		}
	}
	if row := retriedAccount("", []FailedItem{{Again: rehome.AgainEachPass}}, RetryOptions{}); len(row.Kinds) != len(Kinds()) {
		t.Errorf("an account that has failed before its first step: %v", row.Kinds)
	}
}

// No pass is said to mend what none touches.
func TestMendedBy(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]rehome.Again{
		string(verify.MissingMessage): rehome.AgainEachPass, string(verify.ExtraMessage): "", string(verify.ChangedMessage): "",
		string(verify.DateDiffers): "",
		string(pim.StateMissing):   rehome.AgainEachPass, string(pim.StateExtra): "", string(pim.StateChanged): "",
		string(verify.RuleChanged): rehome.AgainReplacing, string(verify.RuleExtra): "",
	} {
		if _, got := mendedBy(verify.Open{What: what}); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	deleted := verify.Open{What: string(verify.MissingMessage), Since: &verify.Change{What: verify.DeletedAtDestination}}
	if _, got := mendedBy(deleted); got != rehome.AgainCopied {
		t.Errorf("deleted at the destination: got %q", got)
	}
}

// What is tried at once does not wait, and the failures before count no more; nobody else's turn is touched.
func TestHasten(t *testing.T) {
	t.Parallel()
	settings, _ := twoEnds(t)
	store, err := open(t, settings).store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	for _, address := range []string{anna, "bert@example.test"} {
		if err := store.Passes.Begin(t.Context(), []ledger.Turn{{Address: address, Pass: rehome.PassPreStage, State: ledger.TurnWaiting,
			Due: later, Failures: 3, FailingSince: later, Reason: "busy"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := hasten(t.Context(), store, []rehome.Account{{Address: anna}}); err != nil {
		t.Fatal(err)
	}
	turns, err := store.Passes.Turns(t.Context())
	if err != nil || len(turns) != 2 {
		t.Fatalf("%+v, %v", turns, err)
	}
	for _, turn := range turns {
		if mine := turn.Address == anna; mine != turn.Due.IsZero() || mine != (turn.Failures == 0) {
			t.Errorf("%+v", turn)
		}
	}
}
