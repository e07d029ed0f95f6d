// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"testing"
	"testing/synctest"
)

// shortestTrace is how many lines a run says at least.
const shortestTrace = 50

// Replays plays a plan twice and fails the test where the second run says something else than the first.
func Replays(t *testing.T, plan Plan, play func() (trace []string)) {
	t.Helper()
	var traces [2][]string
	for i := range traces {
		synctest.Test(t, func(*testing.T) { traces[i] = play() })
	}
	if len(traces[0]) < shortestTrace {
		t.Errorf("%s: a trace of %d lines", plan, len(traces[0]))
	}
	for i := range max(len(traces[0]), len(traces[1])) {
		if one, other := lineAt(traces[0], i), lineAt(traces[1], i); one != other {
			t.Errorf("%s: line %d differs:\n%.300s\n%.300s", plan, i, one, other)
			return
		}
	}
}

func lineAt(trace []string, i int) string {
	if i < len(trace) {
		return trace[i]
	}
	return "nothing more"
}
