// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"slices"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/lab/corpus"
)

// wantBoth looks whether the destination has the event as edited, and whether the copy that stays as it was is there too or
// named: Radicale takes a UID once in a collection.
func (p *pair) wantBoth(t *testing.T, uid, copied string, result passed) {
	t.Helper()
	got := p.summaries(t, p.dst, uid)
	named := p.exceptions(t)[copied].Code != ""
	if !slices.Contains(got, "second") {
		t.Errorf("the destination has %q of %s, want the edited one", got, uid)
	}
	if !slices.Contains(got, "first") && !named {
		t.Errorf("the destination has %q of %s, and nothing names %s: %+v", got, uid, copied, result.Tallies[rehome.KindCalendars])
	}
}

// A copy of what an event was before its edit is another object from then on, also where it is read in the slice of the
// edit: because it is new, or because the source has given it another etag.
func TestPasses_copyOfWhatWasEdited(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 0, 2))
	p.writeUID(t, p.src, "new.ics", "new", "first", false)
	p.writeUID(t, p.src, "old.ics", "old", "first", false)
	p.writeUID(t, p.src, "old-copy.ics", "old", "first", false)
	p.pass(t)

	p.writeUID(t, p.src, "new-copy.ics", "new", "first", false)
	p.writeUID(t, p.src, "new.ics", "new", "second", true)
	p.writeUID(t, p.src, "old.ics", "old", "second", true)
	p.renewETag(t, "old-copy.ics")
	result := p.pass(t)
	p.wantBoth(t, "new", "new-copy.ics", result)
	p.wantBoth(t, "old", "old-copy.ics", result)
}

// renewETag makes the ledger believe that the source has given an object another etag, and lets it be listed.
func (p *pair) renewETag(t *testing.T, name string) {
	t.Helper()
	all, err := p.ledger.Collections(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		rows, err := p.ledger.Objects(t.Context(), &c)
		if err != nil {
			t.Fatal(err)
		}
		row, known := rows[name]
		if !known {
			continue
		}
		row.SrcETag = `"another"`
		if err := p.ledger.SaveObjects(t.Context(), &c, row); err != nil {
			t.Fatal(err)
		}
		if err := p.ledger.SettleCollection(t.Context(), &c, ledger.CollectionState{}, ledger.CollectionMark{}); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("the ledger does not know %s", name)
}
