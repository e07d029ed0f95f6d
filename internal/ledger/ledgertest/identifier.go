// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"maps"
	"testing"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

func theFirstIdentifierStays(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	first := ledger.Identifier{UID: 4, ID: "0000000400000001", Place: 2}
	odd := ledger.Identifier{UID: 4294967295, ID: "~!", Place: 1}
	must(t, l.Mail.NoteIdentifiers(t.Context(), m, []ledger.Identifier{first, odd}))
	must(t, l.Mail.NoteIdentifiers(t.Context(), m, []ledger.Identifier{{UID: 4, ID: "another", Place: 9}}))
	got, err := l.again.Mail.Identifiers(t.Context(), m)
	must(t, err)
	if want := map[imap.UID]ledger.Identifier{first.UID: first, odd.UID: odd}; !maps.Equal(got, want) {
		t.Errorf("identifiers %v, want %v", got, want)
	}
	other := inbox()
	other.SrcUIDValidity++
	if got, err = l.Mail.Identifiers(t.Context(), load(t, l, other)); err != nil || len(got) != 0 {
		t.Errorf("another incarnation has %v, %v, want none", got, err)
	}
}
