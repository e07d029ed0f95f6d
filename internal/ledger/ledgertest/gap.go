// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"rehome/internal/ledger"
)

func gapsKeepTheMailboxOpen(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	must(t, l.Mail.NoteGaps(t.Context(), m, uids(4, 5)))
	must(t, l.Mail.NoteGaps(t.Context(), m, uids(9)))
	wantStates(t, l)
	for name, got := range map[string]*ledger.Mailbox{"in memory": m, "in the file": load(t, l, inbox())} {
		if got.Gaps.String() != "4:5,9" {
			t.Errorf("%s: gaps %s, want 4:5,9", name, got.Gaps)
		}
	}
	must(t, l.Mail.CloseGaps(t.Context(), m, uids(5, 9)))
	for name, got := range map[string]*ledger.Mailbox{"in memory": m, "in the file": load(t, l, inbox())} {
		if got.Gaps.String() != "5,9" {
			t.Errorf("%s: gaps %s, want 5,9", name, got.Gaps)
		}
	}
	must(t, l.Mail.CloseGaps(t.Context(), m, uids()))
	wantStates(t, l, inbox().Source)
	if again := load(t, l, inbox()); !m.Gaps.Empty() || !again.Gaps.Empty() {
		t.Errorf("gaps %s and %s are left", m.Gaps, again.Gaps)
	}
}
