// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// Every object of the source is counted once: as one with an end, or as remaining.
func TestRemaining_addsUp(t *testing.T) {
	t.Parallel()
	states := []ledger.ObjectState{
		"", ledger.ObjectIntent, ledger.ObjectStored, ledger.ObjectAdopted, ledger.ObjectMerged, ledger.ObjectQuarantined, ledger.ObjectConflict, ledger.ObjectHeld, ledger.ObjectGone,
	}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		source := listed{full: r.IntN(2) == 0, items: map[string]dav.Item{}, removed: map[string]bool{}}
		known := map[string]ledger.Object{}
		ended := 0
		for i := range r.IntN(40) {
			name := fmt.Sprint(i)
			state := states[r.IntN(len(states))]
			if state != "" {
				known[name] = ledger.Object{Source: name, State: state, Anew: r.IntN(4) == 0}
			}
			listed := r.IntN(3) > 0
			if listed {
				source.items[name] = dav.Item{}
			}
			atSource := listed || !source.full && state != "" && state != ledger.ObjectGone
			if atSource && state != "" && state != ledger.ObjectIntent && state != ledger.ObjectGone && !(known[name].Updating() && !isFailed(known[name])) {
				ended++
			}
		}
		objects := countObjects(source, known)
		left := remaining(source, known)
		if objects != ended+left {
			t.Fatalf("seed %d: %d objects, %d with an end, %d left", seed, objects, ended, left)
		}
	}
}
