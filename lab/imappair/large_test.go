// SPDX-License-Identifier: Apache-2.0

package imappair_test

import (
	"testing"

	"rehome/lab"
	"rehome/lab/dovecot"
	"rehome/lab/operator"
)

// A mailbox of 20,000 messages arrives whole and in order; the next pass finds it unchanged.
func TestLarge_twentyThousandMessages(t *testing.T) {
	t.Parallel()
	const messages = 20_000
	l := lab.Open(t)
	// The store of this test may lose mail when the machine fails: it is about numbers, and the disk
	// is not what it measures.
	const hasty = "mail_fsync = never\n"
	src := startDovecot(t, l, dovecot.Options{Name: "src", Layout: dovecot.Mdbox, Separator: "/", Extra: hasty}, person)
	dst := startDovecot(t, l, dovecot.Options{Name: "dst", Layout: dovecot.Mdbox, Separator: "/", Extra: hasty}, person)
	src.logIn(t, person).fill("Lists", letters(messages, 200, "list")...)
	m := prepare(t, l, src, dst, "", person)
	for pass, want := range []int{messages, 0} {
		if n, adopted, failed := copied(operator.Answer[operator.Synced](t, m.Operator, 0, "sync")); n != want || adopted+failed != 0 {
			t.Errorf("pass %d: copied %d, adopted %d, failed %d, want %d, 0, 0", pass, n, adopted, failed, want)
		}
	}
	m.wantEqual(messages)
}
