// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"crypto/sha256"
	"net/http"
	"testing"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// unservedJob knows one event that was copied as a.ics, and finds another etag under that name at the source.
func unservedJob(t *testing.T, row ledger.Object) (*collectionJob, *pair) {
	t.Helper()
	p := &pair{}
	p.loseLedger(t)
	c, err := p.ledger.Collection(t.Context(), ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: "/c/", Destination: "/d/"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ledger.SaveObjects(t.Context(), c, row); err != nil {
		t.Fatal(err)
	}
	return &collectionJob{
		slice: &slice{engine: New(Options{Ledger: p.ledger})}, kind: rehome.KindCalendars, row: c, place: placement{source: dav.Collection{Href: "/c/"}},
		known: map[string]ledger.Object{row.Source: row}, byUID: map[string]string{row.UID: row.Source}, unknown: &strangers{},
		taken: map[string]bool{row.Destination: true}, present: map[string]bool{row.Destination: true},
		source: listed{items: map[string]dav.Item{row.Source: {Href: "/c/" + row.Source, ETag: `"2"`}}},
	}, p
}

func copied(data []byte) ledger.Object {
	digest := sha256.Sum256(data)
	return ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", SrcETag: `"1"`, DstETag: `"d"`, SrcDigest: digest[:],
		Form: eventForm(data),
	}
}

