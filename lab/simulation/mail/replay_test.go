// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"testing"
	"testing/synctest"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// A seed tells the same story whenever it is played, to the last command and its instant, however the goroutines of both ends
// and of rehome are scheduled: with kills, several connections at once, and servers that hang up.
func TestPlay_replays(t *testing.T) {
	t.Parallel()
	folder := scratch(t)
	pool := ledgers.NewPool(folder)
	restless := map[string]bool{}
	for _, fault := range []string{kills, hangUps, refusals, bads, connectsFail, usersAtOnce, twoLedgers} {
		restless[fault] = true
	}
	for _, plan := range []simulation.Plan{
		{Seed: 72000089}, {Seed: 72000103}, {Seed: 72000106}, {Seed: 72000121}, {Seed: 72000302}, {Seed: 72000726},
		{Seed: 72000001, Always: restless}, {Seed: 72000002, Always: restless}, {Seed: 72000003, Always: restless},
	} {
		var traces [2][]string
		for i := range traces {
			synctest.Test(t, func(*testing.T) { _, traces[i] = playTraced(plan, folder, pool, true) })
		}
		if i, differs := firstDifference(traces[0], traces[1]); differs {
			t.Errorf("%s: line %d differs:\n%.300s\n%.300s", plan, i, lineAt(traces[0], i), lineAt(traces[1], i))
		}
		if len(traces[0]) < 50 {
			t.Errorf("%s: a trace of %d lines", plan, len(traces[0]))
		}
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}

func firstDifference(a, b []string) (int, bool) {
	for i := range max(len(a), len(b)) {
		if lineAt(a, i) != lineAt(b, i) {
			return i, true
		}
	}
	return 0, false
}

func lineAt(trace []string, i int) string {
	if i < len(trace) {
		return trace[i]
	}
	return "nothing more"
}
