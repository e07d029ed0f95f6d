// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"path/filepath"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

func TestMadeSince(t *testing.T) {
	t.Parallel()
	before := map[string]dav.Collection{dav.Key("/d/old/"): {}}
	old, made, other, bare := dav.Collection{Href: "/d/old/", Name: "Work"}, dav.Collection{Href: "/d/1f/",
		Name: "Work"}, dav.Collection{Href: "/d/2e/", Name: "Home"}, dav.Collection{Href: "/d/3d/"}
	for _, test := range []struct {
		all  []dav.Collection
		want string
	}{
		{all: []dav.Collection{old}},
		{all: []dav.Collection{old, made}, want: "/d/1f/"},
		{all: []dav.Collection{old, bare}, want: "/d/3d/"}, // its name was not kept
		{all: []dav.Collection{old, other}},                // its user's
		{all: []dav.Collection{old, other, made}, want: "/d/1f/"},
		{all: []dav.Collection{old, bare, made}, want: "/d/1f/"},
		{all: []dav.Collection{old, bare, bare}},
	} {
		got := ""
		if found := madeSince(test.all, before, "Work"); found != nil {
			got = found.Href
		}
		if got != test.want {
			t.Errorf("%+v: %q, want %q", test.all, got, test.want)
		}
	}
}

// A collection that was made under another name, and whose answer was lost, is known by its displayname, unless something
// of the source goes there already or another one could be meant.
func TestMadeBefore(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	rows := map[string]*ledger.Collection{}
	for source, destination := range map[string]string{"/s/work/": "/d/work/", "/s/gone/": "/d/used/"} {
		c := ledger.Collection{Address: address, Kind: rehome.KindContacts, Source: source, Destination: destination}
		if rows[source], err = l.Objects.Collection(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	s := newSlice(New(Options{Ledger: l.Objects}), account(), time.Now(), pass.Budget{})
	j := &collectionJob{slice: s, kind: rehome.KindContacts, row: rows["/s/work/"]}
	j.place.claimed = map[string]bool{dav.Key("/d/planned/"): true}
	one := func(href, name string) dav.Collection { return dav.Collection{Href: href, Name: name} }
	work, second := one("/d/work-2/", "Work"), one("/d/work-3/", "Work")
	used, planned, other := one("/d/used/", "Work"), one("/d/planned/", "Work"), one("/d/home/", "Home")
	for _, test := range []struct {
		all  []dav.Collection
		want string
	}{
		{all: []dav.Collection{used, planned, work, other}, want: "/d/work-2/"}, {all: []dav.Collection{used, planned,
			other}}, {all: []dav.Collection{work, second}},
	} {
		got := ""
		found, err := j.madeBefore(t.Context(), test.all, "Work")
		if found != nil {
			got = found.Href
		}
		if err != nil || got != test.want {
			t.Errorf("%+v: %q, %v; want %q", test.all, got, err, test.want)
		}
	}
}

// On a server that chooses the names of collections no other one is made beside that of a request whose answer was lost, nor
// beside the one that was filled before the ledger was lost.
func TestPasses_collectionsMadeBefore(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 2)
	person.Calendars = append(person.Calendars, corpus.Collection{Name: "trips", DisplayName: "Trips",
		Resources: []corpus.Resource{{Name: "one.ics", Data: event("one", "away")}}})
	p := newPair(t, person)
	session, main := p.calendar(t, p.dst)
	_, source := p.calendar(t, p.src)
	home := session.Home(dav.Calendars).HomeSets[0]
	chooses := func(name string) {
		t.Helper()
		want := dav.NewCollection{Kind: dav.Calendars, Name: "Trips"}
		if err := session.MakeCollection(t.Context(), dav.Child(home, name)+"/", want); err != nil {
			t.Fatal(err)
		}
	}
	chooses("q7")
	begun := ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: parentOf(source.Href) + "trips/",
		Destination: dav.Child(home, "trips") + "/", Made: true}
	if _, err := p.ledger.Collection(t.Context(), begun); err != nil {
		t.Fatal(err)
	}
	check := func(when string, want Tally, collections int) {
		t.Helper()
		wantTally(t, when, p.pass(t).Tallies[rehome.KindCalendars], want)
		all, err := session.Collections(t.Context(), dav.Calendars)
		if got := p.shown(t, p.dst, "q7"); err != nil || len(all) != collections || got != "one.ics" {
			t.Errorf("%s: %d calendars beside %s, the chosen one has %q, %v; want %d in all", when, len(all), main.Href, got, err, collections)
		}
	}
	check("the answer was lost", Tally{Objects: 3, Copied: 3}, 2)
	chooses("q8")
	p.loseLedger(t)
	check("the ledger is lost", Tally{Objects: 3, Adopted: 3}, 3)
}
