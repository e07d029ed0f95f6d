// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"testing"

	"rehome"
	"rehome/internal/protocol/dav"
	"rehome/lab/corpus"
)

// What several collections of one displayname hold tells which is which.
func TestChoose(t *testing.T) {
	t.Parallel()
	of := func(uids ...string) map[string]int {
		all := map[string]int{}
		for _, uid := range uids {
			all[uid]++
		}
		return all
	}
	type holdings = []map[string]int
	for name, test := range map[string]struct {
		own, there holdings
		want       int
	}{
		"by what they hold":             {holdings{of("a", "b"), of("c")}, holdings{of("c"), of("a", "b")}, 1},
		"the most":                      {holdings{of("a", "b", "c")}, holdings{of("a"), of("b", "c")}, 1},
		"another one's":                 {holdings{of("a"), of("a", "b")}, holdings{of("a", "b")}, -1},
		"another one's, and an own one": {holdings{of("a"), of("a", "b")}, holdings{of("a", "b"), of("a", "x")}, 1},
		"the same in both":              {holdings{of("a"), of("a")}, holdings{of("a"), of("a")}, 0},
		"the least of anything else":    {holdings{of("a"), of("b")}, holdings{of("a", "x", "y"), of("a")}, 1},
		"nothing in common":             {holdings{of("a"), of("b")}, holdings{of("x")}, -1},
		"empty":                         {holdings{of("a"), of("b")}, holdings{of("x"), of()}, 1},
		"the only one that is called so, and empty ones": {holdings{of("a")}, holdings{of(), of("x"), of()}, 1},
		"the only one that is called so, and two":        {holdings{of("a")}, holdings{of("y"), of("x")}, -1},
		"not known, and others hold nothing":             {holdings{of("a"), of()}, holdings{of(), of("x")}, 1},
		"nothing at the source":                          {holdings{of(), of("b")}, holdings{of("b"), of()}, 1},
	} {
		if got := choose(test.own, test.there, len(test.own) == 1); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

// The main collection goes into the only one that is left, but not into one that is called like others of the source. Where others have
// no place either, it is but kept in mind for it: what it holds may be theirs.
func TestPlan_mainLeavesWhatIsCalledLikeAnother(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Trips": "/d/default/", "Anything": "/d/q7/", "Spare": "/d/default/"} {
		src := []dav.Collection{{Href: "/s/default/"}, {Href: "/s/w/", Name: "Trips"}, {Href: "/s/v/", Name: "Trips"}}
		v := view{kind: dav.Calendars, src: src, dst: []dav.Collection{{Href: "/d/q7/", Name: name}},
			srcHome: &dav.Home{}, dstHome: &dav.Home{HomeSets: []string{"/d/"}}}
		if name == "Anything" {
			v.src = src[:1]
		}
		p := v.plan().placements[0]
		if got := p.destination; got != want || (p.spare != nil) != (name == "Spare") {
			t.Errorf("beside %q: to %s, %v spare; want %s", name, got, p.spare, want)
		}
	}
}

// Two calendars of one displayname went to a server that has chosen names for them. When the ledger is lost, each is found again by
// what it holds, nothing is copied twice, and no calendar is made.
func TestPass_collectionsOfOneName(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 2)
	for _, name := range []string{"trips", "other"} {
		resource := corpus.Resource{Name: name + ".ics", Data: event(name, "away")}
		person.Calendars = append(person.Calendars, corpus.Collection{Name: name, DisplayName: "Trips", Resources: []corpus.Resource{resource}})
	}
	p := newPair(t, person)
	session, _ := p.calendar(t, p.dst)
	home := session.Home(dav.Calendars).HomeSets[0]
	for i, name := range []string{"other", "trips"} {
		href := dav.Child(home, fmt.Sprintf("q%d", i)) + "/"
		if err := session.MakeCollection(t.Context(), href, dav.NewCollection{Kind: dav.Calendars, Name: "Trips"}); err != nil {
			t.Fatal(err)
		}
		if _, err := session.Put(t.Context(), href+name+".ics", dav.Upload{Data: event(name, "away"), Kind: dav.Calendars}); err != nil {
			t.Fatal(err)
		}
	}
	wantTally(t, "without a ledger", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4, Copied: 2, Adopted: 2})
	all, err := session.Collections(t.Context(), dav.Calendars)
	if one, other := p.shown(t, p.dst, "q0"), p.shown(t, p.dst, "q1"); err != nil || len(all) != 3 || one != "other.ics" || other != "trips.ics" {
		t.Errorf("%d calendars with %q and %q, %v; want three, with what each has at the source", len(all), one, other, err)
	}
	// Nor when its user calls one otherwise by now.
	p.loseLedger(t)
	if err := session.SetProperty(t.Context(), dav.Child(home, "q0")+"/", dav.Calendars, dav.PropertyName, "Otherwise"); err != nil {
		t.Fatal(err)
	}
	wantTally(t, "and renamed", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 4, Adopted: 4})
	if all, err = session.Collections(t.Context(), dav.Calendars); err != nil || len(all) != 3 {
		t.Errorf("%d calendars, %v; want three", len(all), err)
	}
}

