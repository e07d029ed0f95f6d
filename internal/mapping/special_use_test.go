// SPDX-License-Identifier: Apache-2.0

package mapping_test

import (
	"testing"

	"rehome/internal/mapping"
)

func TestMake_specialUse(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"atmail 7 to a cloud without attributes",
			dotted("INBOX.Sent", "INBOX.Drafts", "INBOX.Trash", "INBOX.Spam"), slashed("Sent", "Drafts", "Trash", "Spam"), mapping.Rules{},
			[]string{"INBOX.Drafts > Drafts \\Drafts", "INBOX.Sent > Sent \\Sent", "INBOX.Spam > Spam \\Junk", "INBOX.Trash > Trash \\Trash"}},
		{"by attribute at both ends, children follow",
			slashed("Foo \\Sent", "Foo/2019"), slashed("Bar \\Sent"), mapping.Rules{},
			[]string{"Foo > Bar \\Sent", "Foo/2019 > Bar/2019"}},
		{"by name, in other languages",
			slashed("Gesendete_Elemente", "ENTWÜRFE", "Корзина", "Courrier_indésirable", "アーカイブ"),
			slashed("Sent", "Drafts", "Deleted_Items \\Trash", "Junk", "Archive"), mapping.Rules{},
			[]string{"Courrier indésirable > Junk \\Junk", "ENTWÜRFE > Drafts \\Drafts", "Gesendete Elemente > Sent \\Sent",
				"Корзина > Deleted Items \\Trash", "アーカイブ > Archive \\Archive"}},
		{"not wanted",
			slashed("Gesendet"), slashed("Sent \\Sent"), mapping.Rules{NoSpecialUse: true},
			[]string{"Gesendet > Gesendet"}},
		{"none at the destination: the use is told, so that it can be created with it",
			slashed("Gesendet"), slashed(), mapping.Rules{},
			[]string{"Gesendet > Gesendet \\Sent"}},
		{"names count at the top only",
			slashed("Clients/Sent"), slashed("Sent \\Sent"), mapping.Rules{},
			[]string{"Clients/Sent > Clients/Sent"}},
		{"INBOX counts as the top",
			slashed("INBOX/Sent_Items"), slashed("Sent \\Sent"), mapping.Rules{},
			[]string{"INBOX/Sent Items > Sent \\Sent"}},
		{"attributes count anywhere",
			slashed("[Gmail] \\Noselect", "[Gmail]/Sent_Mail \\Sent"), slashed("Sent"), mapping.Rules{},
			[]string{"[Gmail]/Sent Mail > Sent \\Sent"}},
		{"an attribute overrules a name",
			slashed("Archive \\Sent"), slashed("Archive \\Archive", "Sent \\Sent"), mapping.Rules{},
			[]string{"Archive > Sent \\Sent"}},
	})
}

func TestMake_specialUseContested(t *testing.T) {
	t.Parallel()
	checkWays(t, []wayCase{
		{"two want one: the attribute is better than the name",
			slashed("Gesendet \\Sent", "Sent"), slashed("Sent \\Sent"), mapping.Rules{},
			[]string{"Gesendet > Sent \\Sent", "Sent > Sent-2"}},
		{"two want one: the name that the destination uses is better",
			slashed("Junk", "Spam"), slashed("Spam \\Junk"), mapping.Rules{},
			[]string{"Junk > Junk", "Spam > Spam \\Junk"}},
		{"two want one: the likelier name is better",
			slashed("Sent_Items", "Sent_Messages"), slashed("Sent \\Sent"), mapping.Rules{},
			[]string{"Sent Items > Sent \\Sent", "Sent Messages > Sent Messages"}},
		{"two at the destination: the own name is better",
			slashed("Sent_Messages \\Sent"), slashed("Sent \\Sent", "Sent_Messages \\Sent"), mapping.Rules{},
			[]string{"Sent Messages > Sent Messages \\Sent"}},
		{"a destination known by name only is left to its namesake",
			slashed("Gesendet \\Sent", "Sent"), slashed("Sent"), mapping.Rules{},
			[]string{"Gesendet > Gesendet \\Sent", "Sent > Sent"}},
		{"the same for a parent that the destination made",
			slashed("Gesendet", "Sent/2019"), slashed("Sent"), mapping.Rules{},
			[]string{"Gesendet > Gesendet \\Sent", "Sent/2019 > Sent/2019"}},
		{"a rename rule is stronger",
			slashed("Gesendet", "Sent_Items"), slashed("Sent \\Sent"), mapping.Rules{Rename: map[string]string{"Gesendet": "Old", "Sent Items": "Sent"}},
			[]string{"Gesendet > Old", "Sent Items > Sent \\Sent"}},
		{"a rename rule may merge into it",
			slashed("Gesendet", "Sent_Items"), slashed("Sent \\Sent"), mapping.Rules{Rename: map[string]string{"Gesendet": "Sent"}},
			[]string{"Gesendet > Sent", "Sent Items > Sent \\Sent"}},
		{"what is settled keeps its place",
			slashed("Gesendet \\Sent", "Other"), slashed("Sent \\Sent"), mapping.Rules{Settled: map[string]string{"Other": "Sent"}},
			[]string{"Gesendet > Gesendet \\Sent", "Other > Sent"}},
		{"what cannot be selected or is shared is no candidate",
			slashed("Gesendet"),
			mapping.End{Delimiter: "/", Others: []string{"shared/"}, Mailboxes: mailboxes("Sent \\Noselect \\Sent", "shared/Sent \\Sent", "INBOX \\Sent")},
			mapping.Rules{},
			[]string{"Gesendet > Gesendet \\Sent"}},
	})
}
