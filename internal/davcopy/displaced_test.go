// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"slices"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// Another object that gets the name of one at the source is not its next version: what the destination has of that one stays
// where deletions are kept, goes where they are mirrored, and follows it to its new name.
func TestPasses_anotherObjectGetsTheName(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	for _, name := range []string{"a.ics", "b.ics", "c.ics", "d.ics", "stays.ics", "stays2.ics"} {
		p.put(t, name, "first")
	}
	p.pass(t)
	p.writeUIDs(t, map[string]string{"a.ics": "new", "b.ics": "c.ics", "c.ics": "b.ics", "e.ics": "d.ics", "d.ics": "new d"})
	wantTally(t, "they have changed their names", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 7, Copied: 2})
	p.wantEvents(t, "kept", "a.ics", "b.ics", "c.ics", "d.ics", "new", "new d", "stays.ics", "stays2.ics")
	wantTally(t, "nothing to do", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 7})
	p.writeUIDs(t, map[string]string{"stays.ics": "instead"})
	p.options.Deletions = rehome.DeletionsMirror
	wantTally(t, "mirrored", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 7, Copied: 1, Removed: 2})
	p.wantEvents(t, "mirrored", "b.ics", "c.ics", "d.ics", "instead", "new", "new d", "stays2.ics")
}

// wantEvents compares the UIDs of what the destination has, each once.
func (p *pair) wantEvents(t *testing.T, when string, uids ...string) {
	t.Helper()
	var got []string
	for uid, all := range p.holding(t, p.dst, dav.Calendars) {
		for range all {
			got = append(got, uid)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, uids) {
		t.Errorf("%s: the destination has %q, want %q", when, got, uids)
	}
}

// writeUIDs stores events with those UIDs under those names at the source, whatever had the name.
func (p *pair) writeUIDs(t *testing.T, uids map[string]string) {
	t.Helper()
	session, c := p.calendar(t, p.src)
	for name := range uids {
		if err := session.Delete(t.Context(), hrefOf(c.Href, name), ""); err != nil && !isGone(err) {
			t.Fatal(err)
		}
	}
	for name, uid := range uids {
		if _, err := session.Put(t.Context(), hrefOf(c.Href, name), dav.Upload{Data: event(uid, "first"), Kind: dav.Calendars}); err != nil {
			t.Fatal(err)
		}
	}
}

// What had nothing at the destination is forgotten with its name, and a copy that was merged with the object takes over.
func TestDisplace_leavesNothingBehind(t *testing.T) {
	t.Parallel()
	var p pair
	p.loseLedger(t)
	c, err := p.ledger.Collection(t.Context(), ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: "/c/", Destination: "/d/"})
	if err != nil {
		t.Fatal(err)
	}
	form := eventForm(event("one", "first"))
	stored := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: form, SrcETag: `"1"`}
	refused := ledger.Object{Source: "b.ics", Destination: "b.ics", State: ledger.ObjectQuarantined, UID: "two", SrcETag: `"1"`}
	merged := ledger.Object{Source: "copy.ics", Destination: "a.ics", State: ledger.ObjectMerged, UID: "one", Form: form, SrcETag: `"1"`}
	if err := p.ledger.SaveObjects(t.Context(), c, stored, refused, merged); err != nil {
		t.Fatal(err)
	}
	j := &collectionJob{
		slice: &slice{engine: New(Options{Ledger: p.ledger})}, kind: rehome.KindCalendars, row: c, place: placement{source: dav.Collection{Href: "/c/"}},
		known: map[string]ledger.Object{"a.ics": stored, "b.ics": refused, "copy.ics": merged},
	}
	chunk := []dav.Object{{Href: "/c/a.ics", Data: event("three", "first")}, {Href: "/c/b.ics", Data: event("four", "first")}}
	if err := j.makeWay(t.Context(), chunk); err != nil {
		t.Fatal(err)
	}
	rows, err := p.ledger.Objects(t.Context(), c)
	if heir := rows["copy.ics"]; err != nil || len(rows) != 1 || heir.State != ledger.ObjectStored || heir.Destination != "a.ics" {
		t.Errorf("%v, %+v; want the copy alone, with what is there", err, rows)
	}
	if len(j.actions.vanished) > 0 {
		t.Errorf("%+v have vanished, want nothing", j.actions.vanished)
	}
}
