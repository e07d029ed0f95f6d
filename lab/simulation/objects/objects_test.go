// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"os"
	"testing"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// memory is where systems have a disk in memory.
const memory = "/dev/shm"

// TestSimulate plays some runs; "make simulate KIND=objects" plays many.
func TestSimulate(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp(memory, "rehome-simulation-")
	if err != nil {
		folder = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // nothing in it is worth anything behind the test
	pool := ledgers.NewPool(folder)
	simulation.Explore(t, Kind(folder, pool), 25)
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}
