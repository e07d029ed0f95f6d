// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strings"
	"testing"
	"time"
)

func TestKeepsDate(t *testing.T) {
	t.Parallel()
	cyrus, other := newCapabilities([]string{"IMAP4rev1", "ANNOTATE-EXPERIMENT-1"}), newCapabilities([]string{"IMAP4rev1"})
	for seconds, want := range map[int64]bool{-1: false, 0: false, 1: true} {
		if got := cyrus.KeepsDate(time.Unix(seconds, 0)); got != want {
			t.Errorf("Cyrus and second %d: got %v, want %v", seconds, got, want)
		}
		if !other.KeepsDate(time.Unix(seconds, 0)) {
			t.Errorf("another server and second %d: got false, want true", seconds)
		}
	}
}

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
