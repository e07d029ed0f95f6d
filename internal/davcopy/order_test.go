// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"slices"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// Of two objects of one UID the one that the destination has as it is has its turn before the other, which may have the name there.
func TestOrder(t *testing.T) {
	t.Parallel()
	newer, older := event("one", "second"), event("one", "first")
	chunk := []dav.Object{{Href: "/c/copy-a.ics", Data: older}, {Href: "/c/a.ics", Data: newer}, {Href: "/c/b.ics", Data: event("two", "other")}}
	j := &collectionJob{kind: rehome.KindCalendars, place: placement{source: dav.Collection{Href: "/c/"}}, unknown: &strangers{}}
	turns := func() (names []string) {
		j.order(chunk)
		for _, o := range chunk {
			names = append(names, decodedName(o.Href))
		}
		return names
	}
	if got, want := turns(), []string{"a.ics", "b.ics", "copy-a.ics"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v: the shortest names first", got, want)
	}
	j.unknown.add("a.ics", `"1"`, older, j.content())
	if got, want := turns(), []string{"copy-a.ics", "a.ics", "b.ics"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v: what is there first", got, want)
	}
	j.known = map[string]ledger.Object{"copy-a.ics": {State: ledger.ObjectStored}}
	if got, want := turns(), []string{"a.ics", "b.ics", "copy-a.ics"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v: what is known needs no stranger", got, want)
	}
}
