// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The environment of Explore, set by "make simulate".
const (
	envRuns    = "REHOME_SIMULATE"         // how many runs
	envSeed    = "REHOME_SEED"             // the first seed, or with one run the only one
	envWaiting = "REHOME_SIMULATE_WAITING" // not empty: also the faults that wait for an answer of the product
	envOnly    = "REHOME_SIMULATE_ONLY"    // names of faults with commas between them: no others happen
	envAlways  = "REHOME_SIMULATE_ALWAYS"  // likewise: these happen in every run, as often as can be
)

// longestShrink is how long it may take to make a failure smaller.
const longestShrink = 40 * time.Second

// garbage is how much a heap may grow before it is looked through, in percent of what is in use, where GOGC does
// not say it: a run keeps little, and throws away much.
const garbage = 800

// progressEach is after how many runs a long exploration says how far it is.
const progressEach = 10_000

// mostStories bounds how many failures are made smaller and told; more of them are only counted.
const mostStories = 12

// Explore plays runs seeds of kind, or as many as the environment asks for, on all cores, and fails the
// test with the story of each rule that did not hold.
func Explore(t *testing.T, kind Kind, runs int) {
	t.Helper()
	e := &explorer{kind: kind, runs: int64(number(t, envRuns, runs)), first: uint64(number(t, envSeed, 1)), told: map[string]int{}}
	for _, variable := range []string{envOnly, envAlways} {
		if unknown := unknownFaults(kind, os.Getenv(variable)); len(unknown) > 0 {
			t.Fatalf("%s: there are no faults called %q; the names are %q", variable, unknown, kind.Switches)
		}
	}
	e.off, e.always, e.begun = switchedOff(kind), switchedOn(), time.Now()
	if _, told := os.LookupEnv("GOGC"); !told {
		defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	}
	t.Run("seeds", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(worker), func(t *testing.T) {
				t.Parallel()
				e.work(t)
			})
		}
	})
	e.report(t)
	for _, rule := range e.rules() {
		t.Logf("%6d of %s", e.told[rule], rule)
	}
}

// switchedOff returns the faults that do not happen, as the environment has it.
func switchedOff(kind Kind) map[string]bool {
	off := map[string]bool{}
	only, limited := os.LookupEnv(envOnly)
	named := strings.Split(only, ",")
	for _, name := range kind.Switches {
		_, waits := kind.Waiting[name]
		off[name] = waits && os.Getenv(envWaiting) == "" || limited && !slices.Contains(named, name)
	}
	return off
}

// unknownFaults returns the names in a list with commas that no fault has: one that is misspelt would never happen, and nobody would see it.
func unknownFaults(kind Kind, list string) (unknown []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name != "" && !slices.Contains(kind.Switches, name) {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// switchedOn returns the faults that happen in every run, as the environment has it.
func switchedOn() map[string]bool {
	on := map[string]bool{}
	for name := range strings.SplitSeq(os.Getenv(envAlways), ",") {
		on[name] = true
	}
	return on
}

func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%s is not a number", name, text)
	}
	return n
}

// explorer is one Explore under way.
type explorer struct {
	kind   Kind
	off    map[string]bool
	always map[string]bool
	runs   int64
	first  uint64

	begun time.Time

	next, done, failed atomic.Int64

	mu   sync.Mutex
	told map[string]int // failures by rule
}

func (e *explorer) work(t *testing.T) {
	for {
		n := e.next.Add(1) - 1
		if n >= e.runs {
			return
		}
		plan := Plan{Seed: e.first + uint64(n), Off: e.off, Always: e.always}
		if failure := Play(t, e.kind, plan); failure != nil {
			e.failed.Add(1)
			e.tell(t, plan, failure)
		}
		if e.done.Add(1)%progressEach == 0 {
			e.report(t)
		}
	}
}

// report says how far the exploration is.
func (e *explorer) report(t *testing.T) {
	t.Helper()
	done, took := e.done.Load(), time.Since(e.begun)
	t.Logf("%s: %d runs in %v, %.1f a second, %d failed", e.kind.Name, done, took.Round(time.Millisecond), float64(done)/took.Seconds(), e.failed.Load())
}

// tell makes a failure smaller and reports it, the first few of each rule.
func (e *explorer) tell(t *testing.T, plan Plan, failure *Failure) {
	e.mu.Lock()
	e.told[failure.Rule]++
	known := e.told[failure.Rule]
	rules := len(e.told)
	e.mu.Unlock()
	if known > 1 || rules > mostStories {
		if known <= 8 {
			t.Errorf("%s: %v", plan, failure)
		} else {
			t.Fail()
		}
		return
	}
	until := time.Now().Add(longestShrink)
	small, failure := Shrink(e.kind, plan, failure, func(p Plan) *Failure {
		if time.Now().After(until) {
			return nil // what is left then is small enough
		}
		return Play(t, e.kind, p)
	})
	t.Errorf("%s: %v\n%s\n%s", plan, failure, e.remaining(small), strings.Join(failure.Story, "\n"))
}

// remaining says what a small plan still needs.
func (e *explorer) remaining(plan Plan) string {
	var needs []string
	for _, name := range e.kind.Switches {
		if !plan.Off[name] {
			needs = append(needs, name)
		}
	}
	var sizes []string
	for _, name := range e.kind.Sizes {
		if most, limited := plan.AtMost[name]; limited {
			sizes = append(sizes, fmt.Sprintf("%s<=%d", name, most))
		}
	}
	return "needs: " + strings.Join(needs, ", ") + "; " + strings.Join(sizes, ", ")
}

func (e *explorer) rules() []string {
	var rules []string
	for rule := range e.told {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	return rules
}

// Play plays one plan in a bubble of its own. That a goroutine is left behind, or that all wait for
// each other, is a failure like any other.
func Play(t *testing.T, kind Kind, plan Plan) (failure *Failure) {
	defer watch(func() { panic(fmt.Sprintf("%s: %s does not end", kind.Name, plan)) })()
	defer func() {
		if cause := recover(); cause != nil {
			failure = &Failure{Rule: "it ends, and leaves nothing behind", Detail: fmt.Sprint(cause)}
		}
	}()
	synctest.Test(t, func(*testing.T) { failure = kind.Run(plan) })
	return failure
}
