// SPDX-License-Identifier: Apache-2.0

// Package simulation runs the product's engines against models of servers, in one process, on a clock
// that costs nothing, with every decision taken from a seed. A seed that fails, fails again; it is made
// smaller by itself and told as a short story.
//
// It knows no protocol. The kinds of simulation are packages below: mail, objects. A kind
//
//  1. describes itself as a Kind: the names of its faults, and a function that plays one Plan;
//  2. asks the Plan what happens (Rate, Size) and a Chance for each single decision;
//  3. lets its models talk over a Network;
//  4. is run by Explore from a test, and by "make simulate".
//
// Run is called in a bubble of testing/synctest: time.Sleep, timers and deadlines are virtual.
package simulation

// Invariants
//
//   - A decision hangs on the seed and on what was said: role and number of a connection, text of a
//     command, content of a message, and how often that was said before. It never hangs on the order in
//     which goroutines run, and so no Chance has a state.
//   - What happens to an engine from outside (a kill, a user at work) happens at an instant of virtual
//     time, at which every goroutine of the bubble is at rest.

import "fmt"

// Kind is one kind of simulation.
type Kind struct {
	Name     string
	Switches []string // every fault by name; each can be switched off to make a failing seed smaller
	Sizes    []string // every number that can be made smaller
	Run      func(Plan) *Failure

	// Waiting names switches that are off until the product has an answer, with the reason.
	Waiting map[string]string
}

// Failure is a rule that did not hold.
type Failure struct {
	Rule   string   // a few words, the same for all failures of a kind
	Detail string   // which object, and what was seen
	Story  []string // what happened before, oldest first
}

func (f *Failure) Error() string { return f.Rule + ": " + f.Detail }

// Plan is a seed, and what was taken away from it or forced upon it.
type Plan struct {
	Seed   uint64
	Off    map[string]bool // switches
	Always map[string]bool // switches that are on in every run, as often as can be
	AtMost map[string]int  // limits of sizes
}

// Chance returns the root of all decisions of the plan.
func (p Plan) Chance() Chance { return Chance(mix(p.Seed + golden)) }

// Rate is how often the fault of that name happens in this run, between 0 and 1. In most runs it never
// does: a few faults at a time tell more than all of them. Each of what it is of (an end, a host) has a
// rate of its own.
func (p Plan) Rate(name string, of ...string) float64 {
	c := p.Chance().With("rate", name).With(of...)
	switch draw := c.Float(); {
	case draw < 0.75 && !p.Always[name], p.Off[name]: // most are asked for again and again, and the first is the cheaper question
		return 0
	case p.Always[name]:
		return 1
	case draw < 0.85:
		return 0.02 + c.With("low").Float()/10
	case draw < 0.95:
		return 0.1 + c.With("middle").Float()/2
	}
	return 1
}

// Has says whether this run has a habit at all, which it keeps to its end. Each of what it is of has its
// own.
func (p Plan) Has(name string, share float64, of ...string) bool {
	return (p.Always[name] || p.Chance().With("has", name).With(of...).Happens(share)) && !p.Off[name]
}

// Size draws a number from low to high, both included.
func (p Plan) Size(name string, low, high int) int {
	n := low + p.Chance().With("size", name).Int(high-low+1)
	if most, limited := p.AtMost[name]; limited {
		n = min(n, most)
	}
	return n
}

// String renders the plan so that it can be given back.
func (p Plan) String() string { return fmt.Sprintf("SEED=%d", p.Seed) }
