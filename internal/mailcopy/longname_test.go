// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"strings"
	"testing"

	"rehome/lab/dovecot"
)

// A name that the destination refuses for its length costs that mailbox only, and a setting saves it.
func TestLongName(t *testing.T) {
	t.Parallel()
	p := newPair(t, dovecot.Options{Layout: dovecot.Sdbox, Separator: "/"}, dovecot.Options{Layout: dovecot.Maildir})
	deep := strings.Repeat("a", 150) + "/" + strings.Repeat("b", 150)
	p.fill(p.src, deep, letters(3, 300, "deep")...)
	p.fill(p.src, "Short", letters(2, 300, "short")...)
	r := p.sync()
	wantFinding(t, r, "mailbox_refused")
	if r.Tally.Copied != 2 {
		t.Errorf("%+v, want the other mailbox to be copied", r.Tally)
	}
	p.rules.MaxName = 254
	if r := p.sync(); r.Tally.Copied != 3 {
		t.Errorf("%+v, want the long one to be copied under a shorter name; findings %v", r.Tally, codes(r.Findings))
	}
	for _, name := range p.mailboxes(p.dst) {
		if strings.HasPrefix(name, "aaa") && len(name) > 254 {
			t.Errorf("%q is longer than it may be", name)
		}
	}
}
