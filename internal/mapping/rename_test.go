// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"regexp"
	"testing"

	"rehome/internal/mapping"
)

func TestMake_charactersThatAreRefused(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"delimiter inside a name",
			slashed("v1.2", "v1.2/a.b"), dotted(), mapping.Rules{},
			[]string{"v1.2 > INBOX.v1．2", "v1.2/a.b > INBOX.v1．2.a．b"}},
		{"delimiter inside a name, with a substitute",
			slashed("v1.2", "v1_2"), dotted(), mapping.Rules{Substitute: "-"},
			[]string{"v1 2 > INBOX.v1 2", "v1.2 > INBOX.v1-2"}},
		{"slash inside a name",
			dotted("INBOX.a/b"), dotted(), mapping.Rules{},
			[]string{"INBOX.a/b > INBOX.a／b"}},
		{"names that would leave the store",
			slashed("~x", "a/..", "."), slashed(), mapping.Rules{},
			[]string{". > ．", "a/.. > a/．．", "~x > ～x"}},
		{"refused characters and blanks",
			slashed("a*b%", "_c_"), slashed(), mapping.Rules{Refused: "*%", TrimBlanks: true},
			[]string{" c  > c", "a*b% > a＊b％"}},
	})
}

func TestMake_renameRules(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"exact rename, children follow",
			slashed("A", "A/B", "A/B/C"), dotted(), mapping.Rules{Rename: map[string]string{"A": "INBOX.Old.A"}},
			[]string{"A > INBOX.Old.A", "A/B > INBOX.Old.A.B", "A/B/C > INBOX.Old.A.B.C"}},
		{"exact rename merges",
			slashed("A", "A/x", "B", "B/x"), slashed(), mapping.Rules{Rename: map[string]string{"B": "A"}},
			[]string{"A > A", "A/x > A/x", "B > A", "B/x > A/x-2"}},
		{"exact rename into INBOX",
			slashed("INBOX", "Old", "Old/Sent"), slashed(), mapping.Rules{Rename: map[string]string{"Old": "inbox"}},
			[]string{"INBOX > INBOX", "Old > INBOX", "Old/Sent > Old/Sent"}},
		{"INBOX cannot be renamed",
			slashed("INBOX"), slashed(), mapping.Rules{Rename: map[string]string{"INBOX": "Old"}},
			[]string{"INBOX > INBOX"}},
		{"a rename to no name is ignored",
			slashed("A", "B"), slashed(), mapping.Rules{Rename: map[string]string{"A": "a//b", "B": "c\x00"}},
			[]string{"A > A", "B > B"}},
		{"patterns speak the source's language",
			dotted("INBOX.Clients.Acme", "INBOX.Clients.Acme.2024"), slashed(),
			mapping.Rules{Patterns: []mapping.Pattern{
				{Match: regexp.MustCompile(`^INBOX\.Clients\.`), Replace: "INBOX.Customers."},
				{Match: regexp.MustCompile(`\.(\d{4})$`), Replace: ".Year.$1"},
			}},
			[]string{"INBOX.Clients.Acme > Customers/Acme", "INBOX.Clients.Acme.2024 > Customers/Acme/Year/2024"}},
		{"patterns do not merge",
			slashed("A1", "A2"), slashed(), mapping.Rules{Patterns: []mapping.Pattern{{Match: regexp.MustCompile(`\d`)}}},
			[]string{"A1 > A", "A2 > A-2"}},
		{"patterns that leave nothing are ignored",
			slashed("A", "B"), slashed(), mapping.Rules{Patterns: []mapping.Pattern{
				{Match: regexp.MustCompile(`^A$`)}, {Match: regexp.MustCompile(`^B$`), Replace: "inbox"}}},
			[]string{"A > A", "B > B"}},
	})
}
