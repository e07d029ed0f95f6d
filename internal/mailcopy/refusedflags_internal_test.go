// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"fmt"
	"testing"

	"rehome/internal/protocol/imap"
)

// A destination that answers BAD to very many keywords is asked for a few; flags that every server has are tried all the same.
func TestBadFlags_bounded(t *testing.T) {
	t.Parallel()
	m := &memory{badFlags: map[string]string{}, badStores: map[string]int{}}
	answers := 0
	for n := range 100 {
		flag := fmt.Sprint("keyword", n)
		if words, _ := m.badFlag("INBOX", imap.StoreAdd, flag); words == "" {
			m.noteBadFlags("INBOX", &badFlags{flagChange{mode: imap.StoreAdd, flags: []string{flag}}, &imap.StatusError{Kind: "BAD", Text: "no"}})
			answers++
		}
	}
	if answers > badsInGroups+1 {
		t.Errorf("asked for %d keywords", answers)
	}
	if words, known := m.badFlag("INBOX", imap.StoreAdd, `\Seen`); words != "" || known {
		t.Errorf(`\Seen counts as refused: %q`, words)
	}
	if words, _ := m.badFlag("Work", imap.StoreAdd, "keyword1"); words != "" {
		t.Errorf("another mailbox is to blame: %q", words)
	}
	m.noteBadFlags("Work", &badFlags{flagChange{mode: imap.StoreAdd, flags: []string{`\Seen`, "urgent"}}, &imap.StatusError{Kind: "BAD"}})
	if words, known := m.badFlag("Work", imap.StoreAdd, `\Seen`); words != "" || !known {
		t.Error("one of several is not tried alone")
	}
}
