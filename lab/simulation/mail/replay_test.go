// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"testing"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// A seed tells the same story whenever it is played, to the last command and its instant, however the goroutines of both ends
// and of rehome are scheduled: with kills, several connections at once, and servers that hang up.
func TestReplay_isTheSame(t *testing.T) {
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
		simulation.Replays(t, plan, func() (trace []string) {
			_, trace = playTraced(plan, folder, pool, true)
			return trace
		})
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}
