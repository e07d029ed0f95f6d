// SPDX-License-Identifier: Apache-2.0

package people

import (
	"maps"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/atmail8"
)

// LoneDomain is a domain that shall move and in which nobody has an account; the source does not know it otherwise either,
// for instance for its aliases.
type LoneDomain struct {
	Domain string
	Known  []string // domains with accounts; the first few
	More   int      // that are not named
}

// mostDomains bounds how many are named.
const mostDomains = 5

// LoneDomains are those among domains.
func (e *Everybody) LoneDomains(domains []string) []LoneDomain {
	known := map[string]bool{}
	for _, account := range e.Organisation.Accounts {
		known[account.Domain()] = true
	}
	if len(e.Moving) > 0 {
		for _, domain := range e.Organisation.Domains {
			known[domain] = true
		}
	}
	names := slices.Sorted(maps.Keys(known))
	shown := min(len(names), mostDomains)
	var lone []LoneDomain
	for _, domain := range domains {
		if !known[domain] {
			lone = append(lone, LoneDomain{Domain: domain, Known: names[:shown:shown], More: len(names) - shown})
		}
	}
	return lone
}

// DomainsOf are the domains that move: those that are asked for or, where none are, those of the accounts that move.
func (e *Everybody) DomainsOf(asked []string) []string {
	if len(asked) > 0 {
		return asked
	}
	var all []string
	for _, account := range e.Moving {
		all = append(all, account.Domain())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// List is who moves and who stays, without a password.
type List struct {
	Moving   []Person         `json:"moving"`
	Staying  []Staying        `json:"staying"`
	Findings []rehome.Finding `json:"findings"`
}

// Person is one account that moves.
type Person struct {
	Account             string              `json:"account"`
	Name                string              `json:"name"`
	PasswordForm        rehome.PasswordForm `json:"password_form"`
	DestinationPassword string              `json:"destination_password"` // "own", "temporary" or "to be made"
}

// List shows everybody.
func (e *Everybody) List() List {
	list := List{
		Moving: make([]Person, 0, len(e.Moving)), Staying: append([]Staying{}, e.Staying...), Findings: append([]rehome.Finding{}, e.Findings...),
	}
	for i, account := range e.Moving {
		list.Moving = append(list.Moving, Person{
			Account: account.Address, Name: strings.TrimSpace(account.FirstName + " " + account.LastName),
			PasswordForm: account.Password.Form, DestinationPassword: passwordWord(e.Decisions[i]),
		})
	}
	return list
}

func passwordWord(d atmail8.Decision) string {
	switch {
	case d.Missing():
		return "temporary, created by export"
	case d.Origin == atmail8.OriginTemporary:
		return "temporary"
	}
	return "own"
}

// Outcome implements rehome.Answer: whoever stays, the list is whole.
func (List) Outcome() rehome.Outcome { return rehome.OutcomeDone }