// decided runs chunks through the stage that decides, and tells what becomes of each name.
func (j *collectionJob) decided(t *testing.T, chunks ...[]dav.Object) map[string]*transfer {
	t.Helper()
	in, out := make(chan []dav.Object, len(chunks)), make(chan []*transfer, len(chunks)+1)
	for _, chunk := range chunks {
		in <- chunk
	}
	close(in)
	if err := j.decideAll(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	close(out)
	all := map[string]*transfer{}
	for transfers := range out {
		for _, p := range transfers {
			all[p.row.Source] = p
		}
	}
	return all
}

// Another object has got the name, and is not served: what was copied from the name goes with the object that was copied, and is
// not copied a second time. It does so when the two come in one chunk or in two, and when the name was not served before.
func TestDecideAll_anotherObjectThatIsNotServed(t *testing.T) {
	t.Parallel()
	first, second := event("one", "first"), event("one", "second")
	unserved := dav.Object{Href: "/c/a.ics", ETag: `"2"`, Err: &dav.StatusError{Status: http.StatusBadGateway}}
	behindRow := behind(copied(first), ledger.UpdateUnreadable, "not read")
	for name, c := range map[string]struct {
		row    ledger.Object
		data   []byte
		chunks func(renamed dav.Object) [][]dav.Object
		want   way
	}{
		"in one chunk":     {copied(first), first, func(o dav.Object) [][]dav.Object { return [][]dav.Object{{o, unserved}} }, wayNote},
		"in two":           {copied(first), first, func(o dav.Object) [][]dav.Object { return [][]dav.Object{{unserved}, {o}} }, wayNote},
		"changed too":      {copied(first), second, func(o dav.Object) [][]dav.Object { return [][]dav.Object{{unserved, o}} }, wayWrite},
		"an earlier slice": {behindRow, first, func(o dav.Object) [][]dav.Object { return [][]dav.Object{{o}} }, wayNote},
		"lost there":       {asMissing(copied(first)), first, func(o dav.Object) [][]dav.Object { return [][]dav.Object{{unserved, o}} }, wayNote},
	} {
		j, p := unservedJob(t, c.row)
		all := j.decided(t, c.chunks(dav.Object{Href: "/c/b.ics", ETag: `"3"`, Data: c.data})...)
		got := all["b.ics"]
		if got == nil || got.way != c.want || got.row.Destination != "a.ics" || got.row.Missing() != c.row.Missing() {
			t.Errorf("%s: %+v, want %s of what is there", name, got, c.want)
		}
		if other := all["a.ics"]; other != nil && (other.row.State != ledger.ObjectQuarantined || other.row.Destination != "") {
			t.Errorf("%s: the unread one is %+v, want it not copied", name, other.row)
		}
		rows, err := p.ledger.Objects(t.Context(), j.row)
		if err != nil || len(rows) != 2 || rows["a.ics"].State != ledger.ObjectQuarantined || rows["b.ics"].Destination != "a.ics" {
			t.Errorf("%s: %v, the ledger has %+v", name, err, rows)
		}
		if !j.unread {
			t.Errorf("%s: what has vanished may be what was not read", name)
		}
	}
}

// A name that is read for its row alone, and turns out to be another object, is read again if the slice breaks off: the source counts
// as never listed from then on.
func TestDecideAll_unsettles(t *testing.T) {
	t.Parallel()
	first := event("one", "first")
	renamed := dav.Object{Href: "/c/b.ics", ETag: `"3"`, Data: first}
	for name, c := range map[string]struct {
		listed bool
		served []dav.Object
		gone   []ledger.Object
		want   string
	}{
		"listed":     {true, []dav.Object{renamed}, []ledger.Object{left(copied(first))}, "1"},
		"not listed": {false, []dav.Object{renamed}, []ledger.Object{left(copied(first))}, ""},
		"displaced":  {false, []dav.Object{{Href: "/c/a.ics", Data: event("two", "other")}}, nil, ""},
	} {
		j, p := unservedJob(t, copied(first))
		if err := p.ledger.SettleCollection(t.Context(), j.row, ledger.CollectionState{SyncToken: "1"}, ledger.CollectionMark{}); err != nil {
			t.Fatal(err)
		}
		if j.source.items = map[string]dav.Item{}; c.listed {
			j.source.items["b.ics"] = dav.Item{Href: "/c/b.ics", ETag: `"3"`}
		}
		j.actions.vanished = c.gone
		j.decided(t, c.served)
		known, err := p.ledger.Collections(t.Context(), address)
		if got := known["/c/"].State.SyncToken; err != nil || got != c.want {
			t.Errorf("%s: %v, the token %q, want %q", name, err, got, c.want)
		}
	}
}

// What has not changed is what it was, served or not: a copy of it is but a copy. And what nobody claims is a newer version.
func TestDecideAll_unservedAndNotClaimed(t *testing.T) {
	t.Parallel()
	first := event("one", "first")
	unserved := dav.Object{Href: "/c/a.ics", ETag: `"2"`, Err: &dav.StatusError{Status: http.StatusBadGateway}}
	j, _ := unservedJob(t, copied(first))
	j.source.items["a.ics"] = dav.Item{Href: "/c/a.ics", ETag: `"1"`}
	if got := j.decided(t, []dav.Object{unserved, {Href: "/c/b.ics", Data: first}})["b.ics"]; got.way != wayMerge {
		t.Errorf("a copy of what has not changed: %s, want it merged", got.way)
	}
	j, _ = unservedJob(t, copied(first))
	if got := j.decided(t, []dav.Object{unserved, {Href: "/c/b.ics", Data: event("two", "first")}})["a.ics"]; !got.row.Behind() {
		t.Errorf("nobody claims it: %+v, want it behind", got.row)
	}
}

// What the destination has lost of a name that was not read since it changed is to be read still, whatever becomes of the row: it
// may be another object, and nothing else says that the source has it.
func TestAsMissing_ofWhatWasNotRead(t *testing.T) {
	t.Parallel()
	data := event("one", "first")
	row := asMissing(behind(copied(data), ledger.UpdateUnreadable, "not read"))
	if !row.Missing() || !open(row, row.Updated) {
		t.Errorf("%+v, want it missing, and read", row)
	}
	left := copied(data)
	left.Source, left.Destination = "b.ics", "b.ics"
	if taken := inherit(left, row).row; !open(taken, taken.Updated) || taken.Destination != "b.ics" {
		t.Errorf("%+v, want it there, and read", taken)
	}
	b := books{below: "/c/", known: map[string]ledger.Object{"a.ics": asMissing(copied(data))}}
	unread := consider(dav.Object{Href: "/c/a.ics", ETag: `"2"`, Err: &dav.StatusError{Status: http.StatusBadGateway}}, b)
	if !unread.row.Missing() || !open(unread.row, unread.row.Updated) {
		t.Errorf("%+v, want it missing still, and read again", unread.row)
	}
}
