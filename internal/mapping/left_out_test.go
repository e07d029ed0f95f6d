// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"maps"
	"slices"
	"testing"

	"rehome/internal/mapping"
)

// destinations returns source name -> destination name, and the names that are left out.
func destinations(plan mapping.Plan) (pairs map[string]string, left []string) {
	pairs = map[string]string{}
	for _, p := range plan.Pairs {
		pairs[p.Source] = p.Destination
	}
	for _, l := range plan.Left {
		left = append(left, l.Source)
	}
	return pairs, left
}

func TestMake_skipLeavesOutUsesWithWhatIsBelow(t *testing.T) {
	t.Parallel()
	src := mapping.End{Prefix: "INBOX.", Delimiter: ".", Mailboxes: []mapping.Mailbox{
		{Name: "INBOX"}, {Name: "INBOX.Trash"}, {Name: "INBOX.Trash.2019"}, {Name: "INBOX.Bin", Attributes: []string{`\Trash`}},
		{Name: "INBOX.Papierkorb"}, {Name: "INBOX.Spam"}, {Name: "INBOX.Clients.Trash"},
	}}
	pairs, left := destinations(mapping.Make(src, mapping.End{Delimiter: "/"}, mapping.Rules{Skip: []string{`\Trash`}}))
	if want := []string{"INBOX.Bin", "INBOX.Papierkorb", "INBOX.Trash", "INBOX.Trash.2019"}; !slices.Equal(left, want) {
		t.Errorf("left out %q, want %q", left, want)
	}
	want := map[string]string{"INBOX": "INBOX", "INBOX.Spam": "Spam", "INBOX.Clients.Trash": "Clients/Trash"}
	if !maps.Equal(pairs, want) {
		t.Errorf("pairs %q, want %q", pairs, want)
	}
}

func TestMake_guessesThePrefixOfServersThatDoNotTell(t *testing.T) {
	t.Parallel()
	boxes := func(names ...string) (list []mapping.Mailbox) {
		for _, name := range names {
			list = append(list, mapping.Mailbox{Name: name})
		}
		return list
	}
	for _, test := range []struct {
		name string
		src  mapping.End
		want map[string]string
	}{
		{"everything below INBOX", mapping.End{Guess: true, Delimiter: ".", Mailboxes: boxes("INBOX", "INBOX.A", "INBOX.A.B")},
			map[string]string{"INBOX": "INBOX", "INBOX.A": "A", "INBOX.A.B": "A/B"}},
		{"something beside INBOX", mapping.End{Guess: true, Delimiter: ".", Mailboxes: boxes("INBOX", "INBOX.A", "C")},
			map[string]string{"INBOX": "INBOX", "INBOX.A": "INBOX/A", "C": "C"}},
		{"the server says that there is no prefix", mapping.End{Delimiter: ".", Mailboxes: boxes("INBOX", "INBOX.A")},
			map[string]string{"INBOX": "INBOX", "INBOX.A": "INBOX/A"}},
		{"nothing but INBOX", mapping.End{Guess: true, Delimiter: ".", Mailboxes: boxes("INBOX")}, map[string]string{"INBOX": "INBOX"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pairs, _ := destinations(mapping.Make(test.src, mapping.End{Delimiter: "/"}, mapping.Rules{}))
			if !maps.Equal(pairs, test.want) {
				t.Errorf("got %q, want %q", pairs, test.want)
			}
		})
	}
}
