// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

func rulesKeepsTheLastOfEachName(t *testing.T, empty Empty) {
	l := create(t, empty)
	main := ledger.Rule{Name: "main", Digest: "1", Waits: true}
	for _, r := range []ledger.Rule{main, {Name: "old", Digest: "2"}, {Name: "old", Digest: "3", Activated: true}} {
		if err := l.Rules.Save(t.Context(), "anna@example.test", r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.again.Rules.Of(t.Context(), "anna@example.test")
	want := map[string]ledger.Rule{"main": main, "old": {Name: "old", Digest: "3", Activated: true}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
	counts, err := l.again.Rules.Counts(t.Context())
	if diff := cmp.Diff(map[string]ledger.RuleCounts{"anna@example.test": {Stored: 2, On: 1, Waiting: 1}}, counts); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}
