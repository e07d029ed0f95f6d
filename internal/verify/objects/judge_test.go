// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"testing"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/verify"
)

// Two objects of one UID and one meaning are one object. While they are the same one is enough, whichever of them is paired
// with it; once one was changed, or where the copier had trouble with it, the other is missing.
func TestExplain_sameTwice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		forms [2][32]byte
		uids  [2]string
		why   Trouble
		want  pim.State
	}{
		{"the same", [2][32]byte{{1}, {1}}, [2]string{"u", "u"}, "", pim.StateRepaired},
		{"of two UIDs", [2][32]byte{{1}, {1}}, [2]string{"u", "v"}, "", pim.StateMissing},
		{"without a UID", [2][32]byte{{1}, {1}}, [2]string{}, "", pim.StateMissing},
		{"changed since", [2][32]byte{{2}, {1}}, [2]string{"u", "u"}, "", pim.StateMissing},
		{"lost", [2][32]byte{{1}, {1}}, [2]string{"u", "u"}, Lost, pim.StateMissing},
		{"held back", [2][32]byte{{1}, {1}}, [2]string{"u", "u"}, Waiting, pim.StateMissing},
	} {
		check := newCheck(rehome.KindCalendars, nil, nil, reasons{source: map[place]Reason{}})
		check.result.Collections = []verify.Collection{{Source: "/cal/"}}
		check.records = []*record{
			{sight: &sight{name: "first.ics", form: c.forms[0], uids: c.uids[:1]}, state: pim.StateIdentical},
			{sight: &sight{name: "copy.ics", form: c.forms[1], uids: c.uids[1:]}},
		}
		if c.why != "" {
			check.why.source[place{"/cal/", "copy.ics"}] = Reason{Trouble: c.why}
		}
		check.explain(check.records[1], check.identitiesThere())
		if got := check.records[1].state; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// The same object lies in two collections at both ends, and each was paired with the other.
func TestSettleTargets_crossed(t *testing.T) {
	t.Parallel()
	check := &check{
		result: verify.Objects{Collections: []verify.Collection{{Source: "/a/"}, {Source: "/b/"}}},
		records: []*record{
			{collection: 0, sight: &sight{form: [32]byte{1}}, state: pim.StateIdentical, target: "/b/"},
			{collection: 0, sight: &sight{form: [32]byte{2}}, state: pim.StateIdentical, target: "/a/"},
			{collection: 0, sight: &sight{form: [32]byte{3}}, state: pim.StateIdentical, target: "/a/"},
			{collection: 1, sight: &sight{form: [32]byte{1}}, state: pim.StateIdentical, target: "/a/"},
			{collection: 1, sight: &sight{form: [32]byte{4}}, state: pim.StateIdentical, target: "/b/"},
			{collection: 1, sight: &sight{form: [32]byte{5}}, state: pim.StateIdentical, target: "/b/"},
			{collection: 1, sight: &sight{form: [32]byte{7}}, state: pim.StateIdentical, target: "/b/"},
			{collection: 1, sight: &sight{form: [32]byte{6}}, state: pim.StateIdentical, target: "/a/"},
		},
	}
	check.settleTargets()
	for i, r := range check.records {
		if want := i != len(check.records)-1; r.state.Harmless() != want {
			t.Errorf("record %d: %s %s", i, r.state, r.words)
		}
	}
}

// Of several objects that are the same one is known to be lost. The destination has fewer than the source, and it is that
// one which is missing, whichever was paired.
func TestConclude_lostOfSeveral(t *testing.T) {
	t.Parallel()
	lost := Reason{Trouble: Lost, Words: "it is there no more"}
	for paired := range 3 {
		check := newCheck(rehome.KindCalendars, nil, nil, reasons{source: map[place]Reason{{"/cal/", "lost.ics"}: lost}})
		check.result.Collections = []verify.Collection{{Source: "/cal/", States: map[pim.State]int{}}}
		check.records = []*record{{sight: &sight{name: "lost.ics"}}, {sight: &sight{name: "first.ics"}}, {sight: &sight{name: "copy.ics"}}}
		for _, r := range check.records {
			r.form, r.uids = [32]byte{1}, []string{"u"}
		}
		check.records[paired].state, check.records[paired].target = pim.StateIdentical, "/there/"
		check.conclude()
		if r := check.records[0]; r.state != pim.StateMissing || r.words != lost.Words {
			t.Errorf("paired with %d: %s %q, want it missing", paired, r.state, r.words)
		}
		for _, r := range check.records[1:] {
			if !r.state.Harmless() {
				t.Errorf("paired with %d: %s is %s", paired, r.name, r.state)
			}
		}
	}
}
