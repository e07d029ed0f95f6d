// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/google/go-cmp/cmp/cmpopts"
	"rehome"
)

func book(t testing.TB, l *Ledger, destination string) *Collection {
	t.Helper()
	c, err := l.Objects.Collection(t.Context(), Collection{
		Address: "anna@example.test", Kind: rehome.KindContacts, Source: "/src/book/", Destination: destination, Made: true,
	})
	must(t, err)
	return c
}

func objects(t testing.TB, l *Ledger, c *Collection) map[string]Object {
	t.Helper()
	all, err := l.Objects.Objects(t.Context(), c)
	must(t, err)
	return all
}

func TestCollection_keepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	l := create(t)
	c := book(t, l, "/dst/book/")
	c.Properties = `{"color":"#fff"}`
	must(t, l.Objects.NoteProperties(t.Context(), c))
	want := map[string]Object{
		"a.vcf": {Source: "a.vcf", State: ObjectStored, SrcETag: `"1"`, SrcDigest: []byte{1, 2}, Anew: true, Destination: "a.vcf", DstETag: `W/"x"`, Form: []byte{3},
			UID: "u1", Repairs: []Repair{{"fn", "FN was built"}}},
		"b.vcf": {Source: "b.vcf", State: ObjectQuarantined, SrcETag: `"2"`, Code: "object_refused", Words: "no", Escrow: "e/b.vcf"},
	}
	must(t, l.Objects.SaveObjects(t.Context(), c, want["a.vcf"], want["b.vcf"]))
	must(t, l.Objects.SettleCollection(t.Context(), c, CollectionState{SyncToken: "t1", CTag: "c1", Objects: 2}, CollectionMark{SyncToken: "d1", CTag: "e1"}))

	again := book(t, l, "/dst/book/")
	if diff := cmp.Diff(c, again); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, objects(t, l, again), cmpopts.IgnoreFields(Object{}, "Updated")); diff != "" {
		t.Error(diff)
	}
	known, err := l.Objects.Collections(t.Context(), "anna@example.test")
	must(t, err)
	if got := known["/src/book/"]; got.Pending != 1 || got.State != again.State || got.Destination != "/dst/book/" {
		t.Errorf("listed as %+v, want one pending object and the state of the last pass", got)
	}
}

func TestCollection_elsewhereVoidsItsObjects(t *testing.T) {
	t.Parallel()
	l := create(t)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c, Object{Source: "a.vcf", State: ObjectStored}))
	must(t, l.Objects.SettleCollection(t.Context(), c, CollectionState{CTag: "c1"}, CollectionMark{SyncToken: "d1", CTag: "e1"}))
	moved := book(t, l, "/dst/other/")
	if moved.ID != c.ID || moved.State != (CollectionState{}) || moved.Made || len(objects(t, l, moved)) > 0 {
		t.Errorf("%+v with %d objects, want a clean row", moved, len(objects(t, l, moved)))
	}
}

func TestSaveObjects_laterReplacesEarlier(t *testing.T) {
	t.Parallel()
	l := create(t)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c, Object{Source: "a.vcf", State: ObjectIntent, Destination: "a.vcf"}, Object{Source: "b.vcf", State: ObjectIntent}))
	must(t, l.Objects.SaveObjects(t.Context(), c, Object{Source: "a.vcf", State: ObjectStored, Destination: "a.vcf"}))
	must(t, l.Objects.DropObjects(t.Context(), c, "b.vcf", "never.vcf"))
	got := objects(t, l, c)
	if len(got) != 1 || got["a.vcf"].State != ObjectStored || got["a.vcf"].Updated.IsZero() {
		t.Errorf("%+v, want a.vcf stored and nothing else", got)
	}
}

func TestExceptions_andCounts(t *testing.T) {
	t.Parallel()
	l := create(t)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c,
		Object{Source: "a.vcf", State: ObjectStored}, Object{Source: "b.vcf", State: ObjectQuarantined, Words: "no"},
		Object{Source: "c.vcf", State: ObjectAdopted, Repairs: []Repair{{"fn", "x"}}}, Object{Source: "d.vcf", State: ObjectHeld},
		Object{Source: "e.vcf", State: ObjectConflict}, Object{Source: "f.vcf", State: ObjectGone},
		Object{Source: "g.vcf", State: ObjectStored, Code: "object_spoilt"}))
	must(t, l.Objects.SettleCollection(t.Context(), c, CollectionState{Objects: 6}, CollectionMark{SyncToken: "d1", CTag: "e1"}))
	exceptions, err := l.Objects.Exceptions(t.Context(), "anna@example.test")
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
	counts, err := l.Objects.Counts(t.Context())
	must(t, err)
	want := ObjectCounts{Collections: 1, Objects: 6, There: 3, Quarantined: 2, Conflicts: 1, Held: 1}
	if diff := cmp.Diff(want, counts["anna@example.test"][rehome.KindContacts]); diff != "" {
		t.Error(diff)
	}
}

func TestObjects_damagedRepairs(t *testing.T) {
	t.Parallel()
	l := create(t)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c, Object{Source: "a.vcf", State: ObjectStored, Repairs: []Repair{{"fn", "x"}}}))
	_, err := l.store.db.Exec(`UPDATE objects SET repairs = '[{'`)
	must(t, err)
	_, err = l.Objects.Objects(t.Context(), c)
	wantOperator(t, err, "damaged", "restore the store")
}

func TestRename_keepsTheRow(t *testing.T) {
	t.Parallel()
	l := create(t)
	c := book(t, l, "/dst/book/")
	must(t, l.Objects.SaveObjects(t.Context(), c, Object{Source: "a.vcf", State: ObjectStored, Destination: "a.vcf"}, Object{Source: "b.vcf", State: ObjectMerged},
		Object{Source: "c.vcf", State: ObjectGone, Form: []byte{1}}, Object{Source: "d.vcf", State: ObjectGone}))
	must(t, l.Objects.RenameObject(t.Context(), c, "a.vcf", Object{Source: "b.vcf", State: ObjectStored, Destination: "a.vcf"}))
	got := objects(t, l, c)
	if _, old := got["a.vcf"]; old || got["b.vcf"].State != ObjectStored || got["b.vcf"].Destination != "a.vcf" {
		t.Errorf("%+v, want the row of a.vcf under the name b.vcf", got)
	}

	must(t, l.Objects.SettleCollection(t.Context(), c, CollectionState{SyncToken: "t1", CTag: "c1", Objects: 2}, CollectionMark{SyncToken: "d1", CTag: "e1"}))
	must(t, l.Objects.RenameCollection(t.Context(), c, "/other/book/"))
	known, err := l.Objects.Collections(t.Context(), "anna@example.test")
	must(t, err)
	row := known["/other/book/"]
	if len(known) != 1 || row.ID != c.ID || row.Destination != "/dst/book/" || row.State != (CollectionState{Objects: 2}) || row.Removable != 1 {
		t.Errorf("%+v, want the row under its new name, with one removable object and without the state", known)
	}
}
