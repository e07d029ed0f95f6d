// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"testing"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
)

// Two objects of one UID were the same and became one at the destination. While they are the same one is enough, whichever
// of them is paired with it; once one was changed the other is missing.
func TestExplain_merged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		forms [2][32]byte
		noted string
		want  pim.Verdict
	}{
		{"the same", [2][32]byte{{1}, {1}}, "copy.ics", pim.VerdictRepaired},
		{"the same, paired with the copy", [2][32]byte{{1}, {1}}, "first.ics", pim.VerdictRepaired},
		{"never merged", [2][32]byte{{1}, {1}}, "", pim.VerdictMissing},
		{"changed since", [2][32]byte{{2}, {1}}, "copy.ics", pim.VerdictMissing},
	} {
		check := &pimCheck{
			result:  PIM{Collections: []PIMCollection{{Source: "/cal/"}}},
			noted:   map[string]ledger.Exception{noteKey("/cal/", c.noted): {Object: ledger.Object{State: ledger.ObjectMerged, UID: "u"}}},
			records: []*pimRecord{{name: "first.ics", form: c.forms[0], verdict: pim.VerdictIdentical}, {name: "copy.ics", form: c.forms[1]}},
		}
		check.explain(check.records[1], check.mergedForms())
		if got := check.records[1].verdict; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The same object lies in two collections at both ends, and each was paired with the other.
func TestSettleTargets_crossed(t *testing.T) {
	t.Parallel()
	check := &pimCheck{
		result: PIM{Collections: []PIMCollection{{Source: "/a/"}, {Source: "/b/"}}},
		records: []*pimRecord{
			{collection: 0, form: [32]byte{1}, verdict: pim.VerdictIdentical, target: "/b/"},
			{collection: 0, form: [32]byte{2}, verdict: pim.VerdictIdentical, target: "/a/"},
			{collection: 0, form: [32]byte{3}, verdict: pim.VerdictIdentical, target: "/a/"},
			{collection: 1, form: [32]byte{1}, verdict: pim.VerdictIdentical, target: "/a/"},
			{collection: 1, form: [32]byte{4}, verdict: pim.VerdictIdentical, target: "/b/"},
			{collection: 1, form: [32]byte{5}, verdict: pim.VerdictIdentical, target: "/b/"},
			{collection: 1, form: [32]byte{7}, verdict: pim.VerdictIdentical, target: "/b/"},
			{collection: 1, form: [32]byte{6}, verdict: pim.VerdictIdentical, target: "/a/"},
		},
	}
	check.settleTargets()
	for i, r := range check.records {
		if want := i != len(check.records)-1; r.verdict.Harmless() != want {
			t.Errorf("record %d: %s %s", i, r.verdict, r.sentence)
		}
	}
}

// Of several objects that are the same the copier has noted one as gone. The destination has fewer than the source, and it
// is that one which is missing, whichever was paired.
func TestConclude_goneOfSeveral(t *testing.T) {
	t.Parallel()
	gone := ledger.Object{State: ledger.ObjectStored, UID: "u", Code: ledger.CodeMissing, Words: "it is there no more"}
	for paired := range 3 {
		check := &pimCheck{
			result: PIM{Verdicts: map[pim.Verdict]int{}, Collections: []PIMCollection{{Source: "/cal/", Verdicts: map[pim.Verdict]int{}}}}, limit: 10,
			noted: map[string]ledger.Exception{
				noteKey("/cal/", "gone.ics"): {Object: gone}, noteKey("/cal/", "copy.ics"): {Object: ledger.Object{State: ledger.ObjectMerged, UID: "u"}},
			},
			records: []*pimRecord{{name: "gone.ics"}, {name: "first.ics"}, {name: "copy.ics"}},
		}
		for _, r := range check.records {
			r.form = [32]byte{1}
		}
		check.records[paired].verdict, check.records[paired].target = pim.VerdictIdentical, "/there/"
		check.conclude()
		if r := check.records[0]; r.verdict != pim.VerdictMissing || r.sentence != gone.Words {
			t.Errorf("paired with %d: %s %q, want it missing", paired, r.verdict, r.sentence)
		}
		for _, r := range check.records[1:] {
			if !r.verdict.Harmless() {
				t.Errorf("paired with %d: %s is %s", paired, r.name, r.verdict)
			}
		}
	}
}
