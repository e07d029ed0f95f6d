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
	"slices"
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
	aliases  map[string]rehome.Alias     // of addresses
	catchAll map[string]rehome.Alias     // by domain
	moved    map[string]rehome.Alias     // domain aliases by domain
	forwards map[string][]rehome.Forward // by account
	byLocal  map[string][]string         // addresses of accounts and aliases by their local part
}

// NewBook sorts the input. Addresses are expected in the form of rehome.ParseAddress.
func NewBook(input Input) *Book {
	b := &Book{
		input: input, domains: map[string]bool{}, accounts: map[string]bool{}, aliases: map[string]rehome.Alias{},
		catchAll: map[string]rehome.Alias{}, moved: map[string]rehome.Alias{}, forwards: map[string][]rehome.Forward{},
		byLocal: map[string][]string{},
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
		case rehome.AliasCatchAll:
			b.catchAll[strings.TrimPrefix(a.Name, "@")] = a
		case rehome.AliasDomain:
			b.moved[strings.TrimPrefix(a.Name, "@")] = a
		default:
			b.aliases[a.Name] = a
		}
	}
	for _, f := range input.Forwards {
		b.forwards[f.Account] = append(b.forwards[f.Account], f)
	}
	b.index()
	return b
}

func (b *Book) index() {
	add := func(address string) {
		local, _ := split(address)
		if !slices.Contains(b.byLocal[local], address) {
			b.byLocal[local] = append(b.byLocal[local], address)
		}
	}
	for address := range b.accounts {
		add(address)
	}
	for address := range b.aliases {
		add(address)
	}
}

// ByWhat says what answers for an address.
type ByWhat string

// What may answer. Nothing means that the address is refused.
const (
	ByNothing  ByWhat = ""
	ByAccount  ByWhat = "account"
	ByStaying  ByWhat = "staying account"
	ByAlias    ByWhat = "alias"
	ByDomain   ByWhat = "domain alias"
	ByCatchAll ByWhat = "catch-all"
)

// Lookup tells what answers for the address: an account or an alias of its own, then what stands
// for it in the domain that its domain is an alias of, then the catch-all.
func (b *Book) Lookup(address string) ByWhat {
	for range len(b.moved) + 1 { // a loop of domain aliases ends too
		if by := b.own(address); by != ByNothing {
			return by
		}
		local, domain := split(address)
		to, is := b.moved[domain]
		if !is {
			break
		}
		address = local + to.Targets[0]
		if b.own(address) != ByNothing {
			return ByDomain
		}
	}
	if _, domain := split(address); b.hasCatchAll(domain) {
		return ByCatchAll
	}
	return ByNothing
}

func (b *Book) own(address string) ByWhat {
	switch {
	case b.accounts[address]:
		return ByAccount
	case b.hasAlias(address):
		return ByAlias
	case b.input.Staying[address] != "":
		return ByStaying
	}
	return ByNothing
}

func (b *Book) hasAlias(address string) bool { _, is := b.aliases[address]; return is }

func (b *Book) hasCatchAll(domain string) bool { _, is := b.catchAll[domain]; return is }

// Complete returns the address that a name without a domain stands for: the only one on the books with that local part.
// A server that leaves domains out tells apart neither of two; then it is not known.
func (b *Book) Complete(name string) (address string, known bool) {
	list := b.byLocal[strings.ToLower(name)]
	if len(list) != 1 {
		return "", false
	}
	return list[0], true
}

// Ours reports whether the address is in a domain that moves, or in one that is an alias of such a
// domain.
func (b *Book) Ours(address string) bool {
	_, domain := split(address)
	if b.domains[domain] {
		return true
	}
	to, is := b.moved[domain]
	return is && b.domains[strings.TrimPrefix(to.Targets[0], "@")]
}

// Recipients lists every address that the source has on its books, sorted: accounts that move and
// aliases of the domains that move, and both once more for each domain alias.
func (b *Book) Recipients() []string {
	all := map[string]bool{}
	for address := range b.accounts {
		all[address] = true
	}
	for address := range b.aliases {
		all[address] = b.Ours(address)
	}
	for domain := range b.moved {
		for _, address := range b.behind(domain) {
			all[address] = b.Ours(address)
		}
	}
	var list []string
	for address, ours := range all {
		if ours {
			list = append(list, address)
		}
	}
	slices.Sort(list)
	return list
}

// behind lists the addresses that a domain alias makes.
func (b *Book) behind(domain string) []string {
	target := b.moved[domain].Targets[0]
	var all []string
	add := func(address string) {
		if local, of := split(address); "@"+of == target {
			all = append(all, local+"@"+domain)
		}
	}
	for address := range b.accounts {
		add(address)
	}
	for address := range b.aliases {
		add(address)
	}
	slices.Sort(all)
	return all
}

func split(address string) (local, domain string) {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return address, ""
	}
	return address[:i], address[i+1:]
}
