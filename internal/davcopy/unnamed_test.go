// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"testing"

	"rehome/internal/protocol/dav"
)

// What two collections hold in common puts them together, the most of it first. One of which nobody has anything is nobody's.
func TestMatched(t *testing.T) {
	t.Parallel()
	work, home := map[string]int{"a": 1, "b": 1}, map[string]int{"b": 1, "c": 1, "d": 1}
	for name, c := range map[string]struct {
		own, there []map[string]int
		want       int // of the first, -1 for none
	}{
		"the only one":                  {[]map[string]int{work}, []map[string]int{{"a": 1}}, 0},
		"the one with more":             {[]map[string]int{work}, []map[string]int{{"b": 1, "x": 1}, {"a": 1, "b": 1}}, 1},
		"another one's":                 {[]map[string]int{work, home}, []map[string]int{{"b": 1, "c": 1, "d": 1}}, -1},
		"each its own":                  {[]map[string]int{work, home}, []map[string]int{{"c": 1}, {"a": 1}}, 1},
		"nothing in common":             {[]map[string]int{work}, []map[string]int{{"x": 1}, {}}, -1},
		"nothing at the source":         {[]map[string]int{{}}, []map[string]int{{"a": 1}, {}}, -1},
		"nothing there":                 {[]map[string]int{work}, nil, -1},
		"the same, with less besides":   {[]map[string]int{work}, []map[string]int{{"a": 1, "x": 1}, {"a": 1}}, 1},
		"as much, and the first of two": {[]map[string]int{work}, []map[string]int{{"a": 1}, {"b": 1}}, 0},
	} {
		placed, _ := matched(c.own, c.there)
		if got, found := placed[0]; found != (c.want >= 0) || found && got != c.want {
			t.Errorf("%s: %d, %t; want %d", name, got, found, c.want)
		}
	}
}

// A collection was made for what one of the source holds if that is at least half of it, or half of that is in it, and the main one has not
// as much of that where its user has anything else in it.
func TestMadeFor(t *testing.T) {
	t.Parallel()
	own := map[string]int{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, byName + "a.ics": 1, byName + "unread.ics": 1}
	type holds = map[string]int
	for _, c := range []struct {
		there, main holds
		theirs      int
		want        bool
	}{
		{holds{"a": 1}, holds{}, 0, true},
		{holds{"a": 1, "x": 1}, holds{}, 1, true},
		{holds{"a": 1, "x": 1, "y": 1}, holds{}, 2, false},
		{holds{"a": 1, "b": 1, "c": 1, "x": 3, "y": 1}, holds{}, 4, true}, // the source has removed much
		{holds{"a": 1, "b": 1}, holds{"c": 1, "d": 1, "e": 1}, 0, false},
		{holds{"a": 1, "b": 1, "x": 1}, holds{"c": 1}, 1, true},
		{holds{"a": 1, "b": 1, "x": 1}, holds{"c": 1, "d": 1}, 1, false},         // refused before, and half of it was moved into their own
		{holds{"a": 1, "b": 1}, holds{"c": 1, "d": 1}, 0, true},                  // renamed, and half of it was moved into the main one
		{holds{"a": 1, "b": 1}, holds{"a": 1, "b": 1, "c": 1}, 0, true},          // moved there at the source, and left in the main one
		{holds{"a": 1, "b": 1, "x": 1}, holds{"a": 1, "b": 1, "c": 1}, 0, true},  // and x moved out of it
		{holds{"a": 1, "b": 1, "x": 1}, holds{"a": 1, "b": 1, "c": 1}, 1, false}, // refused, and copied
	} {
		if got := madeFor(own, c.there, c.main, c.theirs); got != c.want {
			t.Errorf("%v, %d of it theirs, and %v in the main one: %t, want %t", c.there, c.theirs, c.main, got, c.want)
		}
	}
}

// What a collection is named for has the first claim to it if any of it is there, however much of another it holds.
func TestNamedFor(t *testing.T) {
	t.Parallel()
	sources := []dav.Collection{{Href: "/s/one/"}, {Href: "/s/work/"}}
	own := []map[string]int{{"a": 1, "b": 1}, {"c": 1}}
	for _, test := range []struct {
		href  string
		holds map[string]int
		want  int
	}{
		{"/d/work/", map[string]int{"a": 1, "b": 1, "c": 1}, 1},
		{"/d/" + hashed("work") + "/", map[string]int{"a": 1, "b": 1, "c": 1}, 1},
		{"/d/one/", map[string]int{"a": 1, "c": 1}, 0},
		{"/d/work/", map[string]int{"a": 1, "b": 1}, -1},
		{"/d/4f/", map[string]int{"c": 1}, -1},
	} {
		if got := namedFor(dav.Collection{Href: test.href}, test.holds, sources, own); got != test.want {
			t.Errorf("%s with %v: %d, want %d", test.href, test.holds, got, test.want)
		}
	}
}

// What competes for a collection without a name is all of the source that has no place.
func TestPlan_homeless(t *testing.T) {
	t.Parallel()
	home := &dav.Home{HomeSets: []string{"/h/"}}
	v := view{src: []dav.Collection{{Href: "/s/a/", Name: "A"}, {Href: "/s/b/", Name: "B"}, {Href: "/s/c/", Name: "C"}},
		dst: []dav.Collection{{Href: "/h/c/", Name: "C"}}, srcHome: home, dstHome: home}
	for _, p := range v.plan().placements {
		others := 0
		for _, other := range p.homeless {
			if other.Href == p.source.Href || other.Href == "/s/c/" {
				t.Errorf("%s competes for the place of %s", other.Href, p.source.Href)
			}
			others++
		}
		if !p.exists && others != 1 {
			t.Errorf("%s has %d others, want one", p.source.Href, others)
		}
	}
}
