// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"slices"
	"testing"

	"rehome/internal/protocol/imap"
)

func TestFlagFilter_whatTheMailboxSays(t *testing.T) {
	t.Parallel()
	flags := []string{`\Seen`, "urgent", "not a keyword"}
	for _, test := range []struct {
		name    string
		mailbox imap.Selected
		want    []string
	}{
		{"nothing", imap.Selected{}, []string{`\Seen`, "urgent"}},
		{"all", imap.Selected{PermanentFlags: []string{`\Seen`, `\*`}}, []string{`\Seen`, "urgent"}},
		{"no keywords", imap.Selected{PermanentFlags: []string{`\SEEN`}}, []string{`\Seen`}},
		{"none", imap.Selected{PermanentFlags: []string{}}, nil},
		{"none as long as it is read-only", imap.Selected{PermanentFlags: []string{}, ReadOnly: true}, []string{`\Seen`, "urgent"}},
	} {
		if sent, _ := newFlagFilter(test.mailbox).split(flags); !slices.Equal(sent, test.want) {
			t.Errorf("%s: %q are sent, want %q", test.name, sent, test.want)
		}
	}
}
