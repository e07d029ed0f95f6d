// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"testing"

	"rehome/internal/protocol/dav"
)

func TestMadeSince(t *testing.T) {
	t.Parallel()
	before := map[string]dav.Collection{dav.Key("/d/old/"): {}}
	old, made, other, bare := dav.Collection{Href: "/d/old/", Name: "Work"}, dav.Collection{Href: "/d/1f/", Name: "Work"}, dav.Collection{Href: "/d/2e/", Name: "Home"}, dav.Collection{Href: "/d/3d/"}
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
