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
)

// What a closed collection holds tells whose it is: half of it, or any of it where the source's would go there if it were open.
func TestClosedOne(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	closed := func(href string) dav.Collection { return dav.Collection{Href: href, Privileges: []string{"read"}} }
	one, three := map[string]int{"a": 1}, map[string]int{"a": 1, "x": 1, "y": 1}
	for i, test := range []struct {
		name, source string
		there        dav.Collection
		holds        map[string]int
		closedMain   string
		others       []dav.Collection // of the source, that have no place either
		placed       bool             // it has a place itself
		want         bool
	}{
		{name: "half of it", source: "/s/work/", there: closed("/d/4f/"), holds: one, want: true},
		{name: "less", source: "/s/work/", there: closed("/d/4f/"), holds: three},
		{name: "of its name", source: "/s/work/", there: closed("/d/work/"), holds: three, want: true},
		{name: "of the name that it would get", source: "/s/work/", there: closed("/d/" + hashed("work") + "/"), holds: three, want: true},
		{name: "the main one", source: "/s/main/", there: closed("/d/calendar/"), holds: three, closedMain: "/d/calendar/", want: true},
		{name: "the main one, for another", source: "/s/work/", there: closed("/d/calendar/"), holds: three, closedMain: "/d/calendar/"},
		{name: "open", source: "/s/work/", there: dav.Collection{Href: "/d/work/"}, holds: three},
		{name: "of its name, and not returned", source: "/s/work/", there: closed("/d/work/"), holds: map[string]int{byName + "4f.ics": 1},
			want: true},
		{name: "the main one, of another's name", source: "/s/main/", there: closed("/d/work/"), holds: map[string]int{byName + "4f.ics": 1},
			closedMain: "/d/work/", others: []dav.Collection{{Href: "/s/work/"}}},
		{name: "the main one, not returned", source: "/s/main/", there: closed("/d/work/"), holds: map[string]int{byName + "4f.ics": 1},
			closedMain: "/d/work/", want: true},
		{name: "not returned", source: "/s/work/", there: closed("/d/4f/"), holds: map[string]int{byName + "4f.ics": 1}},
		{name: "of another's name", source: "/s/main/", there: closed("/d/work/"), holds: one, others: []dav.Collection{{Href: "/s/work/"}},
			want: true},
		{name: "of another's name, where it has a place", source: "/s/main/", there: closed("/d/work/"), holds: one,
			others: []dav.Collection{{Href: "/s/work/"}}, placed: true},
		{name: "nothing of it", source: "/s/work/", there: closed("/d/work/"), holds: map[string]int{"x": 1}},
	} {
		s := newSlice(New(Options{Ledger: l.Objects}), account(), time.Now(), pass.Budget{})
		s.holdings[holder{test.source, true}] = map[string]int{"a": 1, "b": 1, "c": 1}
		s.holdings[holder{test.there.Href, false}] = test.holds
		j := &collectionJob{slice: s, kind: rehome.KindCalendars, row: &ledger.Collection{ID: int64(1000 + i), Address: address}}
		for _, other := range test.others {
			s.holdings[holder{other.Href, true}] = map[string]int{"z": 1}
		}
		j.place = placement{source: dav.Collection{Href: test.source}, exists: test.placed, main: "/s/main/", closedMain: test.closedMain,
			mine: []dav.Collection{test.there}, homeless: test.others}
		if got, err := j.closedOne(t.Context()); err != nil || (got != nil) != test.want {
			t.Errorf("%s: %v, %v; want it: %t", test.name, got, err, test.want)
		}
	}
}

// What was refused, and went into a closed collection, does not bar the one that this is named for from it.
func TestUnused_guestsInAClosedOne(t *testing.T) {
	t.Parallel()
	l, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	there := dav.Collection{Href: "/d/work/", Privileges: []string{"read"}}
	guest, err := l.Objects.Collection(t.Context(), ledger.Collection{Address: address, Kind: rehome.KindCalendars, Source: "/s/calendar/",
		Destination: there.Href})
	if err != nil {
		t.Fatal(err)
	}
	s := newSlice(New(Options{Ledger: l.Objects}), account(), time.Now(), pass.Budget{})
	for source, want := range map[string]int{"/s/work/": 1, "/s/home/": 0} {
		j := &collectionJob{slice: s, kind: rehome.KindCalendars, row: &ledger.Collection{ID: guest.ID + 1, Address: address}}
		j.place = placement{source: dav.Collection{Href: source}, others: map[string]dav.Collection{dav.Key(there.Href): there}}
		unused, going, err := j.unused(t.Context(), []dav.Collection{there})
		if err != nil || len(unused) != want || !going["/s/calendar/"] {
			t.Errorf("%s: %v, going %v, %v; want %d", source, unused, going, err, want)
		}
	}
}

// An open collection is left for a closed one only where that has something of the source's that the open one lacks, and no less of it.
func TestHasMore(t *testing.T) {
	t.Parallel()
	type holds = map[string]int
	own := holds{"a": 1, "b": 1, "c": 1, byName + "c.ics": 1}
	for _, test := range []struct {
		open, closed holds
		want         bool
	}{
		{holds{"a": 1, "b": 1}, holds{"c": 1}, true},
		{holds{"a": 1}, holds{"b": 1, "c": 1}, false},
		{holds{"a": 1}, holds{"b": 1}, false},
		{holds{"a": 1}, holds{"a": 1, "x": 1}, true}, // moved at the source, and left in the closed one
		{holds{"a": 1, "x": 1}, holds{"a": 1, "b": 1}, false},
		{holds{"a": 1}, holds{"a": 1, byName + "4f.ics": 1}, false}, // that may be another of it
		{holds{}, holds{byName + "4f.ics": 1}, false},
	} {
		if got := hasMore(own, test.open, test.closed); got != test.want {
			t.Errorf("open %v, closed %v: %t, want %t", test.open, test.closed, got, test.want)
		}
	}
}

// The main collection is known as such also where nobody may write into it, unless the server names another one.
func TestPlan_closedMain(t *testing.T) {
	t.Parallel()
	read := []string{"read"}
	for _, test := range []struct {
		there []dav.Collection
		named string // by the server
		want  string
	}{
		{there: []dav.Collection{{Href: "/d/calendar/", Privileges: read, Owner: "/p/"}, {Href: "/d/work/"}}, want: "/d/calendar/"},
		{there: []dav.Collection{{Href: "/d/calendar/"}, {Href: "/d/work/", Privileges: read, Owner: "/p/"}}},
		{there: []dav.Collection{{Href: "/d/calendar/", Privileges: read, Owner: "/p/"}, {Href: "/d/work/"}}, named: "/d/work/"},
		{there: []dav.Collection{{Href: "/d/4f/", Privileges: read, Owner: "/p/"}}, want: "/d/4f/"},
	} {
		v := view{kind: dav.Calendars, src: []dav.Collection{{Href: "/s/calendar/"}}, dst: test.there,
			srcHome: &dav.Home{}, dstHome: &dav.Home{Principal: "/p/", HomeSets: []string{"/d/"}, Default: test.named}}
		if got := v.plan().placements[0].closedMain; got != test.want {
			t.Errorf("%v: %q, want %q", test.there, got, test.want)
		}
	}
}
