// SPDX-License-Identifier: Apache-2.0

package people

import (
	"cmp"

	"rehome"
	"rehome/internal/content/sieve"
)

// Rules makes rules of what the database holds of an account: held, which may be nil, and those of the forwards that are its
// own. Mailboxes keep the source's names but for junk, the destination's mailbox for blocked senders; "" is INBOX: nothing is
// discarded that nobody has asked to.
func Rules(address string, held *Rule, forwards []rehome.Forward, junk string) sieve.Rules {
	var rules sieve.Rules
	for _, f := range forwards {
		if f.Account == address {
			rules.Redirects = append(rules.Redirects, sieve.Redirect{To: f.Target, KeepCopy: f.KeepCopy})
		}
	}
	if held == nil {
		return rules
	}
	rules.Allow, rules.Block, rules.Junk = held.Allow, held.Block, cmp.Or(junk, "INBOX")
	if held.Away != "" {
		rules.Vacation = &sieve.Vacation{Text: held.Away, Addresses: []string{address}}
	}
	for _, s := range held.Sorts {
		sort := sieve.Sort{Mailbox: s.Mailbox}
		for _, c := range []sieve.Condition{{Header: "from", Contains: s.From}, {Header: "subject", Contains: s.Subject}} {
			if c.Contains != "" {
				sort.Conditions = append(sort.Conditions, c)
			}
		}
		rules.Sorts = append(rules.Sorts, sort)
	}
	return rules
}
