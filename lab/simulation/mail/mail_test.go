// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"os"
	"testing"

	"rehome/lab/simulation"
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
	kind, err := Kind(scratch(t))
	if err != nil {
		t.Fatal(err)
	}
	simulation.Explore(t, kind, 80)
}
