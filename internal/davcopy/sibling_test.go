// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"maps"
	"path/filepath"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// Two collections of the source that share one of the destination do not take each other's objects for their own.
func TestFindSiblings(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	rows := map[string]*ledger.Collection{}
	for source, destination := range map[string]string{"/s/own/": "/d/main/", "/s/other/": "/d/main/", "/s/apart/": "/d/apart/"} {
		c := ledger.Collection{Address: address, Kind: rehome.KindContacts, Source: source, Destination: destination}
		row, err := l.Objects.Collection(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		o := ledger.Object{Source: "x.vcf", State: ledger.ObjectStored, Destination: decodedName(source) + ".vcf"}
		if err := l.Objects.SaveObjects(t.Context(), row, o); err != nil {
			t.Fatal(err)
		}
		rows[source] = row
	}
	left := ledger.Object{Source: "left.vcf", State: ledger.ObjectGone, Destination: "left.vcf"}
	if err := l.Objects.SaveObjects(t.Context(), rows["/s/other/"], left); err != nil {
		t.Fatal(err)
	}
	s := newSlice(New(Options{Ledger: l.Objects}), account(), time.Now(), pass.Budget{})
	place := placement{target: dav.Collection{Href: "/d/main/"}}
	j := &collectionJob{slice: s, kind: rehome.KindContacts, row: rows["/s/own/"], taken: map[string]bool{}, place: place}
	if err := j.findSiblings(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := map[string]bool{"other.vcf": true, "left.vcf": false}; !maps.Equal(j.siblings, want) {
		t.Errorf("siblings %v, want %v", j.siblings, want)
	}
	if want := map[string]bool{"other.vcf": true, "left.vcf": true}; !maps.Equal(j.taken, want) {
		t.Errorf("taken %v, want %v", j.taken, want)
	}
}
