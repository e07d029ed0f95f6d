// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"testing"
	"testing/synctest"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// A seed tells the same story whenever it is played, to the last request and its instant, however the goroutines of both
// ends and of rehome are scheduled: with crashes, several writers at once, and hosts that fail and are asked for less.
func TestPlay_replays(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pool := ledgers.NewPool(folder)
	restless := map[string]bool{}
	for _, fault := range []string{"crash", "destination answer cut", "destination server error", "destination busy", "source request lost"} {
		restless[fault] = true
	}
	for _, plan := range []simulation.Plan{
		{Seed: 33000029}, {Seed: 33000097}, {Seed: 33000140}, {Seed: 33000168}, {Seed: 33000266},
		{Seed: 33000001, Always: restless}, {Seed: 33000002, Always: restless}, {Seed: 33000003, Always: restless},
	} {
		var traces [2][]string
		for i := range traces {
			synctest.Test(t, func(*testing.T) { _, traces[i] = playTraced(plan, folder, pool, true) })
		}
		if i, differs := firstDifference(traces[0], traces[1]); differs {
			t.Errorf("%s: line %d differs:\n%s\n%s", plan, i, lineAt(traces[0], i), lineAt(traces[1], i))
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
