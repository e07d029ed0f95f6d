// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"os"
	"path/filepath"
	"testing"

	"rehome/internal/ledger"
	"rehome/lab/simulation"
)

// memory is where systems have a disk in memory.
const memory = "/dev/shm"

// newKind makes what the runs of a test share.
func newKind(t *testing.T) simulation.Kind {
	t.Helper()
	path := filepath.Join(t.TempDir(), "empty.db")
	l, err := ledger.Open(t.Context(), path)
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	empty, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp(memory, "rehome-simulation-")
	if err != nil {
		folder = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) }) // nothing in it is worth anything behind the test
	return Kind(folder, empty)
}

// TestSimulate plays some runs; "make simulate KIND=objects" plays many.
func TestSimulate(t *testing.T) {
	t.Parallel()
	simulation.Explore(t, newKind(t), 40)
}
