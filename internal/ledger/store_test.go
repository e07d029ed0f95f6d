// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// The same sentence inside of its own rows, and a table that another process has changed meanwhile.
func TestConnection_sharedAndChanged(t *testing.T) {
	t.Parallel()
	l := create(t)
	must(t, l.Passes.Begin(t.Context(), queued("anna@example.test", "bert@example.test")))
	const query = "SELECT address FROM accounts ORDER BY address"
	count := func() (pairs int) {
		must(t, l.store.read(t.Context(), func(*sql.Rows) error {
			return l.store.read(t.Context(), func(*sql.Rows) error { pairs++; return nil }, query)
		}, query))
		return pairs
	}
	if got := count(); got != 4 {
		t.Errorf("%d pairs, want 4", got)
	}
	database(t, l.store.database.Name(), "ALTER TABLE accounts ADD COLUMN later TEXT", "DELETE FROM accounts WHERE address LIKE 'bert%'")
	if got := count(); got != 1 {
		t.Errorf("%d pairs after the change, want 1", got)
	}
}

func TestRead_endsWithItsContext(t *testing.T) {
	t.Parallel()
	l := create(t)
	must(t, l.Passes.Begin(t.Context(), queued("anna@example.test", "bert@example.test")))
	ctx, cancel := context.WithCancel(t.Context())
	rows := 0
	err := l.store.read(ctx, func(*sql.Rows) error { rows++; cancel(); return nil }, "SELECT address FROM accounts")
	if again := l.store.read(ctx, func(*sql.Rows) error { rows++; return nil }, "SELECT address FROM accounts"); rows != 1 ||
		!errors.Is(err, context.Canceled) || !errors.Is(again, context.Canceled) {
		t.Errorf("%d rows, %v, %v; want one, and then the end", rows, err, again)
	}
}

// To open a store that is up to date takes no lock: another process may be in the middle of a write.
func TestOpen_currentWaitsForNobody(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rehome.db")
	first := open(t, path)
	err := first.store.write(t.Context(), func(tx *sql.Tx) error {
		begun := time.Now()
		second, err := Open(t.Context(), path)
		if err != nil {
			return err
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("to open it took %v while another writes", took)
		}
		return second.Close()
	})
	must(t, err)
}
