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
