// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/google/go-cmp/cmp/cmpopts"
	"rehome"
	"rehome/internal/ledger"
)

func book(t testing.TB, l *handle, destination string) *ledger.Collection {
	t.Helper()
	c, err := l.Objects.Collection(t.Context(), ledger.Collection{
		Address: "anna@example.test", Kind: rehome.KindContacts, Source: "/src/book/", Destination: destination, Made: true,
	})
	must(t, err)
	return c
}

// settled and mark are what the ends say of a collection's state.
func settled() ledger.CollectionState {
	return ledger.CollectionState{SyncToken: "t1", CTag: "c1", Objects: 2}
}

func mark() ledger.CollectionMark { return ledger.CollectionMark{SyncToken: "d1", CTag: "e1"} }

func objects(t testing.TB, l *handle, c *ledger.Collection) map[string]ledger.Object {
	t.Helper()
	all, err := l.again.Objects.Objects(t.Context(), c)
	must(t, err)
	return all
}

func collectionKeepsWhatIsKnown(t *testing.T, empty Empty) {
	l := create(t, empty)
	c := book(t, l, "/dst/book/")
	c.Properties = `{"color":"#fff"}`
	must(t, l.Objects.NoteProperties(t.Context(), c))
	want := map[string]ledger.Object{
		"a.vcf": {
			Source: "a.vcf", State: ledger.ObjectStored, SrcETag: `"1"`, SrcDigest: []byte{1, 2}, Anew: true, Destination: "a.vcf",
			DstETag: `W/"x"`, Form: []byte{3}, Kept: []byte{4}, Tried: []byte{5}, Earlier: []byte{6}, UID: "u1", MadeUID: "m1",
			Repairs: []ledger.Repair{{Code: "fn", Sentence: "FN was built"}},
		},
		"b.vcf": {Source: "b.vcf", State: ledger.ObjectQuarantined, SrcETag: `"2"`, Code: "a_finding", Words: "no", Escrow: "e/b.vcf"},
	}
	must(t, l.Objects.SaveObjects(t.Context(), c, want["a.vcf"], want["b.vcf"]))
	must(t, l.Objects.SettleCollection(t.Context(), c, settled(), mark()))

	again := book(t, l, "/dst/book/")
	if diff := cmp.Diff(c, again); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, objects(t, l, again), cmpopts.IgnoreFields(ledger.Object{}, "Updated")); diff != "" {
		t.Error(diff)
	}
	known, err := l.again.Objects.Collections(t.Context(), "anna@example.test")
	must(t, err)
	if got := known["/src/book/"]; got.Pending != 2 || got.State != again.State || got.Destination != "/dst/book/" {
		t.Errorf("listed as %+v, want two pending objects and the state of the last pass", got)
	}
}

func collectionElsewhereVoidsItsObjects(t *testing.T, empty Empty) {
	l := create(t, empty)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c, ledger.Object{Source: "a.vcf", State: ledger.ObjectStored}))
	must(t, l.Objects.SettleCollection(t.Context(), c, ledger.CollectionState{CTag: "c1"}, mark()))
	moved := book(t, l, "/dst/other/")
	if moved.ID != c.ID || moved.State != (ledger.CollectionState{}) || moved.Made || len(objects(t, l, moved)) > 0 {
		t.Errorf("%+v with %d objects, want a clean row", moved, len(objects(t, l, moved)))
	}
}

func saveObjectsLaterReplacesEarlier(t *testing.T, empty Empty) {
	l := create(t, empty)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c,
		ledger.Object{Source: "a.vcf", State: ledger.ObjectIntent, Destination: "a.vcf"}, ledger.Object{Source: "b.vcf", State: ledger.ObjectIntent}))
	must(t, l.Objects.SaveObjects(t.Context(), c, ledger.Object{Source: "a.vcf", State: ledger.ObjectStored, Destination: "a.vcf"}))
	must(t, l.Objects.DropObjects(t.Context(), c, "b.vcf", "never.vcf"))
	got := objects(t, l, c)
	if len(got) != 1 || got["a.vcf"].State != ledger.ObjectStored || got["a.vcf"].Updated.IsZero() {
		t.Errorf("%+v, want a.vcf stored and nothing else", got)
	}
}

