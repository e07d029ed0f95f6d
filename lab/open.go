// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Open makes a lab for one test in a temporary folder. At the end of the test the lab is
// closed and removed; if the test failed, the ends of the servers' logs are shown first.
func Open(t testing.TB) *Lab {
	t.Helper()
	// Not t.TempDir: that folder is closed to the users that the servers run as, and its path
	// holds the test's name, which makes socket paths too long.
	dir, err := os.MkdirTemp("", "lab-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			l.showLogs(t)
		}
		if err := l.Close(); err != nil {
			t.Errorf("close the lab: %v", err)
		}
	})
	return l
}

func (r *Lab) showLogs(t testing.TB) {
	t.Helper()
	logs, err := filepath.Glob(r.logFile("*"))
	if err != nil {
		t.Log(err)
	}
	for _, log := range logs {
		name := strings.TrimSuffix(filepath.Base(log), ".log")
		t.Logf("%s says:\n%s", name, r.logTail(name))
	}
}
