// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"testing"

	"rehome/internal/mapping"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	var plan mapping.Plan
	for _, source := range []string{"INBOX", "INBOX.Notes", "INBOX.notes", "INBOX. Later", "INBOX.A.B", "Lists"} {
		plan.Pairs = append(plan.Pairs, mapping.Pair{Source: source, Destination: "to " + source})
	}
	for name, want := range map[string]string{
		"inbox": "to INBOX", "Notes": "to INBOX.Notes", "notes": "to INBOX.notes", "INBOX.notes": "to INBOX.notes", "NOTES": "to INBOX.Notes",
		"Later": "to INBOX. Later", "a.b": "to INBOX.A.B", "lists": "to Lists", "INBOX.Lists": "", "No": "",
	} {
		if got, known := plan.Named(name); got != want || known != (want != "") {
			t.Errorf("%s: got %q %v, want %q", name, got, known, want)
		}
	}
}
