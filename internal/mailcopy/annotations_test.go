// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"rehome"
	"rehome/lab/dovecot"
)

// note sets an annotation.
func (p *pair) note(server *dovecot.Server, mailbox, entry, value string) {
	p.t.Helper()
	c := p.client(server)
	defer p.logout(c)
	if err := c.SetMetadata(p.t.Context(), mailbox, entry, value); err != nil {
		p.t.Fatal(err)
	}
}

// unnote removes one.
func (p *pair) unnote(server *dovecot.Server, mailbox, entry string) {
	p.t.Helper()
	c := p.client(server)
	defer p.logout(c)
	answer, err := c.RemoveMetadataAhead(p.t.Context(), mailbox, entry)
	if err == nil {
		err = answer.Wait(p.t.Context())
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// wantNotes proves which annotations mailboxes of the destination have, beside what its server keeps for itself.
func (p *pair) wantNotes(want map[string]map[string]string) {
	p.t.Helper()
	c := p.client(p.dst)
	defer p.logout(c)
	for _, mailbox := range slices.Sorted(maps.Keys(want)) {
		found, err := c.Metadata(p.t.Context(), mailbox)
		if err != nil {
			p.t.Fatal(err)
		}
		maps.DeleteFunc(found.Values, func(entry, _ string) bool { return strings.Contains(entry, "/vendor.dovecot/") })
		if !maps.Equal(found.Values, want[mailbox]) {
			p.t.Errorf("%q: got %q, want %q", mailbox, found.Values, want[mailbox])
		}
	}
}

// wantFound proves which findings a pass had, by code and object.
func wantFound(t *testing.T, total passed, want ...string) {
	t.Helper()
	var got []string
	for _, f := range total.Findings {
		got = append(got, f.Code+" "+f.Object)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
}

// annotatedPair is one of servers that keep annotations.
func annotatedPair(t *testing.T) *pair {
	src, dst := atmailSource(), cloudDestination()
	src.Extra = "mail_attribute_dict = file:%h/attributes\nprotocol imap {\n  imap_metadata = yes\n}\n"
	dst.Version = dovecot.V24
	dst.Extra = "mail_attribute {\n  dict file {\n    path = %{home}/attributes\n  }\n}\nprotocol imap {\n  imap_metadata = yes\n}\n"
	return newPair(t, src, dst)
}

// Annotations go along, of empty mailboxes and of the account, too; what the destination has stays. A later change at the source follows
// where the destination still has what was brought.
func TestAnnotations_laterChangesFollow(t *testing.T) {
	t.Parallel()
	p := annotatedPair(t)
	const comment, colour = "/private/comment", "/shared/vendor/example/color"
	p.fill(p.src, "INBOX", letters(3, 300, "inbox")...)
	p.fill(p.src, "INBOX.Größe", letters(2, 300, "work")...)
	p.fill(p.src, "INBOX.Empty")
	p.note(p.src, "", comment, "of the account")
	p.note(p.src, "", "/private/vendor/example/theme", "dark")
	p.note(p.src, "INBOX", comment, "the source's")
	p.note(p.src, "INBOX.Größe", comment, "zwei \"Zeilen\"\r\nüber {4}")
	p.note(p.src, "INBOX.Größe", colour, "")
	p.note(p.src, "INBOX.Empty", comment, "nothing in it")
	p.note(p.dst, "INBOX", comment, "the destination's")
	wantFound(t, p.sync(), "annotations_left INBOX")
	p.wantNotes(map[string]map[string]string{
		"":      {comment: "of the account", "/private/vendor/example/theme": "dark"},
		"INBOX": {comment: "the destination's"}, "Empty": {comment: "nothing in it"},
		"Größe": {comment: "zwei \"Zeilen\"\r\nüber {4}", colour: ""},
	})
	p.note(p.src, "INBOX.Größe", comment, "changed")
	p.note(p.src, "INBOX.Größe", "/private/vendor/example/later", "x")
	p.note(p.src, "INBOX.Empty", comment, "changed, too")
	p.note(p.src, "", comment, "changed as well")
	p.note(p.dst, "Größe", colour, "mine")
	p.note(p.src, "INBOX.Größe", colour, "theirs")
	p.unnote(p.dst, "Empty", comment)
	for range 2 { // and what is named is named as long as it is so
		wantFound(t, p.sync(), "annotations_left INBOX", "annotations_left INBOX.Empty", "annotations_left INBOX.Größe")
		p.wantNotes(map[string]map[string]string{
			"": {comment: "changed as well", "/private/vendor/example/theme": "dark"}, "INBOX": {comment: "the destination's"}, "Empty": {},
			"Größe": {comment: "changed", colour: "mine", "/private/vendor/example/later": "x"},
		})
	}
}

// What is removed at the source goes only where removals do, where it is still what was brought, and not in great numbers unconfirmed.
func TestAnnotations_removals(t *testing.T) {
	t.Parallel()
	p := annotatedPair(t)
	entry := func(i int) string { return fmt.Sprintf("/private/vendor/example/%d", i) }
	p.fill(p.src, "INBOX", letters(1, 300, "inbox")...)
	const all = 30
	brought := map[string]string{}
	for i := range all {
		p.note(p.src, "INBOX", entry(i), fmt.Sprint(i))
		brought[entry(i)] = fmt.Sprint(i)
	}
	wantFound(t, p.sync())
	p.wantNotes(map[string]map[string]string{"INBOX": brought})
	p.unnote(p.src, "INBOX", entry(0))
	p.unnote(p.src, "INBOX", entry(1))
	p.note(p.dst, "INBOX", entry(1), "mine")
	brought[entry(1)] = "mine"
	wantFound(t, p.sync()) // kept
	p.wantNotes(map[string]map[string]string{"INBOX": brought})
	p.deletions = rehome.DeletionsMirror
	wantFound(t, p.sync(), "annotations_left INBOX")
	delete(brought, entry(0))
	p.wantNotes(map[string]map[string]string{"INBOX": brought})
	for i := 2; i < all; i++ {
		p.unnote(p.src, "INBOX", entry(i))
	}
	wantFound(t, p.sync(), "removals_held ")
	p.wantNotes(map[string]map[string]string{"INBOX": brought})
	p.confirm = true
	wantFound(t, p.sync())
	p.wantNotes(map[string]map[string]string{"INBOX": {entry(1): "mine"}})
}

// A name that follows keeps what is known of its annotations; and a pass with nothing to do costs no more round trips than any.
func TestAnnotations_renamedThenQuiet(t *testing.T) {
	t.Parallel()
	p := annotatedPair(t)
	for i := range 12 {
		box := fmt.Sprintf("INBOX.Box %d", i)
		p.fill(p.src, box, letters(2, 300, fmt.Sprint(i))...)
		p.note(p.src, box, "/private/comment", fmt.Sprint(i))
	}
	p.fill(p.src, "INBOX.Bare")
	wantFound(t, p.sync())
	p.unnote(p.dst, "Box 3", "/private/comment")
	p.rename(p.src, "INBOX.Box 3", "INBOX.Box three")
	wantFound(t, p.sync())
	p.wantNotes(map[string]map[string]string{"Box three": {}, "Box 4": {"/private/comment": "4"}})
	p.wantRoundTrips(p.src.IMAP, &p.srcVia)
	p.wantRoundTrips(p.dst.IMAP, &p.dstVia)
}

// A destination that keeps none, and one whose server has no place for them, is named as long as that is so.
func TestAnnotations_noPlace(t *testing.T) {
	t.Parallel()
	for _, extra := range []string{"", "protocol imap {\n  imap_metadata = yes\n}\n"} {
		src, dst := atmailSource(), cloudDestination()
		src.Extra = "mail_attribute_dict = file:%h/attributes\nprotocol imap {\n  imap_metadata = yes\n}\n"
		dst.Extra = extra
		p := newPair(t, src, dst)
		p.fill(p.src, "INBOX", letters(1, 300, "inbox")...)
		p.note(p.src, "INBOX", "/private/comment", strings.Repeat("x", 3000))
		for range 2 {
			wantFound(t, p.sync(), "annotations_left INBOX")
		}
	}
}
