// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/ledger"
)

// A later look at the same object replaces the one before, and no other.
func looksTheLastOneCounts(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	l.now = func() time.Time { return time.Unix(1000, 0) }
	first := ledger.Look{Name: "plan", Object: "a.test", Outcome: rehome.OutcomeWaiting, Open: 3, Sentence: "a key is missing"}
	other := ledger.Look{Name: "plan", Object: "b.test", Outcome: rehome.OutcomeDone}
	whole := ledger.Look{Name: "check", Outcome: rehome.OutcomeUnreachable}
	must(t, l.Looks.Note(ctx, first, other))
	must(t, l.Looks.Note(ctx, whole))
	l.now = func() time.Time { return time.Unix(2000, 0) }
	first = ledger.Look{Name: "plan", Object: "a.test", Outcome: rehome.OutcomeDone}
	must(t, l.Looks.Note(ctx, first))
	must(t, l.Looks.Note(ctx))
	got, err := l.again.Looks.All(ctx)
	must(t, err)
	first.At, other.At, whole.At = time.Unix(2000, 0).UTC(), time.Unix(1000, 0).UTC(), time.Unix(1000, 0).UTC()
	if diff := cmp.Diff([]ledger.Look{whole, first, other}, got); diff != "" {
		t.Error(diff)
	}
}
