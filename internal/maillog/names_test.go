// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"strings"
	"testing"
)

func TestAddressesIn_makesNoneUp(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"to=<anna@example.com>":               "anna@example.com",
		"to=<jürgen@example.com>":             "",
		"to=<j\xfcrgen@example.com>":          "", // ISO 8859-1
		"to=<jo\u0308rg@example.com>":         "", // a letter and a mark
		"to=<anna@exämple.com>":               "",
		"to=<anna@ex\xe4mple.com>":            "",
		"«anna@example.com»":                  "anna@example.com",
		"für: ben@example.com, ä cy@a.test é": "ben@example.com cy@a.test",
		"„anna@example.com“":                  "anna@example.com",
		"an anna@example.com\xa0und":          "anna@example.com",
	} {
		if got := strings.Join(AddressesIn(text), " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
