// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// made makes a destination mailbox in the ledger's eyes and opens its row.
func made(t *testing.T, l *handle, src, dst string, validity uint32) *ledger.Mailbox {
	t.Helper()
	must(t, l.Mail.IntendCreations(t.Context(), "anna@example.test", []string{dst}))
	return load(t, l, ledger.Anchor{
		Address: "anna@example.test", Source: src, Destination: dst, SrcUIDValidity: validity, DstUIDValidity: validity + 100,
	})
}

// wantPlaces compares source name, destination name and whether we have made it.
func wantPlaces(t *testing.T, l *handle, want map[string]string) {
	t.Helper()
	all, err := l.again.Mail.Mailboxes(t.Context(), "anna@example.test")
	must(t, err)
	got := map[string]string{}
	for src, m := range all {
		got[src] = m.Anchor.Destination
		if !m.Created {
			got[src] += " (not ours)"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func creationIsOursUntilTheMailboxIsAnotherOne(t *testing.T, empty Empty) {
	l := create(t, empty)
	load(t, l, inbox())
	a := made(t, l, "A", "A", 1)
	if !a.Created {
		t.Error("A was made by us")
	}
	wantPlaces(t, l, map[string]string{"INBOX": "INBOX (not ours)", "A": "A"})
	other := a.Anchor
	other.DstUIDValidity = 55
	if load(t, l, other).Created {
		t.Error("a mailbox with another UIDVALIDITY was made by somebody else")
	}
	must(t, l.Mail.IntendCreations(t.Context(), "anna@example.test", []string{"B"}))
	must(t, l.Mail.ForgetCreations(t.Context(), "anna@example.test", "B"))
	if load(t, l, ledger.Anchor{Address: "anna@example.test", Source: "B", Destination: "B"}).Created {
		t.Error("B was there before")
	}
}

func relocateIsOneChange(t *testing.T, empty Empty) {
	to := func(m *ledger.Mailbox, source, destination string) ledger.Renaming {
		return ledger.Renaming{ID: m.ID, Source: source, Destination: destination}
	}
	for name, test := range map[string]struct {
		moves func(a, b *ledger.Mailbox) []ledger.Renaming
		want  map[string]string
	}{
		"renamed": {func(a, _ *ledger.Mailbox) []ledger.Renaming {
			return []ledger.Renaming{to(a, "C", "C")}
		}, map[string]string{"C": "C", "B": "B"}},
		"only at one": {func(a, _ *ledger.Mailbox) []ledger.Renaming {
			return []ledger.Renaming{to(a, "C", "A")}
		}, map[string]string{"C": "A", "B": "B"}},
		"swapped": {func(a, b *ledger.Mailbox) []ledger.Renaming {
			return []ledger.Renaming{to(a, "B", "B"), to(b, "A", "A")}
		}, map[string]string{"A": "A", "B": "B"}},
		"in a row": {func(a, b *ledger.Mailbox) []ledger.Renaming {
			return []ledger.Renaming{to(a, "B", "B"), to(b, "C", "C")}
		}, map[string]string{"B": "B", "C": "C"}},
		"over a row": {func(a, _ *ledger.Mailbox) []ledger.Renaming {
			return []ledger.Renaming{to(a, "B", "C")}
		}, map[string]string{"B": "C", "\n2": "B"}},
		"nothing to do": {func(_, _ *ledger.Mailbox) []ledger.Renaming { return nil }, map[string]string{"A": "A", "B": "B"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := create(t, empty)
			a, b := made(t, l, "A", "A", 1), made(t, l, "B", "B", 2)
			must(t, l.Mail.Relocate(t.Context(), "anna@example.test", test.moves(a, b)))
			wantPlaces(t, l, test.want)
		})
	}
}
