// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/lab/corpus"
)

// Nothing is told any more of a collection that neither end has; one that the destination has is looked at as before.
func TestPasses_forgetWhatNeitherEndHas(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 0, 1))
	p.pass(t)
	_, target := p.calendar(t, p.dst)
	_, source := p.calendar(t, p.src)
	c, err := p.ledger.Collection(t.Context(), ledger.Collection{
		Address: address, Kind: rehome.KindCalendars, Source: parentOf(source.Href) + "gone/", Destination: parentOf(target.Href) + "gone/",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ledger.SettleCollection(t.Context(), c, ledger.CollectionState{SyncToken: "1", CTag: "1"}, ledger.CollectionMark{}); err != nil {
		t.Fatal(err)
	}
	row := ledger.Object{Source: "a.ics", State: ledger.ObjectQuarantined, Code: "object_unreadable", Words: "403 Forbidden"}
	if err := p.ledger.SaveObjects(t.Context(), c, row); err != nil {
		t.Fatal(err)
	}
	r := p.pass(t)
	wantTally(t, "calendars", r.Tallies[rehome.KindCalendars], Tally{Objects: 1})
	if all := p.exceptions(t); len(all) > 0 || len(r.Findings) > 0 {
		t.Errorf("%+v, findings %+v; want nothing of what neither end has", all, r.Findings)
	}
	known, err := p.ledger.Collections(t.Context(), address)
	if state := known[c.Source].State; err != nil || state.SyncToken+state.CTag != "" {
		t.Errorf("%+v, %v; want no state by which a new collection of that name could be taken for it", state, err)
	}
}
