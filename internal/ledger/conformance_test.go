// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"path/filepath"
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/ledger/ledgertest"
	"rehome/internal/ledger/sqlite"
)

func TestSQLite_keepsTheContract(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t testing.TB) func(now func() time.Time) *ledger.Ledger {
		path := filepath.Join(t.TempDir(), "rehome.db")
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
