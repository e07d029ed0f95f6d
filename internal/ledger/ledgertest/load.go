// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

// What several workers note of a server in one minute adds up, each server for itself; what is too old goes when something is added.
func loadsAddUp(t *testing.T, empty Empty) {
	l := create(t, empty)
	at := time.Unix(28_000_020*60, 0)
	source := ledger.Load{Side: rehome.Source, Service: "imap", Address: "a.test:993"}
	load := func(open, awaited, onWay time.Duration, unmeasured int64) ledger.Load {
		one := source
		one.Open, one.Awaited, one.OnWay, one.Unmeasured = open, awaited, onWay, unmeasured
		return one
	}
	itself := ledger.Load{Service: "ledger", Awaited: 5 * time.Second, Paced: 1 * time.Second, Queued: 2 * time.Second, Eased: 3 * time.Second}
	must(t, l.Loads.Add(t.Context(), at.Add(-ledger.SpeedsKept-time.Minute), load(time.Hour, 0, 0, 0)))
	must(t, l.Loads.Add(t.Context(), at, load(2*time.Second, time.Second, -3*time.Millisecond, 0), itself))
	must(t, l.again.Loads.Add(t.Context(), at.Add(59*time.Second), load(1000*time.Hour, time.Second, time.Second, 1)))
	must(t, l.Loads.Add(t.Context(), at.Add(time.Minute), load(time.Second, time.Second, time.Second, 0)))
	must(t, l.Loads.Add(t.Context(), at))
	for from, want := range map[time.Time][]ledger.Load{
		at.Add(-2 * ledger.SpeedsKept): {itself, load(1000*time.Hour+3*time.Second, 3*time.Second, 1997*time.Millisecond, 1)},
		at.Add(time.Minute):            {load(time.Second, time.Second, time.Second, 0)},
		at.Add(time.Hour):              nil,
	} {
		got, err := l.again.Loads.Since(t.Context(), from)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("since %v: %s", from, diff)
		}
	}
}
