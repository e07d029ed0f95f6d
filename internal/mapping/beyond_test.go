// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"regexp"
	"testing"

	"rehome/internal/mapping"
)

// A mailbox that a rule will make goes where a pass would copy it to, and nothing that is there already moves for it.
func TestBeyond(t *testing.T) {
	t.Parallel()
	ways := mapping.Ways{
		Source: mapping.End{Prefix: "INBOX.", Delimiter: ".", Others: []string{"shared."}, Mailboxes: []mapping.Mailbox{
			{Name: "INBOX"}, {Name: "INBOX.Work"}, {Name: "INBOX.Spam"},
		}},
		Destination: mapping.End{Delimiter: "/", Mailboxes: []mapping.Mailbox{{Name: "INBOX"}, {Name: "Junk", Attributes: []string{`\Junk`}}}},
		Rules:       mapping.Rules{Rename: map[string]string{"INBOX.Work": "Job"}, Exclude: []*regexp.Regexp{regexp.MustCompile(`^INBOX\.Old`)}},
	}
	ways.Plan = mapping.Make(ways.Source, ways.Destination, ways.Rules)
	for name, want := range map[string]string{
		"INBOX.Fresh.Sub": "Fresh/Sub", "INBOX.Work.New": "Job/New", "INBOX.Spam.a": "Junk/a", "INBOX.a/b": "a／b",
		"INBOX.Old.x": "", "INBOX.Work": "", "shared.x": "", "INBOX.Job": "Job",
	} {
		if got, known := ways.Beyond(name); got != want || known != (want != "") {
			t.Errorf("%s: got %q %v, want %q", name, got, known, want)
		}
	}
	if ways.Unchanged() {
		t.Error("the names are said to be unchanged")
	}
	same := mapping.Ways{Source: mapping.End{Delimiter: "/"}, Destination: mapping.End{Delimiter: "/"}}
	if !same.Unchanged() {
		t.Error("the names are said to change")
	}
}
