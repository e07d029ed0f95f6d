// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// useOf is what a well-known name stands for: its use, and how likely the name is.
type useOf struct {
	use  string
	rank int
}

// nameIndex finds the use of a mailbox by its name.
type nameIndex map[string]useOf

// wellKnown is the index of all well-known names. It is made once: to fold some hundred names costs more than
// to map the few mailboxes of most accounts.
var wellKnown = sync.OnceValue(newNameIndex)

func newNameIndex() nameIndex {
	index := nameIndex{}
	for use, names := range wellKnownNames() {
		for rank, name := range names {
			index[foldName(name)] = useOf{use, rank}
		}
	}
	return index
}

func foldName(name string) string { return foldCase(norm.NFC.String(name)) }

// foldCase makes names the same that differ only in the case of their letters.
func foldCase(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return cases.Fold().String(name)
		}
	}
	return strings.ToLower(name) // the same for the letters of ASCII, and most names have no others
}

// lookup answers for mailboxes at the top, where clients put them; INBOX counts as the top.
func (x nameIndex) lookup(path []string) (useOf, bool) {
	if len(path) == 2 && path[0] == inbox {
		path = path[1:]
	}
	if len(path) != 1 {
		return useOf{}, false
	}
	found, ok := x[foldName(path[0])]
	return found, ok
}

// attributeUse returns the mapped special use that the server gave a mailbox, or "".
func (m Mailbox) attributeUse() string {
	for _, use := range specialUses() {
		if m.has(use) {
			return use
		}
	}
	return ""
}

const unknownRank = 1 << 16

// candidate is a mailbox, at either end, that may fill a special use.
type candidate struct {
	node        *node   // at the source
	mailbox     Mailbox // at the destination
	byAttribute bool
	rank        int
}

func newCandidate(m Mailbox, path []string, use string, names nameIndex) (candidate, bool) {
	byName, found := names.lookup(path)
	c := candidate{mailbox: m, rank: unknownRank}
	if found && byName.use == use {
		c.rank = byName.rank
	}
	switch attribute := m.attributeUse(); {
	case !m.selectable() || isInbox(m.Name) || len(path) == 0:
		return c, false
	case attribute != "":
		c.byAttribute = true
		return c, attribute == use
	}
	return c, c.rank < unknownRank
}

// mapSpecialUses lets, for each use, the best source mailbox have the destination's mailbox of
// that use. All others keep their own names.
func (p *planner) mapSpecialUses() {
	for _, use := range specialUses() {
		targets := p.targets(use, p.names)
		sources := p.sources(use, p.names, targets)
		if len(sources) == 0 {
			continue
		}
		best := sources[0].node
		best.use = use
		p.findSecondUses(use, best, sources[1:])
		if name, found := p.choose(best, targets); found && best.fixed == "" {
			p.placeByUse(best, name)
		}
	}
}

func (p *planner) placeByUse(n *node, name string) {
	key := p.keyOf(name)
	before, claimed := p.claims[key]
	if key == p.keyOf(n.natural) || claimed && !before.open {
		return
	}
	if claimed {
		p.findMerge(n, before.name)
	}
	n.why = "special use " + n.use
	p.take(n, name, false)
}

// sources returns the source mailboxes of a use, the best first. What decides must not change once
// mailboxes have been created: attributes count at both ends, names only at the source.
func (p *planner) sources(use string, names nameIndex, targets []candidate) []candidate {
	meant := map[string]bool{}
	for _, target := range targets {
		if target.byAttribute {
			meant[p.keyOf(target.mailbox.Name)] = true
		}
	}
	var found []candidate
	for _, n := range p.nodes {
		if c, ok := newCandidate(n.Mailbox, n.path, use, names); ok && n.use == "" {
			c.node = n
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(
			firstIf(a.byAttribute, b.byAttribute),
			firstIf(meant[p.keyOf(a.node.natural)], meant[p.keyOf(b.node.natural)]),
			cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.node.Name, b.node.Name),
		)
	})
	return found
}

// targets returns the destination mailboxes of a use, by attribute before by name.
func (p *planner) targets(use string, names nameIndex) []candidate {
	var found []candidate
	for _, m := range p.dst.Mailboxes {
		c, ok := newCandidate(m, p.dst.path(m.Name, m.Delimiter), use, names)
		_, own := p.dst.withoutPrefix(m.Name)
		if ok && own && !p.dst.foreign(m.Name, m.Delimiter) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(
			firstIf(a.byAttribute, b.byAttribute),
			cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.mailbox.Name, b.mailbox.Name),
		)
	})
	return found
}

// choose returns the destination mailbox that n takes for its use. A mailbox that is only known by
// its name is left to a source mailbox that wants that very name: an earlier run may have created
// it for that one.
func (p *planner) choose(n *node, targets []candidate) (name string, found bool) {
	own := p.keyOf(n.natural)
	usable := slices.DeleteFunc(slices.Clone(targets), func(c candidate) bool {
		return !c.byAttribute && p.wantedByOthers(n, c.mailbox.Name)
	})
	if len(usable) == 0 {
		return "", false
	}
	best := slices.MinFunc(usable, func(a, b candidate) int {
		return cmp.Or(
			firstIf(a.byAttribute, b.byAttribute),
			firstIf(p.keyOf(a.mailbox.Name) == own, p.keyOf(b.mailbox.Name) == own),
			firstIf(!p.wantedByOthers(n, a.mailbox.Name), !p.wantedByOthers(n, b.mailbox.Name)),
		)
	})
	return best.mailbox.Name, true
}

func (p *planner) wantedByOthers(n *node, name string) bool {
	count := p.wanted[p.keyOf(name)]
	if p.keyOf(n.natural) == p.keyOf(name) {
		count--
	}
	return count > 0
}

// firstIf orders what has a quality before what has not.
func firstIf(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
