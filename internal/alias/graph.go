// SPDX-License-Identifier: Apache-2.0

package alias

import (
	"slices"

	"rehome"
)

// graph is who sends mail on to whom. Its nodes are what has targets: an address with aliases or an account's forwards, and
// a catch-all. Each node and each target is looked at once, so that a plan costs no more than its size however long the
// chains are.
type graph struct {
	book  *Book
	nodes []string       // addresses, or "@domain" of a catch-all
	at    map[string]int // their places
	edges [][]int        // to which nodes the targets lead
	rows  [][]int        // the aliases of a node: places in the input

	component []int  // nodes of one component reach each other
	looping   []bool // by component: it has more than one node, or a node that leads to itself

	lines []Line       // by place in the input
	roots map[int]root // by node; none if its mail arrives
}

// root is what keeps mail from arriving: the line at which the trouble is, however far from it the alias is that leads there.
type root struct {
	state   State // StateCreate: nothing does
	name    string
	problem string
}

func (b *Book) newGraph() *graph {
	g := &graph{book: b, at: make(map[string]int, len(b.input.Aliases)), roots: map[int]root{},
		lines: make([]Line, len(b.input.Aliases), len(b.input.Aliases)+len(b.input.Forwards))}
	for i, a := range b.input.Aliases {
		g.lines[i] = b.aliasLine(a)
		if a.Kind == rehome.AliasUnparsed || a.Kind == rehome.AliasDomain {
			g.lines[i].finish()
			continue
		}
		node := g.node(a.Name)
		g.rows[node] = append(g.rows[node], i)
	}
	for _, f := range b.input.Forwards {
		g.node(f.Account)
	}
	for from, name := range g.nodes {
		for _, target := range g.targets(name) {
			if to, is := g.leadsTo(target); is && !b.staysWith(name, target) {
				g.edges[from] = append(g.edges[from], to)
			}
		}
	}
	return g
}

// node returns the place of a node, which is made if it is not there.
func (g *graph) node(name string) int {
	place, known := g.at[name]
	if !known {
		place = len(g.nodes)
		g.at[name] = place
		g.nodes = append(g.nodes, name)
		g.edges = append(g.edges, nil)
		g.rows = append(g.rows, nil)
	}
	return place
}

// targets lists where mail to a node is sent on to.
func (g *graph) targets(name string) (all []string) {
	for _, i := range g.rows[g.at[name]] {
		all = append(all, mapped(g.book.input.Aliases[i])...)
	}
	for _, f := range g.book.forwards[name] {
		all = append(all, f.Target)
	}
	return all
}

// leadsTo returns the node that has the mail of a target.
func (g *graph) leadsTo(target string) (place int, is bool) {
	at, by := g.book.find(target)
	if by == ByNothing {
		return 0, false
	}
	place, is = g.at[at]
	return place, is
}

// staysWith reports whether mail stays with an account that is a target of itself. It delivers there, as in every mail
// server.
func (b *Book) staysWith(name, target string) bool { return name == target && b.accounts[name] }

// judge finishes the lines of a node. What its targets lead to is judged already, unless they are in one loop with it.
func (g *graph) judge(node int) {
	for _, i := range g.rows[node] {
		line := &g.lines[i]
		r := root{line.State, line.Name, line.worst}
		if line.State != StateLeaveOut && g.book.input.Aliases[i].Kind != rehome.AliasMaildir {
			r = g.judgeTargets(line, g.nodes[node])
		}
		line.finish()
		if known, is := g.roots[node]; r.state != StateCreate && (!is || rank(r.state) > rank(known.state)) {
			g.roots[node] = r
		}
	}
}

// judgeTargets says what is wrong with where the targets lead to, and returns what keeps the line's mail from arriving.
func (g *graph) judgeTargets(line *Line, name string) root {
	worst := root{line.State, line.Name, line.worst}
	worse := func(state State, problem, nextStep string, r root) {
		if line.worse(state, problem, nextStep); rank(state) > rank(worst.state) {
			worst = r
		}
	}
	own := func(problem, nextStep string) {
		worse(StateDecide, problem, nextStep, root{StateDecide, line.Name, problem})
	}
	if g.loops(name, line.Targets) {
		own("it is part of a loop", "remove one of its targets")
	}
	outside := false
	said := map[string]bool{}
	for _, target := range line.Targets {
		at, by := g.book.find(target)
		r := g.rootOf(name, at)
		switch {
		case !g.book.accounts[at] && !g.book.knows(target):
			outside = true // also if the source has an alias there: its domain stays where it is
		case by == ByStaying:
			own("its target "+target+" does not move: "+g.book.input.Staying[at], "choose another target, or move that account too")
		case by == ByUnread:
			own("its target "+target+" has a form that rehome does not know", "decide about "+at+" first")
		case by == ByNothing:
			own("its target "+target+" does not exist", "choose another target, or drop it; mail to it bounces today")
		case r.state != StateCreate && !said[r.name]:
			said[r.name] = true
			worse(r.follow())
		}
	}
	if outside {
		line.able(g.book.input.Abilities.Outside, "an external target", "create an account with that address and let it forward")
	}
	if rank(line.State) > rank(worst.state) {
		worst = root{line.State, line.Name, line.worst}
	}
	return worst
}

// follow is what the root means for a line that leads there. Something that is left out is a decision for whoever needs it.
func (r root) follow() (state State, problem, nextStep string, same root) {
	switch r.state {
	case StateAsk:
		return StateAsk, "it leads to " + r.name + ", which may not be possible: " + r.problem, "ask about " + r.name + " first", r
	case StateLeaveOut:
		return StateDecide, "it leads to " + r.name + ", which is left out: " + r.problem, "choose another target, or create " + r.name + " too",
			root{StateDecide, r.name, r.problem}
	}
	return StateDecide, "it leads to " + r.name + ", which waits for a decision: " + r.problem, "decide about " + r.name + " first", r
}

// rootOf is what keeps mail from arriving behind a target. An account has it; and of a loop with the node itself, the loop
// is said.
func (g *graph) rootOf(name, at string) root {
	place, is := g.at[at]
	if from := g.at[name]; !is || g.book.accounts[at] || g.component[place] == g.component[from] && g.looping[g.component[from]] {
		return root{state: StateCreate}
	}
	if r, is := g.roots[place]; is {
		return r
	}
	return root{state: StateCreate}
}

// loops reports whether mail to name comes back to it over one of these targets.
func (g *graph) loops(name string, targets []string) bool {
	from := g.at[name]
	return g.looping[g.component[from]] && slices.ContainsFunc(targets, func(target string) bool {
		to, is := g.leadsTo(target)
		return is && g.component[to] == g.component[from] && !g.book.staysWith(name, target)
	})
}
