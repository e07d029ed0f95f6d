// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"testing"

	"rehome/lab"
	"rehome/lab/cyrus"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
)

// A destination that has no mailbox for sent mail yet, and can be told what a new one is for (RFC 6154,
// section 3), knows it after the move, so that mail clients find it.
func TestSpecialUse_isGivenToWhatIsMade(t *testing.T) {
	t.Parallel()
	l := lab.Open(t)
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Maildir, Mailboxes: []dovecot.Mailbox{
		{Name: "Gesendete Objekte", SpecialUse: `\Sent`}, {Name: "Entwürfe", SpecialUse: `\Drafts`}, {Name: "Sent by hand"},
	}}, person)
	dst := startCyrus(t, l, cyrus.Options{}, person)
	source, target := src.logIn(t, person), dst.logIn(t, person)
	source.store("Gesendete Objekte", letters(3, 300, "sent")...)
	source.store("Entwürfe", letters(1, 300, "draft")...)
	source.store("Sent by hand", letters(1, 300, "hand")...)
	if !target.Capabilities().Has("CREATE-SPECIAL-USE") {
		t.Fatal("this Cyrus does not offer CREATE-SPECIAL-USE; the test needs cyrus-imapd 3.2 or later")
	}
	m := prepare(t, l, src, dst, "", person)
	if n, _, failed := copied(operator.Answer[operator.Synced](t, m.Operator, 0, "sync")); n != 5 || failed != 0 {
		t.Errorf("copied %d, failed %d, want 5, 0", n, failed)
	}
	list, err := target.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	uses := map[string]string{}
	for _, entry := range list {
		for _, use := range []string{`\Sent`, `\Drafts`} {
			if entry.HasAttribute(use) {
				uses[entry.Name] += use
			}
		}
	}
	if len(uses) != 2 || uses["Gesendete Objekte"] != `\Sent` || uses["Entwürfe"] != `\Drafts` {
		t.Errorf("the destination's special mailboxes are %v", uses)
	}
	m.wantEqual(5)
}
