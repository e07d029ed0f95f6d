// SPDX-License-Identifier: Apache-2.0

// Package alias says what becomes of the aliases and forwards of the source.
//
// NewBook takes everything that receives mail; Book.Lookup tells what answers for an address, and
// Book.Plan has one line for each alias and forward: its state, what is wrong with it, and what a
// person does about it. The writers turn a plan into the sheet of the Services tab and into maps
// for Postfix (virtual(5)) and Exim.
//
// It does no I/O but the writing, and asks no server: what a destination really answers is for the
// package recipients.
//
// Every line is in exactly one state, so the totals add up to the number of lines. What is in a
// form that nobody foresaw is listed as it is stored, never dropped.
package alias

import (
	"strings"

	"rehome"
)

// Ability says whether the destination can express a kind of alias.
type Ability string

// The answers. Unknown leaves a line for a person to ask about.
const (
	Yes     Ability = "yes"
	No      Ability = "no"
	Unknown Ability = "unknown"
)

// Abilities are those of the destination. The atmail 8 cloud documents none of them.
type Abilities struct {
	CatchAll Ability // everything else of a domain to one address
	Domain   Ability // a whole domain to another
	Outside  Ability // targets that are not the organisation's
	Several  Ability // more than one target
}

// Input is everything that receives mail at the source.
type Input struct {
	Domains  []string          // those that move
	Accounts []string          // addresses that move
	Staying  map[string]string // the reason, by address
	Aliases  []rehome.Alias
	Forwards []rehome.Forward

	Abilities     Abilities
	SkipInstaller bool // leave out postmaster and mailer-daemon
}

// Book knows who answers for an address.
type Book struct {
	input    Input
	domains  map[string]bool
	accounts map[string]bool
	aliases  map[string]bool             // addresses with aliases that rehome understands
	unread   map[string]bool             // addresses with aliases of which it is not understood where they go to
	catchAll map[string]rehome.Alias     // by domain
	moved    map[string]rehome.Alias     // domain aliases by domain
	forwards map[string][]rehome.Forward // by account

	byDomain map[string][]string // addresses of accounts and aliases
	byLocal  map[string]string   // the only such address with a local part; "" if there are several
	bears    map[string]bool     // domains in which anything answers
	roads    map[string]road     // where domain aliases lead to
}

// NewBook sorts the input. Addresses are expected in the form of rehome.ParseAddress.
func NewBook(input Input) *Book {
	b := &Book{
		input: input, domains: map[string]bool{}, accounts: map[string]bool{}, aliases: map[string]bool{},
		unread: map[string]bool{}, catchAll: map[string]rehome.Alias{}, moved: map[string]rehome.Alias{},
		forwards: map[string][]rehome.Forward{}, byDomain: map[string][]string{}, byLocal: map[string]string{},
		bears: map[string]bool{}, roads: map[string]road{},
	}
	for _, domain := range input.Domains {
		b.domains[strings.ToLower(domain)] = true
	}
	for _, account := range input.Accounts {
		b.accounts[account] = true
	}
	for _, a := range input.Aliases {
		switch a.Kind {
		case rehome.AliasUnparsed:
			if _, err := rehome.ParseAddress(a.Name); err == nil && !refuses(a) {
				b.unread[a.Name] = true
			}
		case rehome.AliasCatchAll:
			b.catchAll[strings.TrimPrefix(a.Name, "@")] = a
		case rehome.AliasDomain:
			b.moved[strings.TrimPrefix(a.Name, "@")] = a
		default:
			b.aliases[a.Name] = true
		}
	}
	for _, f := range input.Forwards {
		b.forwards[f.Account] = append(b.forwards[f.Account], f)
	}
	b.index()
	b.findRoads()
	return b
}

// index lists the addresses by domain and by local part.
func (b *Book) index() {
	add := func(address string) {
		local, domain := split(address)
		b.byDomain[domain] = append(b.byDomain[domain], address)
		b.bears[domain] = true
		if _, another := b.byLocal[local]; another {
			address = ""
		}
		b.byLocal[local] = address
	}
	for address := range b.accounts {
		add(address)
	}
	for address := range b.aliases {
		if !b.accounts[address] {
			add(address)
		}
	}
	for address := range b.unread {
		if !b.accounts[address] && !b.aliases[address] {
			add(address)
		}
	}
	for domain := range b.catchAll {
		b.bears[domain] = true
	}
	for address := range b.input.Staying {
		_, domain := split(address)
		b.bears[domain] = true
	}
}

// refuses reports whether all that a row does is to refuse mail, in Exim's words (its specification, 22.7).
func refuses(a rehome.Alias) bool {
	for _, target := range a.Targets {
		if word, _, _ := strings.Cut(strings.ToLower(target), " "); word != ":fail:" && word != ":defer:" && word != ":unknown:" {
			return false
		}
	}
	return len(a.Targets) > 0
}

func split(address string) (local, domain string) {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address, ""
	}
	return address[:i], address[i+1:]
}
