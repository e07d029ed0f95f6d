// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"fmt"
	"time"

	"rehome"
	"rehome/internal/pass"
)

// sequel is what follows a slice.
type sequel int

const (
	stepOver   sequel = iota
	runAgain          // after the pause
	stepFailed        // for this pass
)

// How often and how fast a failing account is tried again. A slice that advanced in between starts the
// count anew.
const (
	maxFailures    = 5
	firstPause     = time.Second
	longestPause   = time.Minute
	shortestWait   = time.Second      // for what may still arrive from a connection that is gone
	throttledPause = 30 * time.Second // a server that asks for patience gets some from the start
)

// decide says what follows a slice that ended now with err, after failures failed ones in a row.
func decide(err error, r pass.Result, failures int, now time.Time) (sequel, time.Duration) {
	switch {
	case err == nil && r.More:
		return runAgain, 0
	case err == nil && len(r.Waits) > 0: // no failure: it is known when to look again, and that it ends
		look, _ := pass.NextLook(r.Waits)
		return runAgain, max(look.Sub(now), shortestWait)
	case err == nil:
		return stepOver, 0
	}
	class := rehome.ClassOf(err)
	if class != rehome.ClassTemporary && class != rehome.ClassThrottled || failures >= maxFailures {
		return stepFailed, 0
	}
	pause := firstPause << failures
	if class == rehome.ClassThrottled {
		pause = throttledPause << failures
	}
	return runAgain, min(pause, longestPause)
}

// longestSlice bounds how long an account keeps its worker in the worst case.
const longestSlice = time.Hour

// nextBudget gives an account twice the time when a slice had to end before it had done anything:
// where merely looking at both ends takes longer than a slice, no slice would ever come further.
func nextBudget(last, usual pass.Budget, r pass.Result) pass.Budget {
	if !r.More || r.Advanced || r.Worked {
		return usual
	}
	last.Time = max(last.Time, min(2*last.Time, longestSlice))
	return last
}

// mostIdle bounds how many slices in a row may want to go on without having brought anything forward: what goes round in
// circles would go on for ever. Those that only needed more time have had it long before.
const mostIdle = 100

// idleAfter counts such slices.
func idleAfter(idle int, err error, r pass.Result) int {
	if err != nil || !r.More || r.Advanced || r.Worked || len(r.Waits) > 0 {
		return 0
	}
	return idle + 1
}

func circlesFault(account string) error {
	return &rehome.Fault{
		Class: rehome.ClassBug, Op: "finish the pass over", Object: account,
		Cause: fmt.Errorf("it was taken up %d times in a row and nothing changed", mostIdle),
	}
}
