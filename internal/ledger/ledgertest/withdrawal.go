// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func withdrawnAsLongAsTheUIDsHold(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	digest := func(n byte) []byte { return append(make([]byte, 31), n) }
	first := []ledger.Item{
		{UID: 3, DstUID: 9, Digest: digest(3), Flags: []string{`\Seen`}, Size: 20},
		{UID: 1, DstUID: 7, Digest: digest(1), Size: 10},
	}
	must(t, l.Mail.NoteWithdrawn(t.Context(), m, first))
	must(t, l.Mail.NoteWithdrawn(t.Context(), m, first[:1])) // of a run that had broken off
	must(t, l.Mail.NoteWithdrawn(t.Context(), m, []ledger.Item{{UID: 1, DstUID: 12, Digest: digest(1), Flags: []string{"mine"}}}))
	want := map[imap.UID]ledger.Item{
		7: {DstUID: 7, Digest: digest(1)}, 9: {DstUID: 9, Digest: digest(3), Flags: []string{`\Seen`}},
		12: {DstUID: 12, Digest: digest(1), Flags: []string{"mine"}},
	}
	renumbered := inbox() // at the source
	renumbered.SrcUIDValidity++
	for name, got := range map[string]*ledger.Mailbox{
		"in memory": m, "in the file": load(t, l, inbox()), "in the next generation": load(t, l, renumbered),
	} {
		if diff := cmp.Diff(want, got.Withdrawn); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	anew := renumbered
	anew.DstUIDValidity++
	if got := load(t, l, anew); len(got.Withdrawn) > 0 {
		t.Errorf("of a mailbox that is another one %v is left", got.Withdrawn)
	}
	must(t, l.Mail.NoteWithdrawn(t.Context(), load(t, l, anew), first))
	must(t, l.Mail.Drop(t.Context(), m.ID))
	if got := load(t, l, anew); len(got.Withdrawn) > 0 {
		t.Errorf("of a mailbox that was deleted %v is left", got.Withdrawn)
	}
}
