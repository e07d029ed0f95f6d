// SPDX-License-Identifier: Apache-2.0

package ledger

import "testing"

func TestGaps_keepTheMailboxOpen(t *testing.T) {
	t.Parallel()
	l := create(t)
	m := load(t, l, inbox())
	must(t, l.Mail.NoteGaps(t.Context(), m, uids(4, 5)))
	must(t, l.Mail.NoteGaps(t.Context(), m, uids(9)))
	wantStates(t, l)
	for name, got := range map[string]*Mailbox{"in memory": m, "in the file": load(t, l, inbox())} {
		if got.Gaps.String() != "4:5,9" {
			t.Errorf("%s: gaps %s, want 4:5,9", name, got.Gaps)
		}
	}
	must(t, l.Mail.CloseGaps(t.Context(), m))
	wantStates(t, l, inbox().Source)
	if again := load(t, l, inbox()); !m.Gaps.Empty() || !again.Gaps.Empty() {
		t.Errorf("gaps %s and %s are left", m.Gaps, again.Gaps)
	}
}
