// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"cmp"
	"slices"
	"strings"
)

// Plain reports whether a mailbox keeps its name as far as the two ends can have the same: nobody looks for it elsewhere.
func (p Pair) Plain() bool { return p.Why == whyInbox || p.Why == whySamePath || p.Why == whySameName }

// What Pair.Why says, beside the special uses.
const (
	whyInbox    = "always INBOX"
	whyRule     = "renamed by rule"
	whySettled  = "settled by an earlier plan"
	whyTaken    = "renamed: name is taken"
	whyTooLong  = "renamed: too long"
	whyForeign  = "renamed: another namespace has the name"
	whyDelim    = "renamed: separator inside"
	whyRefused  = "renamed: characters refused"
	whyPattern  = "rewritten by pattern"
	whyParent   = "moved with its parent"
	whySamePath = "same path"
	whySameName = "same name"
)

// node is a source mailbox on its way to a pair.
type node struct {
	Mailbox
	path    []string // inside the personal namespace, after the patterns
	dropped int      // parts at the start that the destination's prefix stands for
	spelled []string // the other parts, as the destination can hold them
	natural string   // the destination name that these parts give
	altered string   // why natural is another name, or ""
	fixed   string   // the destination name that a rename rule or an earlier plan gives, or ""
	byRule  bool     // it was a rename rule
	use     string
	placed  string // the destination name, once it is known
	why     string
}

func (n *node) container() bool { return !n.selectable() }

// planner holds what the steps of one Make share.
type planner struct {
	src, dst End
	rules    Rules
	letters  alphabet
	names    nameIndex
	nodes    []*node
	parents  map[string]*node   // by path, joined by NUL
	exact    map[string]Mailbox // of the destination, by name
	alike    map[string]Mailbox // of the destination, by key
	wanted   map[string]int     // how many source mailboxes want a key, by themselves or by rule
	claims   map[string]claim
	plan     Plan
}

// Make plans the way of each source mailbox.
//
// INBOX goes to INBOX. Exact renames come next, then what is settled, then special uses, then all
// others from the top down, each below where its parent went. The same input gives the same plan,
// and so does the destination that the plan has made, with Exists set.
func Make(src, dst End, rules Rules) Plan {
	src.Mailboxes, dst.Mailboxes = byName(src.Mailboxes), byName(dst.Mailboxes)
	src, dst = src.withPrefix(), dst.withPrefix()
	p := &planner{
		src: src, dst: dst, rules: rules, letters: newAlphabet(dst, rules), names: wellKnown(),
		parents: map[string]*node{}, exact: map[string]Mailbox{}, alike: map[string]Mailbox{},
		wanted: map[string]int{}, claims: map[string]claim{},
	}
	p.indexDestination()
	p.admit()
	p.countWishes()
	p.placeFixed()
	if !rules.NoSpecialUse {
		p.mapSpecialUses()
	}
	p.placeOthers()
	p.pair()
	p.findCaseTwins()
	return p.plan
}

