// SPDX-License-Identifier: Apache-2.0

package rulecopy

import (
	"slices"
	"strings"

	"rehome/internal/content/sieve"
	"rehome/internal/mapping"
)

// mapped finds where a mailbox went. Tables and old scripts name one with or without "INBOX." in front, some
// in other capitals or without the blanks around it: that counts where no mailbox has the very name.
func mapped(pairs []mapping.Pair, name string) (string, bool) {
	for _, same := range []func(a, b string) bool{func(a, b string) bool { return a == b }, strings.EqualFold, sameButBlanks} {
		for _, wanted := range []string{name, "INBOX." + name, "INBOX/" + name} {
			if i := slices.IndexFunc(pairs, func(p mapping.Pair) bool { return same(p.Source, wanted) }); i >= 0 {
				return pairs[i].Destination, true
			}
		}
	}
	return "", false
}

func sameButBlanks(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

// fromTables makes rules of what the database holds.
func (e *Ends) fromTables(address string, pairs []mapping.Pair) sieve.Rules {
	var rules sieve.Rules
	for _, f := range e.Forwards {
		if f.Account == address {
			rules.Redirects = append(rules.Redirects, sieve.Redirect{To: f.Target, KeepCopy: f.KeepCopy})
		}
	}
	held := e.Tables[address]
	if held == nil {
		return rules
	}
	rules.Allow = held.Allow
	rules.Block = held.Block
	if i := slices.IndexFunc(pairs, func(p mapping.Pair) bool { return p.Use == `\Junk` }); i >= 0 {
		rules.Junk = pairs[i].Destination
	}
	if rules.Junk == "" {
		rules.Junk = "INBOX" // never discarded: nobody has asked for that
	}
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
