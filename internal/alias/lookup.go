// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"iter"
	"slices"
	"strings"

	"rehome"
)

// ByWhat says what answers for an address.
type ByWhat string

// What may answer. Nothing means that the address is refused.
const (
	ByNothing    ByWhat = ""
	ByAccount    ByWhat = "account"
	ByStaying    ByWhat = "staying account"
	ByAlias      ByWhat = "alias"
	ByUnread     ByWhat = "alias in an unknown form"
	ByDomain     ByWhat = "domain alias"
	BySubAddress ByWhat = "sub-address"
	ByCatchAll   ByWhat = "catch-all"
)

// IsAlias reports whether it is an alias that answers for just this address.
func (by ByWhat) IsAlias() bool { return by == ByAlias || by == ByUnread || by == ByDomain }

// Lookup tells what answers for the address: an account or an alias of its own, then what stands for it in the domains that
// its domain is an alias of, then the account or alias whose sub-address it is, then the catch-all.
func (b *Book) Lookup(address string) ByWhat {
	_, by := b.find(address)
	return by
}

// find returns the address on the books that answers, or "@domain" of a catch-all.
func (b *Book) find(address string) (at string, by ByWhat) {
	if at, by = b.findOwn(address); by != ByNothing {
		return at, by
	}
	if whole, is := whole(address); is {
		switch at, by = b.findOwn(whole); by {
		case ByNothing:
		case ByStaying, ByUnread:
			return at, by
		default:
			return at, BySubAddress
		}
	}
	for station := range b.stations(address) {
		if _, domain := split(station); b.hasCatchAll(domain) {
			return "@" + domain, ByCatchAll
		}
	}
	return "", ByNothing
}

// findOwn looks for the address and, over the domain aliases, for what stands for it.
func (b *Book) findOwn(address string) (at string, by ByWhat) {
	for station := range b.stations(address) {
		switch by := b.own(station); {
		case by == ByNothing:
		case station != address && (by == ByAccount || by == ByAlias):
			return station, ByDomain
		default:
			return station, by
		}
	}
	return "", ByNothing
}

func (b *Book) own(address string) ByWhat {
	switch {
	case b.accounts[address]:
		return ByAccount
	case b.aliases[address]:
		return ByAlias
	case b.unread[address]:
		return ByUnread
	case b.input.Staying[address] != "":
		return ByStaying
	}
	return ByNothing
}

// whole returns the address without its detail: "anna+news@" is anna's, unless somebody has it to the letter (RFC 5233).
func whole(address string) (string, bool) {
	local, domain := split(address)
	user, _, detailed := strings.Cut(local, "+")
	return user + "@" + domain, detailed && user != ""
}

func (b *Book) hasCatchAll(domain string) bool { _, is := b.catchAll[domain]; return is }

// Complete returns the address that a name without a domain stands for: the only one on the books with that local part.
// A server that leaves domains out tells apart neither of two; then it is not known.
func (b *Book) Complete(name string) (address string, known bool) {
	address = b.byLocal[strings.ToLower(name)]
	return address, address != ""
}

// Ours reports whether the address is in a domain that moves, or in one that is an alias of such a domain, over as many
// domain aliases as there are between them.
func (b *Book) Ours(address string) bool {
	_, domain := split(address)
	return b.oursDomain(domain)
}

func (b *Book) oursDomain(domain string) bool { return b.domains[domain] || b.roads[domain].ours }

// knows reports whether the address is in a domain that the source has: mail to it does not leave the house.
func (b *Book) knows(address string) bool {
	_, domain := split(address)
	_, moved := b.moved[domain]
	return moved || b.oursDomain(domain)
}

// Recipients lists every address that the source has on its books and of which is known what becomes, sorted: accounts
// that move and aliases of the domains that move, and both once more for each domain alias.
func (b *Book) Recipients() []string {
	return b.onTheBooks(func(by ByWhat) bool { return by != ByUnread })
}

// Unread lists those that receive mail at the source for something that is not understood. Somebody decides about each.
func (b *Book) Unread() []string {
	return b.onTheBooks(func(by ByWhat) bool { return by == ByUnread })
}

func (b *Book) onTheBooks(wanted func(ByWhat) bool) (list []string) {
	add := func(addresses []string) {
		for _, address := range addresses {
			if by := b.Lookup(address); wanted(by) && (by == ByAccount || b.Ours(address)) {
				list = append(list, address)
			}
		}
	}
	for _, addresses := range b.byDomain {
		add(addresses)
	}
	for domain := range b.moved {
		if b.oursDomain(domain) {
			add(b.behind(domain))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// behind lists the addresses that a domain alias makes.
func (b *Book) behind(domain string) []string {
	var all []string
	for station := range b.stations("@" + domain) {
		_, of := split(station)
		if of == domain {
			continue
		}
		for _, address := range b.byDomain[of] {
			local, _ := split(address)
			all = append(all, local+"@"+domain)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// road is where a domain alias leads to.
type road struct {
	next   string // the next domain on it that has accounts, aliases or a catch-all; "" if there is none
	ours   bool   // it comes to a domain that moves
	loops  bool   // it has no end
	inLoop bool   // it comes back to its beginning
}

// stations are the address, and the same name in each domain that its domain is an alias of.
func (b *Book) stations(address string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !yield(address) {
			return
		}
		local, domain := split(address)
		first := domain
		for range len(b.moved) { // a loop of domain aliases ends too
			domain = b.roads[domain].next
			if domain == "" || domain == first || !yield(local+"@"+domain) {
				return
			}
		}
	}
}

func (b *Book) target(domain string) (to string, is bool) {
	a, is := b.moved[domain]
	if !is {
		return "", false
	}
	return strings.TrimPrefix(a.Targets[0], "@"), true
}

// findRoads follows every domain alias once, so that a chain of them costs no more than its length.
func (b *Book) findRoads() {
	for domain := range b.moved {
		var path []string
		at := map[string]int{} // places on the path
		to, more := domain, true
		for more {
			if _, known := b.roads[to]; known {
				break
			}
			if start, again := at[to]; again {
				b.closeLoop(path[start:])
				break
			}
			at[to] = len(path)
			path = append(path, to)
			to, more = b.target(to)
			if _, moves := b.moved[to]; !moves {
				break
			}
		}
		for _, domain := range slices.Backward(path) {
			if _, known := b.roads[domain]; !known {
				b.roads[domain] = b.roadFrom(domain)
			}
		}
	}
}

// roadFrom extends the road of the target, which is known.
func (b *Book) roadFrom(domain string) road {
	to, _ := b.target(domain)
	onward := b.roads[to]
	r := road{next: to, ours: b.domains[to] || onward.ours, loops: onward.loops}
	if !b.bears[to] && onward.next != "" {
		r.next = onward.next
	}
	return r
}

// closeLoop makes the roads of domains each of which leads to the next, and the last to the first.
func (b *Book) closeLoop(loop []string) {
	ours := slices.ContainsFunc(loop, func(domain string) bool { return b.domains[domain] })
	for i, domain := range loop {
		b.roads[domain] = road{next: loop[(i+1)%len(loop)], ours: ours, loops: true, inLoop: true}
	}
}

// mapped returns what an alias or catch-all delivers to, as far as these are addresses.
func mapped(a rehome.Alias) []string {
	if a.Kind == rehome.AliasMaildir || a.Kind == rehome.AliasDomain {
		return nil
	}
	return a.Targets
}
