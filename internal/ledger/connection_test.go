// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// connect opens one connection of a new ledger, without the pool of database/sql.
func connect(t *testing.T) *connection {
	t.Helper()
	connections, err := NewConnector(create(t).store.path)
	must(t, err)
	c, err := connections.Connect(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c.(*connection)
}

func TestConnection_keepsStatements(t *testing.T) {
	t.Parallel()
	c := connect(t)
	const insert, find = "INSERT INTO rules (address, name, digest) VALUES (?, ?, '')", "SELECT name FROM rules WHERE address = ?"
	for i, name := range []string{"one", "two"} {
		_, err := c.ExecContext(t.Context(), insert, named("anna", name))
		must(t, err)
		kept := c.kept[insert]
		if kept == nil {
			t.Fatalf("after %d the statement is not kept", i)
		}
		if _, err := c.ExecContext(t.Context(), insert, named("anna", name)); err == nil || c.kept[insert] != nil {
			t.Errorf("%v, kept %v; want a refusal, and the statement that failed gone", err, c.kept[insert])
		}
	}
	var got []string
	for range 2 { // what was bound and where it stood is forgotten
		found, err := c.QueryContext(t.Context(), find, named("anna"))
		must(t, err)
		if c.kept[find] != nil {
			t.Error("a statement that is at work is kept")
		}
		into := make([]driver.Value, 1)
		for found.Next(into) == nil {
			got = append(got, into[0].(string))
		}
		must(t, found.Close())
	}
	if want := []string{"one", "two", "one", "two"}; !slices.Equal(got, want) || c.kept[find] == nil {
		t.Errorf("got %v, kept %v; want %v, and the statement kept", got, c.kept[find], want)
	}
}

func named(values ...string) []driver.NamedValue {
	var args []driver.NamedValue
	for i, v := range values {
		args = append(args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return args
}

func TestConnection_keepsOnlyWhatRunsWhenItIsTold(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"SELECT 1": true, "\n\t\tUPDATE x SET y = 1": true, "SAVEPOINT one": true, "RELEASE one": true,
		"PRAGMA synchronous = FULL": false, "ROLLBACK TO one; RELEASE one": false, "SELECT 1; SELECT 2": false, "CREATE TABLE x (y)": false, "": false,
	} {
		if got := keeps(query); got != want {
			t.Errorf("%q: keeps %v, want %v", query, got, want)
		}
	}
}

func TestConnection_keepsABoundedNumber(t *testing.T) {
	t.Parallel()
	c := connect(t)
	query := "SELECT 1"
	for range mostKept + 10 {
		found, err := c.QueryContext(t.Context(), query, nil)
		must(t, err)
		must(t, found.Close())
		query += " "
	}
	if len(c.kept) != mostKept {
		t.Errorf("%d statements are kept, want %d", len(c.kept), mostKept)
	}
}

// The same sentence inside of its own rows, and a table that another process has changed meanwhile.
func TestConnection_sharedAndChanged(t *testing.T) {
	t.Parallel()
	l := create(t)
	must(t, l.Accounts.Plan(t.Context(), []string{"anna@example.test", "bert@example.test"}))
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
	database(t, l.store.path, "ALTER TABLE accounts ADD COLUMN later TEXT", "DELETE FROM accounts WHERE address LIKE 'bert%'")
	if got := count(); got != 1 {
		t.Errorf("%d pairs after the change, want 1", got)
	}
}

func TestRead_endsWithItsContext(t *testing.T) {
	t.Parallel()
	l := create(t)
	must(t, l.Accounts.Plan(t.Context(), []string{"anna@example.test", "bert@example.test"}))
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

func TestUpToDate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change string
		want   bool
	}{
		"current": {"SELECT 1", true},
		"newer":   {"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)", false},
		"older":   {"DELETE FROM goose_db_version WHERE version_id = 8", false},
		"a gap":   {"DELETE FROM goose_db_version WHERE version_id = 3", false},
		"no such": {"DROP TABLE goose_db_version", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := create(t)
			database(t, l.store.path, test.change)
			if got := upToDate(t.Context(), l.store.db); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
