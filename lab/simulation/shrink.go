// SPDX-License-Identifier: Apache-2.0

package simulation

import "maps"

// shrinkTries bounds how many runs a failing plan may cost.
const shrinkTries = 400

// Shrink takes away from a failing plan whatever it fails without, by the same rule: faults one by one,
// then numbers. play runs a plan and returns nil when it holds.
func Shrink(kind Kind, plan Plan, failure *Failure, play func(Plan) *Failure) (Plan, *Failure) {
	tries := 0
	keep := func(candidate Plan) bool {
		tries++
		if tries > shrinkTries {
			return false
		}
		found := play(candidate)
		if found == nil || found.Rule != failure.Rule {
			return false
		}
		plan = candidate
		failure = found
		return true
	}
	for again := true; again && tries <= shrinkTries; {
		again = false
		for _, name := range kind.Switches {
			if !plan.Off[name] && keep(plan.without(name)) {
				again = again || plan.drawn(name)
			}
		}
		for _, name := range kind.Sizes {
			again = shrinkSize(plan.AtMost, name, func(most int) bool { return keep(plan.atMost(name, most)) }) || again
		}
	}
	return plan, failure
}

// shrinkSize looks for the smallest limit of one size that still fails.
func shrinkSize(limits map[string]int, name string, fails func(int) bool) bool {
	now, limited := limits[name]
	for most := range 9 {
		if limited && most >= now {
			return false
		}
		if fails(most) {
			return true
		}
	}
	return false
}

// drawn says that a switch mattered to what the seed draws, so that another round may find more.
func (p Plan) drawn(name string) bool {
	return Plan{Seed: p.Seed, Always: p.Always}.Rate(name) > 0
}

func (p Plan) without(name string) Plan {
	off := maps.Clone(p.Off)
	if off == nil {
		off = map[string]bool{}
	}
	off[name] = true
	return Plan{Seed: p.Seed, Off: off, Always: p.Always, AtMost: p.AtMost}
}

func (p Plan) atMost(name string, most int) Plan {
	limits := maps.Clone(p.AtMost)
	if limits == nil {
		limits = map[string]int{}
	}
	limits[name] = most
	return Plan{Seed: p.Seed, Off: p.Off, Always: p.Always, AtMost: limits}
}
