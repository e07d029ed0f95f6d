// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"strings"
	"testing"

	"rehome/internal/mapping"
)

func TestMake_namesThatClash(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"children of INBOX give way to those at the top",
			slashed("A", "INBOX/A", "INBOX/A/B"), dotted(), mapping.Rules{},
			[]string{"A > INBOX.A", "INBOX/A > INBOX.A-2", "INBOX/A/B > INBOX.A-2.B"}},
		{"a mailbox that would be taken for INBOX",
			dotted("INBOX", "INBOX.Inbox", "INBOX.Inbox.A"), slashed(), mapping.Rules{},
			[]string{"INBOX > INBOX", "INBOX.Inbox > Inbox-2", "INBOX.Inbox.A > Inbox-2/A"}},
		{"the same without INBOX",
			dotted("INBOX.Inbox"), slashed(), mapping.Rules{},
			[]string{"INBOX.Inbox > Inbox-2"}},
		{"a name that already looks like the way out keeps it",
			slashed("v1.2", "v1．2"), dotted(), mapping.Rules{},
			[]string{"v1.2 > INBOX.v1．2-2", "v1．2 > INBOX.v1．2"}},
		{"case is kept",
			slashed("Work", "work", "work/a"), slashed(), mapping.Rules{},
			[]string{"Work > Work", "work > work", "work/a > work/a"}},
		{"case is folded",
			slashed("Work", "Work/a", "work", "work/a"), slashed(), mapping.Rules{FoldsCase: true},
			[]string{"Work > Work", "Work/a > Work/a", "work > work-2", "work/a > work-2/a"}},
		{"the destination's spelling wins where it folds",
			slashed("work"), slashed("Work"), mapping.Rules{FoldsCase: true},
			[]string{"work > Work"}},
		{"one accent in two forms",
			slashed("e\u0301", "\u00e9"), slashed(), mapping.Rules{},
			[]string{"e\u0301 > e\u0301", "\u00e9 > \u00e9-2"}},
		{"numbers keep clear of names that are wanted",
			slashed("Work", "work", "work-2"), slashed(), mapping.Rules{FoldsCase: true},
			[]string{"Work > Work", "work > work-3", "work-2 > work-2"}},
		{"a virtual mailbox at the destination has the name",
			slashed("All", "All/a"), slashed("All \\All"), mapping.Rules{},
			[]string{"All > All-2", "All/a > All-2/a"}},
	})
}

func TestMake_namesThatAreTooLong(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"too long",
			slashed("A", "A/"+strings.Repeat("x", 40), "A/"+strings.Repeat("x", 39)+"y"), slashed(), mapping.Rules{MaxName: 20},
			[]string{"A > A",
				"A/" + strings.Repeat("x", 40) + " > A/xxxxxxxxx-29b0a579",
				"A/" + strings.Repeat("x", 39) + "y > A/xxxxxxxxx-38c9287b"}},
		{"one level too long, whatever the whole may be",
			slashed(strings.Repeat("x", 255), strings.Repeat("y", 256)), slashed(), mapping.Rules{},
			[]string{
				strings.Repeat("x", 255) + " > " + strings.Repeat("x", 255),
				strings.Repeat("y", 256) + " > " + strings.Repeat("y", 246) + "-80fa9036"}},
		{"too deep",
			slashed("AAAAAAAAAA", "AAAAAAAAAA/bbbbbbbbbb/cccccccccc"), slashed(), mapping.Rules{MaxName: 20},
			[]string{"AAAAAAAAAA > AAAAAAAAAA", "AAAAAAAAAA/bbbbbbbbbb/cccccccccc > cccccccccc-527c422d"}},
	})
}
