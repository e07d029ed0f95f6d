// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"rehome/lab/simulation"
)

// decisions answers every question of a run from its plan, and keeps what departed from the plain course.
// Which answer a question gets hangs on its name alone.
type decisions struct {
	plan simulation.Plan

	passing map[string]bool

	mu    sync.Mutex
	rates map[string]float64
	story []string
	told  map[string]bool
	calm  bool // passing trouble is over

	traced bool // every request and its answer are kept, too
	trace  []string
}

func newDecisions(plan simulation.Plan) *decisions {
	return &decisions{plan: plan, passing: setOf(passing()), rates: map[string]float64{}, told: map[string]bool{}}
}

// chance is the decision of that name.
func (d *decisions) chance(name ...string) simulation.Chance { return d.plan.Chance().With(name...) }

// below returns a number of 0 to n-1.
func (d *decisions) below(n int, name ...string) int { return d.chance(name...).Int(n) }

// has says whether this run has a habit, and tells it.
func (d *decisions) has(share float64, name string) bool {
	if !d.plan.Has(name, share) {
		return false
	}
	d.tell("habit: %s", name)
	return true
}

// happens says whether one fault of a kind takes place. scale is how often it does where the run's own rate is 1.
func (d *decisions) happens(fault string, scale float64, name ...string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	rate, known := d.rates[fault]
	if !known {
		rate = d.plan.Rate(fault)
		d.rates[fault] = rate
	}
	if rate == 0 || d.calm && d.passing[fault] || !d.plan.Chance().With(fault).With(name...).Happens(rate*scale) {
		return false
	}
	if sentence := fmt.Sprintf("%s: %q", fault, name); !d.told[sentence] { // a server's nature shows again and again
		d.told[sentence] = true
		d.story = append(d.story, sentence)
	}
	return true
}

// calmDown ends all passing trouble.
func (d *decisions) calmDown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calm = true
	d.story = append(d.story, "from here on nothing new goes wrong")
}

// tell adds a sentence to the story.
func (d *decisions) tell(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.story = append(d.story, fmt.Sprintf(format, args...))
}

// note keeps a request and its answer, if somebody wants to know all of them.
func (d *decisions) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.traced {
		d.trace = append(d.trace, fmt.Sprintf(format, args...))
	}
}

// noted returns the requests and answers so far.
func (d *decisions) noted() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.trace)
}

// all returns the story so far.
func (d *decisions) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.story)
}

func number(n int) string { return strconv.Itoa(n) }
