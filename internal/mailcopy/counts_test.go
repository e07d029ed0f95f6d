// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome"
	"rehome/internal/pass"
)

func TestCounts_acrossSlices(t *testing.T) {
	t.Parallel()
	first := Counts{Tally{Copied: 40, Failed: 3, Octets: 400}, Census{There: 40, Failed: 3, Left: 57}, 7, 1000}
	broken := Counts{Tally: Tally{Copied: 2}}
	second := Counts{Tally{Copied: 48, Adopted: 7, Failed: 4, Octets: 500}, Census{There: 97, Failed: 4}, 8, -1}
	got := first.Plus(broken, false)
	if diff := cmp.Diff(Counts{Tally{Copied: 42, Failed: 3, Octets: 400}, Census{There: 40, Failed: 3, Left: 57}, 7, 1000}, got); diff != "" {
		t.Errorf("behind a slice that has not looked: %s", diff)
	}
	got = got.Plus(second, true)
	if diff := cmp.Diff(Counts{Tally{Copied: 90, Adopted: 7, Failed: 4, Octets: 900}, Census{There: 97, Failed: 4}, 8, -1}, got); diff != "" {
		t.Errorf("behind one that has: %s", diff)
	}
	if diff := cmp.Diff(pass.Size{Mailboxes: 8, Messages: 101, There: 97, Failed: 4}, got.(Counts).Size()); diff != "" {
		t.Errorf("size: %s", diff)
	}
	if got := got.(Counts).Unchanged(); got != 0 {
		t.Errorf("%d unchanged, want 0", got)
	}
	if got := (Counts{Census: Census{There: 87, Left: 10, Failed: 3}, Tally: Tally{Copied: 20, Adopted: 7, Failed: 3}}).Unchanged(); got != 60 {
		t.Errorf("%d unchanged, want 60", got)
	}
}

func TestBlocked_byWhatWaitsForSomebody(t *testing.T) {
	t.Parallel()
	harmless := messageRefused.On("INBOX uid 5", nil)
	for _, held := range []rehome.Finding{RemovalsHeld.On("INBOX", nil), destinationGone.On("INBOX", nil), SourceForeign.On("", nil)} {
		if err := pass.Blocked("anna", []rehome.Finding{harmless, held}); rehome.ClassOf(err) != rehome.ClassOperator ||
			rehome.HintOf(err) != held.NextStep {
			t.Errorf("%s: %v", held.Code, err)
		}
	}
	if err := pass.Blocked("anna", []rehome.Finding{harmless}); err != nil {
		t.Errorf("a single message: %v", err)
	}
}
