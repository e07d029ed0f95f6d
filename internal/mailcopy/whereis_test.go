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

// Two mailboxes that were made in one second, and one of them is left, under another name: it is that of which messages of ours are there.
// Where both rows have some, which of them are there decides before, and where nothing decides, it is nobody's.
func TestPlanRelocations_sharedUIDValidity(t *testing.T) {
	t.Parallel()
	row := func(id int64, name string, done ...imap.UID) ledger.Mailbox {
		return ledger.Mailbox{ID: id, Done: imap.NewUIDSet(done...), Anchor: ledger.Anchor{Source: name, Destination: name, DstUIDValidity: 7}}
	}
	for _, test := range []struct {
		name    string
		rows    []ledger.Mailbox
		there   string // beside Other
		strayed int64
		want    string
	}{
		{"one is empty", []ledger.Mailbox{row(1, "A"), row(2, "B", 1)}, "", 0, "B is Other"},
		{"one is empty, and the other one in its place", []ledger.Mailbox{row(1, "A"), row(2, "B", 1)}, "B", 0, "A is Other"},
		{"both are", []ledger.Mailbox{row(1, "A"), row(2, "B")}, "", 0, ""},
		{"neither is, and one is not it", []ledger.Mailbox{row(1, "A", 1), row(2, "B", 1)}, "", 2, "A is Other"},
		{"neither is, and both are alike", []ledger.Mailbox{row(1, "A", 1), row(2, "B", 1)}, "", 0, ""},
	} {
		v := accountView{
			src: map[string]imap.ListEntry{"A": {Name: "A"}, "B": {Name: "B"}}, rows: map[string]ledger.Mailbox{"A": test.rows[0], "B": test.rows[1]},
			dst: map[string]imap.ListEntry{"Other": {Name: "Other", Status: &imap.Status{UIDValidity: 7}}}, strayed: map[int64]bool{test.strayed: true},
		}
		if test.there != "" {
			v.dst[test.there] = imap.ListEntry{Name: test.there, Status: &imap.Status{UIDValidity: 7}}
		}
		relocations, steps := v.planRelocations(nil)
		got := ""
		for _, r := range relocations {
			got += r.source + " is " + r.to
		}
		if got != test.want || len(steps) > 0 {
			t.Errorf("%s: %q, commands %v, want %q", test.name, got, steps, test.want)
		}
	}
}
