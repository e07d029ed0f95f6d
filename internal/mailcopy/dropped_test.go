// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// A mailbox that is to stay away at the destination comes back for new mail, also where UIDNEXT stands still.
func TestNeedsWork_droppedMailbox(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{
		Anchor: ledger.Anchor{Source: "Work", Destination: "Work", SrcUIDValidity: 7}, Done: upTo(2),
		State: ledger.State{SrcUIDNext: 3, SrcMessages: 2, SrcSize: 200},
	}
	for _, test := range []struct {
		name     string
		uidNext  imap.UID
		messages int64
		size     int64
		want     bool
	}{
		{"as it was", 3, 2, 200, false},
		{"as it was, size not told", 3, 2, -1, false},
		{"its user deletes one", 3, 1, 100, false},
		{"new mail", 4, 3, 300, true},
		{"new mail, UIDNEXT stands still", 3, 3, 300, true},
		{"new mail, UIDNEXT stands still, size not told", 3, 3, -1, true},
		{"one comes and one goes, UIDNEXT stands still", 3, 2, 250, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status := imap.Status{UIDValidity: 7, UIDNext: test.uidNext, Messages: imap.CountOf(test.messages), Size: test.size}
			v := accountView{
				src:  map[string]imap.ListEntry{"Work": {Name: "Work", Status: &status}},
				rows: map[string]ledger.Mailbox{"Work": row},
			}
			if got := v.needsWork(mapping.Pair{Source: "Work", Destination: "Work"}); got != test.want {
				t.Errorf("needs work: %v, want %v", got, test.want)
			}
		})
	}
}
