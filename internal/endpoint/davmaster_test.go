// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"testing"

	"rehome"
	"rehome/internal/protocol/dav"
)

// What a master user is shown is taken for an account's only if the server says so.
func TestShownAs(t *testing.T) {
	t.Parallel()
	settings := DAVSettings{MasterUser: "Mover", MasterSeparator: "*"}
	account := rehome.Account{Address: "anna@example.org", DestinationUser: "anna"}
	for name, test := range map[string]struct {
		home dav.Home
		want bool
	}{
		"by its path":              {dav.Home{HomeSets: []string{"/anna@example.org/"}}, true},
		"by its login name":        {dav.Home{Principal: "/principals/7", HomeSets: []string{"https://dav.example.org/cal/Anna/"}}, true},
		"by its address":           {dav.Home{HomeSets: []string{"/h/7/"}, Addresses: []string{"/p/7", "mailto:Anna@example.org"}}, true},
		"a number":                 {dav.Home{Principal: "/p/7", HomeSets: []string{"/h/7/"}}, false},
		"the master's own":         {dav.Home{HomeSets: []string{"/mover/"}, Addresses: []string{"mailto:anna@example.org"}}, false},
		"the whole name":           {dav.Home{Principal: "/anna%40example.org*mover/", HomeSets: []string{"/anna%40example.org%2Amover/"}}, false},
		"somebody else":            {dav.Home{HomeSets: []string{"/hanna/"}}, false},
		"nothing":                  {dav.Home{}, false},
		"principal only":           {dav.Home{Principal: "/anna/"}, false},
		"a name that has it in it": {dav.Home{HomeSets: []string{"/remover/anna/"}}, true},
	} {
		if got := shownAs(&test.home, account, "anna", settings); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
