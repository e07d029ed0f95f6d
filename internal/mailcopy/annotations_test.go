// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"fmt"
	"testing"

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

// notes returns those of a mailbox.
func (p *pair) notes(server *dovecot.Server, mailbox string) map[string]string {
	p.t.Helper()
	c := p.client(server)
	defer p.logout(c)
	found, err := c.Metadata(p.t.Context(), mailbox)
	if err != nil {
		p.t.Fatal(err)
	}
	return found
}

// Annotations go along once; what the destination has stays, and what its user deletes does not come back.
func TestAnnotations_goAlongOnce(t *testing.T) {
	t.Parallel()
	src, dst := atmailSource(), cloudDestination()
	src.Extra = "mail_attribute_dict = file:%h/attributes\nprotocol imap {\n  imap_metadata = yes\n}\n"
	dst.Version = dovecot.V24
	dst.Extra = "mail_attribute {\n  dict file {\n    path = %{home}/attributes\n  }\n}\nprotocol imap {\n  imap_metadata = yes\n}\n"
	p := newPair(t, src, dst)
	p.fill(p.src, "INBOX", letters(3, 300, "inbox")...)
	p.fill(p.src, "INBOX.Größe", letters(2, 300, "work")...)
	p.note(p.src, "INBOX", "/private/comment", "the source's")
	p.note(p.src, "INBOX.Größe", "/private/comment", "zwei \"Zeilen\"\r\nüber {4}")
	p.note(p.src, "INBOX.Größe", "/shared/vendor/example/color", "")
	p.note(p.dst, "INBOX", "/private/comment", "the destination's")
	total := p.sync()
	if len(total.Findings) != 1 || total.Findings[0].Code != "annotations_left" || total.Findings[0].Object != "INBOX" {
		t.Errorf("findings %v", total.Findings)
	}
	want := map[string]map[string]string{
		"INBOX": {"/private/comment": "the destination's"},
		"Größe": {"/private/comment": "zwei \"Zeilen\"\r\nüber {4}", "/shared/vendor/example/color": ""},
	}
	for mailbox, entries := range want {
		if got := p.notes(p.dst, mailbox); fmt.Sprint(got) != fmt.Sprint(entries) {
			t.Errorf("%q: got %q, want %q", mailbox, got, entries)
		}
	}
	p.note(p.dst, "Größe", "/private/comment", "mine")
	p.note(p.src, "INBOX.Größe", "/private/comment", "changed at the source")
	p.note(p.src, "INBOX.Größe", "/private/vendor/example/later", "x")
	p.fill(p.src, "INBOX", letters(1, 300, "later")...)
	p.sync()
	if got := p.notes(p.dst, "Größe"); got["/private/comment"] != "mine" || len(got) != 2 {
		t.Errorf("after the second pass: %q", got)
	}
}
