// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strings"
	"testing"
)

func TestLooksLikeCommand(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"":                                     false,
		"Subject: hello\r\n\r\nDear all,\r\n":  false,
		"a DELETE INBOX\r\n":                   true,
		"a delete":                             true,
		"harmless\r\na UID STORE 1 FLAGS ()":   true,
		"harmless\na EXPUNGE\n":                true,
		"a EXPUNGE\r":                          true,
		"a  DELETE INBOX\r\n":                  false, // the second word is empty
		"a\tDELETE INBOX\r\n":                  false,
		"DELETE INBOX\r\n":                     false, // the word is the tag
		" DELETE INBOX\r\n":                    true,  // no tag at all: safe to take for one
		"a XFER INBOX elsewhere\r\n":           true,
		"a DELETEDALL INBOX\r\n":               false,
		"and a\r\nDELETE INBOX\r\n":            false,
		"a " + strings.Repeat("z", 1<<10):      false,
		strings.Repeat("z", 1<<10) + " DELETE": true,
	} {
		if got := looksLikeCommand([]byte(text)); got != want {
			t.Errorf("%.40q: got %v, want %v", text, got, want)
		}
	}
}
