// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestWellKnownNames_eachMeansOneUse(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, use := range specialUses() {
		names := wellKnownNames()[use]
		if len(names) == 0 {
			t.Errorf("%s has no names", use)
		}
		for _, name := range names {
			if !norm.NFC.IsNormalString(name) {
				t.Errorf("%q is not composed", name)
			}
			if before, found := seen[foldName(name)]; found {
				t.Errorf("%q stands for %s and for %s", name, before, use)
			}
			seen[foldName(name)] = use
		}
	}
	if got, want := len(wellKnownNames()), len(specialUses()); got != want {
		t.Errorf("got names for %d uses, want %d", got, want)
	}
}
