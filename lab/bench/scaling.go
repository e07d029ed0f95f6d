// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"

	"rehome/lab/dovecot"
)

// Scaling are the rows that tell how time, memory and the ledger grow: of messages, of mailboxes and of accounts, each in
// five steps. rehome is alone in them.
func Scaling() []Row {
	const small = 2_048 // octets of a message, so that the largest step fits on a disk
	line := mailLine{layout: dovecot.Mdbox}
	var rows []Row
	add := func(key, title string, accounts, messages, mailboxes int) {
		rows = append(rows, mailRow(mailWork{
			key: key, title: title, accounts: accounts, messages: messages, mailboxes: mailboxes, smallest: small, largest: small,
			width: 1, unlimited: true, alone: true, lines: []mailLine{line},
		}, line))
	}
	for _, n := range []int{1_000, 3_000, 10_000, 30_000, 100_000} {
		add(fmt.Sprintf("messages-%d", n), fmt.Sprintf("%d messages of 2 KB, 10 mailboxes", n), 1, n, 10)
	}
	for _, n := range []int{10, 100, 300, 1_000, 3_000} {
		add(fmt.Sprintf("mailboxes-%d", n), fmt.Sprintf("3000 messages of 2 KB, %d mailboxes", n), 1, 3_000, n)
	}
	for _, n := range []int{10, 30, 100, 200, 500} {
		add(fmt.Sprintf("accounts-%d", n), fmt.Sprintf("%d accounts of 20 messages of 2 KB, 5 mailboxes", n), n, 20, 5)
	}
	return rows
}
