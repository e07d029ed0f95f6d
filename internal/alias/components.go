// SPDX-License-Identifier: Apache-2.0

package alias

import "slices"

// search finds the loops of a graph: Tarjan's algorithm for strongly connected components, which visits each node and each
// edge once, with a stack of its own instead of the language's.
type search struct {
	graph   *graph
	index   []int // when a node was first seen, from 1
	low     []int // the earliest node of the stack that it reaches
	waiting []bool
	stack   []int // nodes whose component is not known yet
	path    []step
	order   []int
}

// step is a node on the way, and how many of its edges are done.
type step struct{ node, done int }

// inOrder returns the nodes, those that others lead to first, and fills in the components.
func (g *graph) inOrder() []int {
	n := len(g.nodes)
	g.component = make([]int, n)
	s := search{graph: g, index: make([]int, n), low: make([]int, n), waiting: make([]bool, n)}
	for node := range n {
		if s.index[node] == 0 {
			s.enter(node)
		}
		for len(s.path) > 0 {
			s.walk()
		}
	}
	return s.order
}

func (s *search) enter(node int) {
	seen := len(s.order) + len(s.stack) + 1
	s.index[node], s.low[node] = seen, seen
	s.waiting[node] = true
	s.stack = append(s.stack, node)
	s.path = append(s.path, step{node: node})
}

// walk takes one edge of the node at the end of the path, or leaves it.
func (s *search) walk() {
	last := &s.path[len(s.path)-1]
	node := last.node
	if last.done < len(s.graph.edges[node]) {
		to := s.graph.edges[node][last.done]
		last.done++
		if s.index[to] == 0 {
			s.enter(to)
		} else if s.waiting[to] {
			s.low[node] = min(s.low[node], s.index[to])
		}
		return
	}
	s.path = s.path[:len(s.path)-1]
	if len(s.path) > 0 {
		before := s.path[len(s.path)-1].node
		s.low[before] = min(s.low[before], s.low[node])
	}
	if s.low[node] == s.index[node] {
		s.close(node)
	}
}

// close makes a component of what is on the stack from the node on.
func (s *search) close(node int) {
	g := s.graph
	size := 1
	for s.stack[len(s.stack)-size] != node {
		size++
	}
	members := s.stack[len(s.stack)-size:]
	for _, member := range members {
		s.waiting[member] = false
		g.component[member] = len(g.looping)
	}
	g.looping = append(g.looping, size > 1 || slices.Contains(g.edges[node], node))
	s.order = append(s.order, members...)
	s.stack = s.stack[:len(s.stack)-size]
}
