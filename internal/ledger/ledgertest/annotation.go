// SPDX-License-Identifier: Apache-2.0

package ledgertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rehome/internal/ledger"
)

// What is known of annotations is replaced and forgotten by mailbox and entry, and follows its mailbox to another name.
func annotationsFollowTheirMailbox(t *testing.T, empty Empty) {
	l := create(t, empty)
	m := load(t, l, inbox())
	address := m.Anchor.Address
	wants := func(want ...ledger.Annotation) {
		t.Helper()
		got, err := l.again.Mail.Annotations(t.Context(), address)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	asked := ledger.Annotation{Destination: "Umlaut ü"}
	comment := ledger.Annotation{Source: m.Anchor.Source, Entry: "/private/comment", Destination: m.Anchor.Destination, DstUIDValidity: 4294967295,
		Seen: []byte{0, 255}, Writing: []byte{1}}
	colour := ledger.Annotation{Source: m.Anchor.Source, Entry: "/shared/colour", Destination: m.Anchor.Destination, Seen: []byte{2}, Wrote: []byte{2}}
	occupant := ledger.Annotation{Source: "New", Entry: "/private/comment", Destination: "New", Seen: []byte{3}}
	must(t, l.Mail.NoteAnnotations(t.Context(), address, nil, nil))
	must(t, l.Mail.NoteAnnotations(t.Context(), address, []ledger.Annotation{asked, comment, colour, occupant}, nil))
	wants(asked, comment, colour, occupant)
	comment.Seen, comment.Wrote, comment.Writing = []byte{1}, []byte{1}, nil
	must(t, l.Mail.NoteAnnotations(t.Context(), address, []ledger.Annotation{comment}, []ledger.Annotation{colour}))
	wants(asked, comment, occupant)
	must(t, l.Mail.Relocate(t.Context(), address, []ledger.Renaming{{ID: m.ID, Source: "New", Destination: "Newer"}}))
	comment.Source, comment.Destination = "New", "Newer"
	wants(asked, comment)
	if others, err := l.Mail.Annotations(t.Context(), "bert@example.test"); err != nil || len(others) > 0 {
		t.Errorf("another account has %v, %v", others, err)
	}
}
