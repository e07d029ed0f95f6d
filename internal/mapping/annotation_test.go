// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"testing"

	"rehome/internal/mapping"
)

func TestAnnotationMoves_noServersOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mailbox, entry string
		want           bool
	}{
		{"INBOX", "/private/comment", true}, {"INBOX", "/shared/comment", true}, {"", "/private/comment", true}, {"", "/shared/admin", false},
		{"INBOX", "/private/specialuse", false}, {"INBOX", "/shared/vendor/cmu/cyrus-imapd/size", false},
		{"INBOX", "/private/vendor/vendor.dovecot/pvt/x", false}, {"INBOX", "/private", false},
	} {
		if got := mapping.AnnotationMoves(c.mailbox, c.entry); got != c.want {
			t.Errorf("%q %q: %v", c.mailbox, c.entry, got)
		}
	}
}
