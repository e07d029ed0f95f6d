// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"maps"
	"slices"
	"testing"

	"rehome/internal/ledger"
)

// The last proof of a place counts, each account and kind has its own, and one of other ends is none.
func proofsOfTheEndsAsTheyAreReached(t *testing.T, empty Empty) {
	l := create(t, empty)
	ctx := t.Context()
	mail := ledger.Proved{Address: "anna@example.test", Kind: "mail", Ends: "a b"}
	others := []ledger.Proved{{Address: mail.Address, Kind: "contacts", Ends: "a b"}, {Address: "bert@example.test", Kind: "mail", Ends: "a b"}}
	moved := mail
	moved.Ends = "a c"
	want := func(of ledger.Proved, content string, places ...string) {
		t.Helper()
		marks, err := l.again.Proofs.Marks(ctx, of)
		must(t, err)
		if got := slices.Sorted(maps.Keys(marks)); !slices.Equal(got, places) {
			t.Errorf("%v: got %q, want %q", of, got, places)
		}
		got, err := l.again.Proofs.Content(ctx, of, "INBOX")
		if err != nil || string(got) != content {
			t.Errorf("%v: got %q, %v; want %q", of, got, err, content)
		}
	}
	for _, of := range append(others, mail) {
		must(t, l.Proofs.Keep(ctx, of, ledger.Proof{Place: "INBOX", Mark: []byte("m"), Content: []byte("\x00\xff")}))
	}
	must(t, l.Proofs.Keep(ctx, mail, ledger.Proof{Place: "Sent", Mark: []byte{}, Content: []byte{}}))
	must(t, l.Proofs.Keep(ctx, mail, ledger.Proof{Place: "INBOX", Mark: []byte("m"), Content: []byte("second")}))
	want(mail, "second", "INBOX", "Sent")
	want(moved, "")
	must(t, l.Proofs.Forget(ctx, mail, "Sent", "Unknown"))
	want(mail, "second", "INBOX")
	must(t, l.Proofs.Keep(ctx, moved, ledger.Proof{Place: "Archive", Mark: []byte("m"), Content: []byte("c")}))
	must(t, l.Proofs.Forget(ctx, moved))
	want(mail, "")
	want(moved, "", "Archive")
	for _, of := range others {
		want(of, "\x00\xff", "INBOX")
	}
}
