// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"testing"

	"rehome/internal/ledger"
)

// What was under way when its process ended is not shown as if it were so still.
func TestStatusTurns_withoutASync(t *testing.T) {
	t.Parallel()
	turns := []ledger.Turn{{Address: "a", State: ledger.TurnWorking}, {Address: "b", State: ledger.TurnWaiting}, {Address: "c",
		State: ledger.TurnQueued}}
	for running, want := range map[bool][]ledger.TurnState{
		true:  {ledger.TurnWorking, ledger.TurnWaiting, ledger.TurnQueued},
		false: {TurnInterrupted, ledger.TurnWaiting, ledger.TurnQueued},
	} {
		got := statusTurns(turns, running)
		for i, turn := range turns {
			if got[turn.Address].State != want[i] {
				t.Errorf("running %v: %s is %s, want %s", running, turn.Address, got[turn.Address].State, want[i])
			}
		}
	}
}
