// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"testing"

	"rehome/internal/mapping"
)

func TestMapped(t *testing.T) {
	t.Parallel()
	var pairs []mapping.Pair
	for _, source := range []string{"INBOX", "INBOX.Notes", "INBOX.notes", "INBOX. Later", "INBOX.A.B", "Lists"} {
		pairs = append(pairs, mapping.Pair{Source: source, Destination: "to " + source})
	}
	for name, want := range map[string]string{
		"inbox": "to INBOX", "Notes": "to INBOX.Notes", "notes": "to INBOX.notes", "INBOX.notes": "to INBOX.notes", "NOTES": "to INBOX.Notes",
		"Later": "to INBOX. Later", "a.b": "to INBOX.A.B", "lists": "to Lists", "INBOX.Lists": "", "No": "",
	} {
		if got, known := mapped(pairs, name); got != want || known != (want != "") {
			t.Errorf("%s: got %q %v, want %q", name, got, known, want)
		}
	}
}
