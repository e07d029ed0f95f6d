// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"os"
	"testing"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// scratch is a folder for ledgers, in memory where the machine has such a place.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "rehome-simulation")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	dir := scratch(t)
	pool := ledgers.NewPool(dir)
	simulation.Explore(t, Kind(dir, pool), 40)
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}
