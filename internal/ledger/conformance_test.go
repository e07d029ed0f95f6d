// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/ledger/ledgertest"
	"rehome/internal/ledger/sqlite"
)

// upgraded is an empty store with all upgrades: to carry these out for each clause took most of the time of the contract.
func upgraded(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rehome.db")
	file, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.NewAt(t.Context(), file, time.Now)
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	octets, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

func TestSQLite_keepsTheContract(t *testing.T) {
	t.Parallel()
	empty := upgraded(t)
	ledgertest.Run(t, func(t testing.TB) func(now func() time.Time) *ledger.Ledger {
		path := filepath.Join(t.TempDir(), "rehome.db")
		if err := os.WriteFile(path, empty, 0o600); err != nil {
			t.Fatal(err)
		}
		return func(now func() time.Time) *ledger.Ledger {
			file, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			l, err := ledger.NewAt(t.Context(), file, now)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			return l
		}
	})
}
