// SPDX-License-Identifier: Apache-2.0

package mailcopy

import "rehome/internal/mapping"

// A share of a mailbox or account that vanishes at once is believed to be a user's work up to these
// limits. Beyond them somebody has to confirm it: a server that has lost a disk looks just like a user
// who has deleted everything.
const (
	alarmMessages = 20 // more than so many, and
	alarmShare    = 2  // more than one of so many
)

func alarming(lost, of int) bool { return lost > alarmMessages && lost*alarmShare > of }

// emptiedOften tells the mailboxes that people empty in one go.
func emptiedOften(pair mapping.Pair) bool { return pair.Use == `\Trash` || pair.Use == `\Junk` }
