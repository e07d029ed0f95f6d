// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRules_keepsTheLastOfEachName(t *testing.T) {
	t.Parallel()
	l := create(t)
	main := Rule{Name: "main", Digest: "1", Waits: true}
	for _, r := range []Rule{main, {Name: "old", Digest: "2"}, {Name: "old", Digest: "3", Activated: true}} {
		if err := l.Rules.Save(t.Context(), "anna@example.test", r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Rules.Of(t.Context(), "anna@example.test")
	want := map[string]Rule{"main": main, "old": {Name: "old", Digest: "3", Activated: true}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
	counts, err := l.Rules.Counts(t.Context())
	if diff := cmp.Diff(map[string]RuleCounts{"anna@example.test": {Stored: 2, On: 1, Waiting: 1}}, counts); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}