func exceptionsAndCounts(t *testing.T, empty Empty) {
	l := create(t, empty)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c,
		ledger.Object{Source: "a.vcf", State: ledger.ObjectStored}, ledger.Object{Source: "b.vcf", State: ledger.ObjectQuarantined, Words: "no"},
		ledger.Object{Source: "c.vcf", State: ledger.ObjectAdopted, Repairs: []ledger.Repair{{Code: "fn", Sentence: "x"}}},
		ledger.Object{Source: "d.vcf", State: ledger.ObjectHeld},
		ledger.Object{Source: "e.vcf", State: ledger.ObjectConflict}, ledger.Object{Source: "f.vcf", State: ledger.ObjectGone},
		ledger.Object{Source: "g.vcf", State: ledger.ObjectStored, Code: "a_finding"}))
	must(t, l.Objects.SettleCollection(t.Context(), c, ledger.CollectionState{Objects: 6}, mark()))
	exceptions, err := l.again.Objects.Exceptions(t.Context(), "anna@example.test")
	must(t, err)
	var names string
	for _, e := range exceptions {
		if e.Kind != rehome.KindContacts || e.Collection != "/src/book/" || e.Target != "/dst/book/" {
			t.Errorf("%+v is of another collection", e)
		}
		names += e.Source[:1]
	}
	if names != "bcdefg" {
		t.Errorf("exceptions %s, want all but a", names)
	}
	counts, err := l.again.Objects.Counts(t.Context())
	must(t, err)
	want := ledger.ObjectCounts{Collections: 1, Objects: 6, There: 3, Quarantined: 2, Conflicts: 1, Held: 1}
	if diff := cmp.Diff(want, counts["anna@example.test"][rehome.KindContacts]); diff != "" {
		t.Error(diff)
	}
	of, err := l.again.Objects.CountsOf(t.Context(), "anna@example.test")
	must(t, err)
	one := ledger.CollectionCounts{ObjectCounts: want, Kind: rehome.KindContacts, Source: "/src/book/", Destination: "/dst/book/"}
	if diff := cmp.Diff([]ledger.CollectionCounts{one}, of); diff != "" {
		t.Error(diff)
	}
}

func renameKeepsTheRow(t *testing.T, empty Empty) {
	l := create(t, empty)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c,
		ledger.Object{Source: "a.vcf", State: ledger.ObjectStored, Destination: "a.vcf"}, ledger.Object{Source: "b.vcf", State: ledger.ObjectMerged},
		ledger.Object{Source: "c.vcf", State: ledger.ObjectGone, Form: []byte{1}}, ledger.Object{Source: "d.vcf", State: ledger.ObjectGone}))
	must(t, l.Objects.RenameObject(t.Context(), c, "a.vcf", ledger.Object{Source: "b.vcf", State: ledger.ObjectStored, Destination: "a.vcf"}))
	got := objects(t, l, c)
	if _, old := got["a.vcf"]; old || got["b.vcf"].State != ledger.ObjectStored || got["b.vcf"].Destination != "a.vcf" {
		t.Errorf("%+v, want the row of a.vcf under the name b.vcf", got)
	}

	must(t, l.Objects.SettleCollection(t.Context(), c, settled(), mark()))
	must(t, l.Objects.RenameCollection(t.Context(), c, "/other/book/"))
	known, err := l.again.Objects.Collections(t.Context(), "anna@example.test")
	must(t, err)
	row := known["/other/book/"]
	if len(known) != 1 || row.ID != c.ID || row.Destination != "/dst/book/" || row.State != (ledger.CollectionState{Objects: 2}) || row.Removable != 1 {
		t.Errorf("%+v, want the row under its new name, with one removable object and without the state", known)
	}
}

// Of a collection that goes elsewhere nothing stays known but what is given, all or none.
func moveKeepsWhatIsGiven(t *testing.T, empty Empty) {
	l := create(t, empty)
	c := book(t, l, "/dst/book/")
	kept := ledger.Object{Source: "a.vcf", State: ledger.ObjectStored, Destination: "a.vcf"}
	must(t, l.Objects.SaveObjects(t.Context(), c, kept, ledger.Object{Source: "b.vcf", State: ledger.ObjectMerged}))
	must(t, l.Objects.SettleCollection(t.Context(), c, settled(), mark()))
	if err := l.Objects.MoveCollection(t.Context(), c, "/odd/", kept, ledger.Object{Source: "c.vcf", State: "nonsense"}); err == nil {
		t.Error("a state out of nowhere was taken")
	}
	if got := objects(t, l, c); len(got) != 2 || c.Destination != "/dst/book/" {
		t.Errorf("%+v in %s, and the move was refused", got, c.Destination)
	}
	kept.Code = ledger.CodeMissing
	must(t, l.Objects.MoveCollection(t.Context(), c, "/other/", kept))
	known, err := l.again.Objects.Collections(t.Context(), "anna@example.test")
	must(t, err)
	row := known[c.Source]
	unknown := row.State == (ledger.CollectionState{}) && row.Target == (ledger.CollectionMark{})
	if got := objects(t, l, c); len(got) != 1 || !got["a.vcf"].Missing() || row.ID != c.ID || row.Destination != "/other/" ||
		c.Destination != "/other/" || !unknown {
		t.Errorf("%+v and %+v, want what was given, and nothing else known", row, got)
	}
}

// A change is whole or not there, and hrefs that differ in the case of a letter are two.
func saveObjectsAllOrNone(t *testing.T, empty Empty) {
	l := create(t, empty)
	c := book(t, l, "/dst/book/")
	upper := ledger.Object{Source: "A.vcf", State: ledger.ObjectStored}
	lower := ledger.Object{Source: "a.vcf", State: ledger.ObjectHeld}
	if err := l.Objects.SaveObjects(t.Context(), c, upper, ledger.Object{Source: "odd.vcf", State: "nonsense"}); err == nil {
		t.Error("a state out of nowhere was taken")
	}
	if got := objects(t, l, c); len(got) > 0 {
		t.Errorf("%+v is there, and the change was refused", got)
	}
	must(t, l.Objects.SaveObjects(t.Context(), c, upper, lower))
	if got := objects(t, l, c); len(got) != 2 || got["A.vcf"].State != upper.State || got["a.vcf"].State != lower.State {
		t.Errorf("%+v, want two objects", got)
	}
}