// Missing returns the destination mailboxes that have to be created, each once, parents first.
// Containers are not among them: a server makes them with the first child.
func (p Plan) Missing() []string {
	var names []string
	for _, pair := range p.Pairs {
		if !pair.Exists && !pair.Container {
			names = append(names, pair.Destination)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// byName returns the mailboxes in order, and the first of those that have the same name.
func byName(list []Mailbox) []Mailbox {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Mailbox) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(sorted, func(a, b Mailbox) bool { return a.Name == b.Name })
}

func (p *planner) indexDestination() {
	for _, m := range p.dst.Mailboxes {
		p.exact[m.Name] = m
		if key := p.keyOf(m.Name); p.alike[key].Name == "" {
			p.alike[key] = m
		}
	}
}

// listed returns the destination mailbox that has the name, or one that is taken for the same.
func (p *planner) listed(name string) (Mailbox, bool) {
	if m, found := p.exact[name]; found {
		return m, true
	}
	m, found := p.alike[p.keyOf(name)]
	return m, found
}

// countWishes notes which names are wanted. A parent that the source does not list counts too,
// because the destination may create it with its first child.
func (p *planner) countWishes() {
	for _, n := range p.nodes {
		p.wanted[p.keyOf(cmp.Or(n.fixed, n.natural))]++
		if len(n.spelled) > 1 && p.parents[pathKey(n.path[:n.dropped+1])] == nil {
			p.wanted[p.keyOf(p.dst.join(n.spelled[:1]))]++
		}
	}
}

// placeFixed places what no other rule can move: INBOX, exact renames, what is settled.
func (p *planner) placeFixed() {
	p.claims[p.keyOf(inbox)] = claim{name: inbox} // even if the source's INBOX is left out
	for _, n := range p.nodes {
		switch {
		case isInbox(n.Name):
			n.placed = inbox
			n.why = whyInbox
		case n.fixed != "":
			p.placeByName(n)
		}
	}
}

func (p *planner) placeByName(n *node) {
	n.why = whySettled
	if n.byRule {
		n.why = whyRule
	}
	if before, claimed := p.claims[p.keyOf(n.fixed)]; claimed {
		p.findMerge(n, before.name)
	}
	p.take(n, n.fixed, n.byRule)
}

// placeOthers works from the top down, and on each level lets those go first that keep their
// name.
func (p *planner) placeOthers() {
	order := slices.Clone(p.nodes)
	slices.SortStableFunc(order, func(a, b *node) int {
		return cmp.Or(
			cmp.Compare(len(a.path), len(b.path)),
			firstIf(a.altered == "", b.altered == ""),
			slices.Compare(a.path, b.path),
		)
	})
	for _, n := range order {
		if n.placed == "" {
			p.place(n)
		}
	}
}

func (p *planner) place(n *node) {
	head, followed := p.head(n)
	last := n.spelled[len(n.spelled)-1]
	name, why := p.unique(n, head, last)
	if claimed := p.claims[p.keyOf(name)]; claimed.open {
		p.findMerge(n, claimed.name)
	}
	p.take(n, name, false)
	switch {
	case why != "":
	case followed:
		why = whyParent
	case n.altered != "":
		why = n.altered
	case n.placed == n.Name:
		why = whySameName
	default:
		why = whySamePath
	}
	n.why = why
	p.findRename(n)
}

// head returns what the destination name of n starts with, delimiter included: the place of the
// nearest parent that the source lists. Followed says that this parent went elsewhere. Nobody
// follows a mailbox into INBOX: what is merged there keeps its children where they were.
func (p *planner) head(n *node) (head string, followed bool) {
	separator := p.dst.separator()
	for i := len(n.spelled) - 1; i > 0; i-- {
		parent := p.parents[pathKey(n.path[:n.dropped+i])]
		if parent == nil || parent == n || parent.placed == "" || parent.placed == inbox {
			continue
		}
		between := append([]string{strings.TrimRight(parent.placed, separator)}, n.spelled[i:len(n.spelled)-1]...)
		return strings.Join(between, separator) + separator, parent.placed != parent.natural
	}
	last := n.spelled[len(n.spelled)-1]
	return strings.TrimSuffix(n.natural, last), false
}

// pair writes the plan down in source order.
func (p *planner) pair() {
	for _, n := range p.nodes {
		if n.container() && !p.hasChildren(n) {
			p.leave(n.Name, "cannot be selected, and contains nothing to copy")
			continue
		}
		existing, found := p.exact[n.placed]
		p.plan.Pairs = append(p.plan.Pairs, Pair{
			Source: n.Name, Destination: n.placed, Use: n.use,
			Exists:    n.placed == inbox || found && (existing.selectable() || n.container()),
			Subscribe: n.Subscribed, Container: n.container(), Why: n.why,
		})
	}
	slices.SortFunc(p.plan.Left, func(a, b Left) int { return cmp.Compare(a.Source, b.Source) })
}

func (p *planner) hasChildren(parent *node) bool {
	head := parent.placed + p.dst.separator()
	return slices.ContainsFunc(p.nodes, func(n *node) bool {
		return !n.container() && strings.HasPrefix(n.placed, head)
	})
}

func pathKey(path []string) string { return strings.Join(path, "\x00") }
