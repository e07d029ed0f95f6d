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

// Names and words are what servers make of them: whatever octets they are of, they come back so, and no two become one.
func textsOfAnyOctets(t *testing.T, empty Empty) {
	l := create(t, empty)
	names := []string{"", "a\x00b", "a\xffb", "\xf4\x8f\x9c\x80", "\xf4\x8f\x9f\xbf", "\xf4\x8f", "Gr\xf6\xdfe", "Größe", "a'b?c\\d"}
	for _, name := range names {
		must(t, l.Rules.Save(t.Context(), "anna@example.test", ledger.Rule{Name: name, Digest: name}))
	}
	got, err := l.again.Rules.Of(t.Context(), "anna@example.test")
	if err != nil || len(got) != len(names) {
		t.Errorf("%d names, %v, want %d", len(got), err, len(names))
	}
	for _, name := range names {
		if r, is := got[name]; !is || r.Digest != name {
			t.Errorf("%q came back as %+v, %v", name, r, is)
		}
	}
}
