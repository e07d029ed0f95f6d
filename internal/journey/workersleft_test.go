// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/people"
)

// A pass by workers ends as one by this process does: an account whose pass is over is not complete when something was refused, and trying
// again does not help then.
func TestWorkersSynced_refusedMessage(t *testing.T) {
	t.Parallel()
	m, store := moveOf(t, "anna@x.test", "bert@x.test", "carl@x.test")
	for _, address := range []string{"anna@x.test", "bert@x.test", "carl@x.test"} {
		if err := store.Passes.Save(t.Context(), ledger.Account{Address: address, State: ledger.AccountPreStaged, Mailboxes: 1, Messages: 2},
			map[rehome.Kind][]rehome.Finding{rehome.KindMail: {
				{Code: "message_refused", Account: address, Object: "INBOX uid 7", Severity: map[bool]rehome.Severity{
					true: rehome.SeverityError, false: rehome.SeverityWarning}[address == "bert@x.test"], Sentence: "it is too large", NextStep: "raise it"},
			}}, ledger.Turn{Address: address, State: ledger.TurnOver}); err != nil {
			t.Fatal(err)
		}
	}
	who, err := m.chosen(t.Context(), people.Choice{Only: []string{"anna@x.test", "bert@x.test"}})
	if err != nil {
		t.Fatal(err)
	}
	s := WorkersSynced{Accounts: 2, Finished: 2}
	if err := s.complete(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	want := UnfinishedEntry{Account: "bert@x.test", Error: "INBOX uid 7: it is too large", Hint: "raise it", lasting: true}
	if len(s.Left) != 1 || s.Left[0] != want || s.Outcome() != rehome.OutcomeStuck {
		t.Errorf("%+v, ends as %v", s.Left, s.Outcome())
	}
	s.Left = append(s.Left, UnfinishedEntry{Account: "carl@x.test", Error: "the connection broke"})
	if s.Outcome() != rehome.OutcomeRemaining {
		t.Errorf("with one that a later pass may mend it ends as %v", s.Outcome())
	}
}
