// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"testing"

	"rehome"
	"rehome/internal/mapping"
	"rehome/internal/people"
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

// What is in a list of blocked senders and is none is told for an account that has no rules besides, too.
func TestMove_unclearSenders(t *testing.T) {
	t.Parallel()
	ends := &Ends{Engine: New(Options{}), Tables: map[string]*people.Rule{anna: {Unclear: []string{"viagra"}}}}
	outcome, err := ends.Move(t.Context(), rehome.Account{Address: anna}, true, func() (mapping.Ways, error) { return mapping.Ways{}, nil })
	if err != nil || len(outcome.Findings) != 1 || outcome.Findings[0].Object != "blocked sender viagra" {
		t.Errorf("got %+v, %v", outcome, err)
	}
}
