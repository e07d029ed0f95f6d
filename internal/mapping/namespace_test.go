// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"testing"

	"rehome/internal/mapping"
)

func TestMake_prefixAndDelimiter(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"prefix and delimiter fall away",
			dotted("INBOX", "INBOX.A.B"), slashed(), mapping.Rules{},
			[]string{"INBOX > INBOX", "INBOX.A.B > A/B"}},
		{"prefix and delimiter are added",
			slashed("Inbox", "A/B"), dotted(), mapping.Rules{},
			[]string{"A/B > INBOX.A.B", "Inbox > INBOX"}},
		{"same shape on both sides",
			dotted("INBOX", "INBOX.INBOX.A", "INBOX.A"), dotted(), mapping.Rules{},
			[]string{"INBOX > INBOX", "INBOX.A > INBOX.A", "INBOX.INBOX.A > INBOX.INBOX.A"}},
		{"children of INBOX do not become INBOX.INBOX",
			slashed("INBOX", "INBOX/A", "INBOX/A/B", "Inbox/C"), dotted(), mapping.Rules{},
			[]string{"INBOX > INBOX", "INBOX/A > INBOX.A", "INBOX/A/B > INBOX.A.B", "Inbox/C > INBOX.C"}},
		{"no hierarchy at the destination",
			slashed("A", "A/B"), mapping.End{}, mapping.Rules{},
			[]string{"A > A", "A/B > A.B"}},
		{"no hierarchy at the source",
			mapping.End{Mailboxes: mailboxes("INBOX", "a.b")}, slashed(), mapping.Rules{},
			[]string{"INBOX > INBOX", "a.b > a.b"}},
		{"empty parts fall away",
			slashed("A//B", "/C", "D/"), slashed(), mapping.Rules{},
			[]string{"/C > C", "A//B > A/B", "D/ > D"}},
		{"a name in the destination's foreign namespace",
			slashed("shared/a", "shared/a/b"), mapping.End{Delimiter: "/", Others: []string{"shared/"}}, mapping.Rules{},
			[]string{"shared/a > _shared/a", "shared/a/b > _shared/a/b"}},
		{"a foreign namespace that ends inside a name",
			slashed("shared.a"), mapping.End{Delimiter: "/", Others: []string{"shared."}}, mapping.Rules{},
			[]string{"shared.a > _shared.a"}},
	})
}
