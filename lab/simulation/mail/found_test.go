// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"testing"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// Seeds in which a rule did not hold once, and what was the matter. A seed may tell another story when the model is given more
// habits: what it has found has a test of its own beside the code, too.
func TestPlay_foundOnce(t *testing.T) {
	t.Parallel()
	folder := scratch(t)
	pool := ledgers.NewPool(folder)
	for _, found := range []struct {
		plan simulation.Plan
		why  string
	}{
		{simulation.Plan{Seed: 91000054}, "a message that seems too large and cannot be read left its mailbox unfinished"},
		{simulation.Plan{Seed: 91800088}, "both ends had one UIDVALIDITY by chance, and a copy was taken for that of the message of its UID"},
		{simulation.Plan{Seed: 91801138}, "nobody said of a second restore of the destination that it was one"},
		{simulation.Plan{Seed: 95020447}, "a copy that was confirmed had been found as its twin's, and its original was never sent again"},
		{simulation.Plan{Seed: 97700040}, "a parent that the server made again with its child was not subscribed"},
	} {
		t.Run(fmt.Sprint(found.plan.Seed), func(t *testing.T) {
			if failure := simulation.Play(t, Kind(folder, pool), found.plan); failure != nil {
				t.Errorf("%v (once: %s)", failure, found.why)
			}
		})
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}
