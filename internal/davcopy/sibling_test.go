// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// sharing are the rows of collections by their source, two of which share one of the destination.
func sharing(t *testing.T, l *ledger.Ledger) map[string]*ledger.Collection {
	t.Helper()
	rows := map[string]*ledger.Collection{}
	for source, destination := range map[string]string{"/s/own/": "/d/main/", "/s/other/": "/d/main/", "/s/apart/": "/d/apart/"} {
		c := ledger.Collection{Address: address, Kind: rehome.KindContacts, Source: source, Destination: destination}
		row, err := l.Objects.Collection(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		rows[source] = row
	}
	return rows
}

// What vanished from one collection is offered once to another one that misses the same: a pass in which nothing of it turns
// out to be there ends.
func TestLeave_offersOnce(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	rows := sharing(t, l)
	missing := ledger.Object{Source: "x.vcf", Destination: "x.vcf", State: ledger.ObjectStored, SrcDigest: []byte("same"), Code: ledger.CodeMissing}
	if err := l.Objects.SaveObjects(t.Context(), rows["/s/other/"], missing); err != nil {
		t.Fatal(err)
	}
	row := ledger.Object{Source: "y.vcf", Destination: "y.vcf", State: ledger.ObjectStored, SrcDigest: []byte("same")}
	for _, want := range []bool{true, false} {
		if err := l.Objects.SettleCollection(t.Context(), rows["/s/other/"], ledger.CollectionState{}, ledger.CollectionMark{CTag: "1"}); err != nil {
			t.Fatal(err)
		}
		s := newSlice(New(Options{Ledger: l.Objects}), account(), time.Now(), pass.Budget{})
		place := placement{target: dav.Collection{Href: "/d/main/"}}
		j := &collectionJob{slice: s, kind: rehome.KindContacts, row: rows["/s/own/"], place: place}
		if err := j.leave(t.Context(), []ledger.Object{row}); err != nil || s.more != want {
			t.Errorf("%s: offered %t, %v; want %t", row.State, s.more, err, want)
		}
		row = left(row)
	}
}

// What is left because it is not ours to remove is offered, too.
func TestRemove_offersWhatStays(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 1, 0))
	p.put(t, "a.ics", "first")
	p.pass(t)
	session, c := p.calendar(t, p.dst)
	rows := map[string]*ledger.Collection{}
	for _, source := range []string{"/s/own/", "/s/other/"} {
		row, err := p.ledger.Collection(t.Context(), ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: source,
			Destination: c.Href})
		if err != nil {
			t.Fatal(err)
		}
		rows[source] = row
	}
	missing := ledger.Object{Source: "x.ics", Destination: "x.ics", State: ledger.ObjectStored, SrcDigest: []byte("same"), Code: ledger.CodeMissing}
	err := p.ledger.SaveObjects(t.Context(), rows["/s/other/"], missing)
	if err == nil {
		err = p.ledger.SettleCollection(t.Context(), rows["/s/other/"], ledger.CollectionState{}, ledger.CollectionMark{CTag: "1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	s := newSlice(New(Options{Ledger: p.ledger}), account(), time.Now(), pass.Budget{})
	s.dst = session
	j := &collectionJob{slice: s, kind: rehome.KindCalendars, row: rows["/s/own/"], place: placement{target: c}}
	edited := ledger.Object{Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, SrcDigest: []byte("same")}
	edited.Form = eventForm(event("one", "else"))
	if removed, err := j.remove(t.Context(), edited); removed || err != nil || !s.more {
		t.Errorf("removed %t, %v, offered %t; want it left and offered", removed, err, s.more)
	}
}

// Two collections of the source that share one of the destination do not take each other's objects for their own.
func TestFindSiblings(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	rows := sharing(t, l)
	for source, row := range rows {
		o := ledger.Object{Source: "x.vcf", State: ledger.ObjectStored, Destination: decodedName(source) + ".vcf"}
		if err := l.Objects.SaveObjects(t.Context(), row, o); err != nil {
			t.Fatal(err)
		}
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

// What the destination's user has given another name is still that collection's which had it there, and no other's: also
// where the source has a copy of it there by now.
func TestReserve_whatTheUserHasRenamed(t *testing.T) {
	t.Parallel()
	first, second, other := event("one", "first"), event("one", "second"), event("one", "other")
	theirs := ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(second), Earlier: eventForm(first),
	}
	there := ledger.Object{Source: "b.ics", Destination: "b.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(second)}
	for name, test := range map[string]struct {
		rows  []ledger.Object
		begun string // what this collection has begun to write
		data  []byte
		want  bool // taken for theirs
	}{
		"renamed":                      {[]ledger.Object{theirs}, "", second, true},
		"renamed before it was copied": {[]ledger.Object{theirs}, "", first, true},
		"somebody's own":               {[]ledger.Object{theirs}, "", other, false},
		"theirs is where it was":       {[]ledger.Object{there}, "", second, false},
		"one of two is where it was":   {[]ledger.Object{there, theirs}, "", second, true},
		"begun under another name":     {[]ledger.Object{theirs}, "z.ics", second, true},
		"begun under that name":        {[]ledger.Object{theirs}, "x.ics", second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &collectionJob{
				kind: rehome.KindCalendars, unknown: &strangers{}, held: test.rows, present: map[string]bool{"b.ics": true, "x.ics": true},
				siblings: map[string]bool{}, known: map[string]ledger.Object{"c.ics": {Destination: test.begun, State: ledger.ObjectIntent}},
			}
			j.unknown.add("x.ics", `"1"`, test.data, j.content())
			j.reserve()
			if got := len(j.unknown.withUID("one")) == 0; got != test.want || j.siblings["x.ics"] != test.want {
				t.Errorf("taken %t, sibling's %t; want %t", got, j.siblings["x.ics"], test.want)
			}
			j.unknown.add("y.ics", `"2"`, test.data, j.content())
			if j.reserve(); test.want && len(j.unknown.withUID("one")) != 1 {
				t.Error("one row has taken two objects")
			}
		})
	}
}

// A destination that takes a UID once has an older version of what one collection holds, which it cannot replace. It is what
// another collection holds, so that one is there; and it is not as long as it counts for the first.
func TestFindUID_aVersionThatIsAnotherCollections(t *testing.T) {
	t.Parallel()
	p := newPair(t, corpus.PIMPerson(address, password, 0, 0))
	session, c := p.calendar(t, p.dst)
	if _, err := session.Put(t.Context(), hrefOf(c.Href, "a.ics"), dav.Upload{Data: event("one", "first"), Kind: dav.Calendars}); err != nil {
		t.Fatal(err)
	}
	theirs := ledger.Object{
		Source: "a.ics", Destination: "a.ics", State: ledger.ObjectStored, UID: "one", Form: eventForm(event("one", "first")),
	}
	newer, another := theirs, theirs
	newer.State, newer.Code = ledger.ObjectConflict, objectConflict.Code
	another.Form = eventForm(event("one", "second")) // what its user has given its name, it seemed
	for _, test := range []struct {
		siblings []ledger.Object
		summary  string
		want     ledger.ObjectState
	}{
		{[]ledger.Object{theirs}, "first", ledger.ObjectQuarantined},
		{[]ledger.Object{newer}, "first", ledger.ObjectAdopted},
		{[]ledger.Object{newer}, "third", ledger.ObjectQuarantined},
		{[]ledger.Object{another}, "first", ledger.ObjectAdopted},
		{[]ledger.Object{newer, theirs}, "first", ledger.ObjectQuarantined},
		{[]ledger.Object{theirs, newer}, "first", ledger.ObjectQuarantined},
	} {
		j := &collectionJob{
			slice: newSlice(p.engine(), account(), time.Now(), someTime), kind: rehome.KindCalendars, place: placement{target: c},
			known: map[string]ledger.Object{}, byUID: map[string]string{}, taken: map[string]bool{}, probing: make(chan struct{}, 1),
		}
		j.slice.dst = session
		j.bookSiblings(test.siblings)
		x := consider(dav.Object{Href: "/s/b.ics", Data: event("one", test.summary)}, books{content: j.content(), below: "/s/", taken: j.taken})
		refusal := &dav.StatusError{Status: http.StatusConflict, Conditions: []string{"no-uid-conflict"}, Href: hrefOf(c.Href, "a.ics")}
		if err := j.findUID(t.Context(), &x, refusal); err != nil || x.row.State != test.want {
			t.Errorf("%s, where %+v: %s (%s), %v; want %s", test.summary, test.siblings, x.row.State, x.row.Code, err, test.want)
		}
	}
}

// Two objects of one UID are each in conflict with what the other has at the source: each is there, under the other's name.
func TestContested_conflictsThatCross(t *testing.T) {
	t.Parallel()
	conflict := func(source, there string) ledger.Object {
		return ledger.Object{Source: source, Destination: there, State: ledger.ObjectConflict, Code: objectConflict.Code, UID: "one"}
	}
	j := &collectionJob{
		kind: rehome.KindCalendars, contest: &strangers{}, unknown: &strangers{}, siblings: map[string]bool{},
		present: map[string]bool{"x.ics": true, "y.ics": true, "held.ics": true, "stored.ics": true},
		known: map[string]ledger.Object{
			"a.ics": conflict("a.ics", "x.ics"), "b.ics": conflict("b.ics", "held.ics"), "d.ics": conflict("d.ics", "gone.ics"),
			"s.ics": {Source: "s.ics", Destination: "stored.ics", State: ledger.ObjectStored},
		},
		theirs: map[string][]ledger.Object{
			"y.ics": {conflict("c.ics", "y.ics")}, "held.ics": {{Source: "e.ics", Destination: "held.ics", State: ledger.ObjectStored}},
		},
	}
	if got := strings.Join(j.contested(), " "); got != "x.ics y.ics" {
		t.Errorf("contested: %s", got)
	}
	mine := event("one", "mine")
	j.contest.add("x.ics", `"1"`, event("one", "theirs"), j.content())
	j.contest.add("y.ics", `"2"`, mine, j.content())
	b := books{content: j.content(), below: "/s/", known: j.known, unknown: j.unknown, contest: j.contest}
	if p := consider(dav.Object{Href: "/s/a.ics", Data: mine}, b); p.way != wayRecognise || p.found.name != "y.ics" {
		t.Errorf("%s %s, want it found under the other's name", p.way, p.found.name)
	}
	other := event("two", "mine")
	j.known["a.ics"] = ledger.Object{Source: "a.ics", Destination: "x.ics", State: ledger.ObjectConflict, Code: objectConflict.Code, UID: "two"}
	j.contest = &strangers{}
	j.contest.add("y.ics", `"2"`, mine, j.content())
	b.contest = j.contest
	if p := consider(dav.Object{Href: "/s/a.ics", Data: other}, b); p.found.name != "x.ics" {
		t.Errorf("one of another UID is taken for it: %s", p.found.name)
	}
}
