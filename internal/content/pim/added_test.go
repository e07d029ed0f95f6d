// SPDX-License-Identifier: Apache-2.0

package pim

import (
	"strings"
	"testing"
)

// What a server makes of an object adds nothing; what its user enters does.
func TestAdded(t *testing.T) {
	t.Parallel()
	given := "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Muster;Anna;Maria,Luise;Dr.,Prof.;\r\nNOTE:a\\, b\r\nCATEGORIES:Smith\\, Inc.\r\nTEL:+49 30 1\r\nEND:VCARD\r\n"
	for what, c := range map[string]struct {
		old, now string
		want     bool
	}{
		"nothing":               {"", "", false},
		"a line lost":           {"TEL:+49 30 1\r\n", "", false},
		"a name filled in":      {"END:", "FN:Anna Muster\r\nUID:1\r\nREV:20200101T000000Z\r\nEND:", false},
		"a list made a text":    {"Maria,Luise", `Maria\,Luise`, false},
		"a category torn apart": {`Smith\, Inc.`, "Smith,Inc.", false},
		"a text cut off":        {`a\, b`, "a", false},
		"a line put aside":      {"END:", "X-MORE:1\r\nb\r\nEND:", true},
		"a rest of a line":      {"END:", "30 1\r\nEND:", false},
		"the same card inside":  {"END:", "BEGIN:VCARD\r\nTEL:+49 30 1\r\nEND:VCARD\r\nEND:", false},
		"another card inside":   {"END:", "BEGIN:VCARD\r\nTEL:+49 30 2\r\nEND:VCARD\r\nEND:", true},
		"a line entered":        {"END:", "X-OWN:1\r\nEND:", true},
		"a second telephone":    {"END:", "TEL:+49 30 2\r\nEND:", true},
		"another telephone":     {"+49 30 1", "+49 30 2", true},
		"a longer note":         {`a\, b`, `a\, b\, c`, true},
		"no card any more":      {"BEGIN:VCARD", "BEGIN:NOTHING", true},
	} {
		if got := Added([]byte(given), []byte(strings.Replace(given, c.old, c.now, 1)), KindContact); got != c.want {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
}