// A calendar that had not had its turn when a pass was interrupted got a name of its own, for the main one, which is refused, was in
// the only calendar there by then, and that has its plain name. When the ledger is lost both are found where they are.
func TestPass_refusedMainInThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	person := corpus.PIMPerson(address, password, 0, 0)
	person.Calendars[0].Resources = []corpus.Resource{{Name: "main.ics", Data: event("main", "in the main one")}}
	person.Calendars = append(person.Calendars, corpus.Collection{Name: "work", DisplayName: "Work", Resources: []corpus.Resource{
		{Name: "one.ics", Data: event("one", "at work")}}})
	p, _, dst := troubled(t, person)
	session, main := p.calendar(t, p.dst)
	if err := session.Delete(t.Context(), main.Href, ""); err != nil {
		t.Fatal(err)
	}
	home, hash := parentOf(main.Href), hashed("work")
	for name, holds := range map[string]string{"work": "main", hash: "one"} {
		href := dav.Child(home, name) + "/"
		if err := session.MakeCollection(t.Context(), href, dav.NewCollection{Kind: dav.Calendars, Name: "Theirs"}); err != nil {
			t.Fatal(err)
		}
		data := event(holds, map[string]string{"main": "in the main one", "one": "at work"}[holds])
		if _, err := session.Put(t.Context(), href+holds+".ics", dav.Upload{Data: data, Kind: dav.Calendars}); err != nil {
			t.Fatal(err)
		}
	}
	dst.set(about("", "MKCOL MKCALENDAR", http.StatusForbidden, "no more calendars"))
	wantTally(t, "without a ledger", p.pass(t).Tallies[rehome.KindCalendars], Tally{Objects: 2, Adopted: 2})
	if one, other := p.shown(t, p.dst, "work"), p.shown(t, p.dst, hash); one != "main.ics" || other != "one.ics" {
		t.Errorf("the calendars have %q and %q, want what they had", one, other)
	}
}

// shaky is an end that fails so many times at an object before it returns it.
type shaky struct {
	data  []byte
	fails map[string]int
	asked map[string]int
}

func (s *shaky) Changes(_ context.Context, _ *dav.Collection, _ dav.Mark, each func(dav.Item) error) (dav.Listing, error) {
	for href := range s.fails {
		if err := each(dav.Item{Href: href}); err != nil {
			return dav.Listing{}, err
		}
	}
	return dav.Listing{}, nil
}

func (s *shaky) Read(_ context.Context, _ *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	for _, item := range items {
		o := dav.Object{Href: item.Href, Data: s.data}
		if s.asked[item.Href]++; s.asked[item.Href] <= s.fails[item.Href] {
			o = dav.Object{Href: item.Href, Err: &dav.StatusError{Status: http.StatusInternalServerError}}
		}
		if err := each(o); err != nil {
			return err
		}
	}
	return nil
}

// What is not returned for a moment tells all the same whose a collection is. What is never returned is known by its name alone.
func TestContents_ofWhatIsNotReturnedAtOnce(t *testing.T) {
	t.Parallel()
	end := &shaky{data: event("one", "first"), fails: map[string]int{"/c/a.ics": 0, "/c/b.ics": 2, "/c/d.ics": 99}, asked: map[string]int{}}
	j := &collectionJob{kind: rehome.KindCalendars}
	got, err := j.contents(t.Context(), end, &dav.Collection{Href: "/c/"}, false)
	if want := map[string]int{"one": 2, byName + "d.ics": 1}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if end.asked["/c/a.ics"] != 1 || end.asked["/c/d.ics"] != readings {
		t.Errorf("asked %v times, want once for what is returned, and no more than %d times", end.asked, readings)
	}
}
