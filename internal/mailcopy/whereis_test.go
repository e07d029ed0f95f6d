// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Mailboxes that were made in one second share a UIDVALIDITY: one that does not tell its own is not another one.
func TestWhereIs_sharedUIDValidity(t *testing.T) {
	t.Parallel()
	row := ledger.Mailbox{ID: 1, Done: imap.NewUIDSet(1), Anchor: ledger.Anchor{Source: "Work", Destination: "Work", SrcUIDValidity: 3,
		DstUIDValidity: 7}}
	status := func(validity uint32) *imap.Status { return &imap.Status{UIDValidity: validity} }
	for _, test := range []struct {
		name string
		dst  map[string]imap.ListEntry
		want string
	}{
		{"in its place", map[string]imap.ListEntry{"Work": {Status: status(7)}, "Other": {Status: status(7)}}, "Work"},
		{"renamed", map[string]imap.ListEntry{"Other": {Status: status(7)}}, "Other"},
		{"another in its place", map[string]imap.ListEntry{"Work": {Status: status(8)}, "Other": {Status: status(7)}}, "Other"},
		{"does not tell", map[string]imap.ListEntry{"Work": {}, "Other": {Status: status(7)}}, ""},
		{"tells nothing of use", map[string]imap.ListEntry{"Work": {Status: status(0)}, "Other": {Status: status(7)}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := accountView{dst: test.dst, rows: map[string]ledger.Mailbox{"Work": row}}
			if got := v.whereIs(row); got != test.want {
				t.Errorf("it is %q, want %q", got, test.want)
			}
		})
	}
}
