// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql/driver"
	"path/filepath"
	"slices"
	"testing"
)

// create opens a new file, which is closed at the end of the test.
func create(t *testing.T) *File {
	t.Helper()
	f, err := Open(t.Context(), filepath.Join(t.TempDir(), "rehome.db"))
	must(t, err)
	t.Cleanup(func() { must(t, f.db.Close()) })
	return f
}

// must ends the test at an error that is not the subject of it.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// connect opens one connection of a new file, without the pool of database/sql.
func connect(t *testing.T) *connection {
	t.Helper()
	connections, err := NewConnector(create(t).path)
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
		"SELECT 1": true, "SELECT\n1": true, "\n\t\tUPDATE x SET y = 1": true, "SAVEPOINT one": true, "RELEASE one": true,
		"BEGIN IMMEDIATE": true, "COMMIT": true, "ROLLBACK": false,
		"PRAGMA synchronous = FULL": false, "ROLLBACK TO one; RELEASE one": false, "SELECT 1; SELECT 2": false, "CREATE TABLE x (y)": false, "": false,
	} {
		if got := keeps(query); got != want {
			t.Errorf("%q: keeps %v, want %v", query, got, want)
		}
	}
}

// What a transaction has done is there when it is committed, and gone when it is not; either way the next one can begin.
func TestConnection_transactions(t *testing.T) {
	t.Parallel()
	c := connect(t)
	for _, step := range []struct {
		end  func(driver.Tx) error
		name string
	}{{driver.Tx.Commit, "one"}, {driver.Tx.Rollback, "two"}, {driver.Tx.Commit, "three"}} {
		tx, err := c.BeginTx(context.Background(), driver.TxOptions{})
		must(t, err)
		_, err = c.ExecContext(t.Context(), "INSERT INTO rules (address, name, digest) VALUES (?, ?, '')", named("anna", step.name))
		must(t, err)
		must(t, step.end(tx))
		if err := tx.Commit(); err == nil {
			t.Error("a transaction that is over was committed")
		}
	}
	found, err := c.QueryContext(t.Context(), "SELECT name FROM rules ORDER BY rowid", nil)
	must(t, err)
	var got []string
	into := make([]driver.Value, 1)
	for found.Next(into) == nil {
		got = append(got, into[0].(string))
	}
	must(t, found.Close())
	if want := []string{"one", "three"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
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
