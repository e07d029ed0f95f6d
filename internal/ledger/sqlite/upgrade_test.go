// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

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
			f := create(t)
			_, err := f.db.Exec(test.change)
			must(t, err)
			if got := upToDate(t.Context(), f.db); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// Another process is about to write to the new file, and has not changed it to WAL yet: that is waited for.
func TestOpen_whileAnotherOneMakesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rehome.db")
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	time.AfterFunc(200*time.Millisecond, func() {
		_, err := other.Exec("ROLLBACK")
		ended <- err
	})
	file, err := Open(t.Context(), path)
	if err := errors.Join(err, <-ended); err != nil {
		t.Fatal(err)
	}
	if err := file.Pool().Close(); err != nil {
		t.Error(err)
	}
}

// A new store is made in one transaction from what the files have made before, an old one file by file: what comes out is the same.
// UPDATE=1 writes down what they make now.
func TestOpen_makesWhatTheFilesMake(t *testing.T) {
	t.Parallel()
	connections, err := NewConnector(filepath.Join(t.TempDir(), "rehome.db"))
	must(t, err)
	db := sql.OpenDB(connections)
	defer db.Close()
	files, err := fs.Sub(schema, "schema")
	must(t, err)
	must(t, applyMissing(t.Context(), db, files))
	if os.Getenv("UPDATE") != "" {
		must(t, os.WriteFile("made.sql", []byte(snapshotOf(t, db)), 0o600))
		return // this program still has the one before
	}
	if got, want := described(t, create(t).db), described(t, db); !slices.Equal(got, want) {
		t.Errorf("made at once:\n%s\nfile by file:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// snapshotOf is what makes the same schema of an empty database.
func snapshotOf(t *testing.T, db *sql.DB) string {
	t.Helper()
	var out strings.Builder
	for _, query := range []string{
		`SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY type = 'index', rowid`,
		`SELECT CONCAT('INSERT INTO goose_db_version (version_id, is_applied) VALUES (', GROUP_CONCAT(version_id, ', 1), ('), ', 1);')
			FROM (SELECT version_id FROM goose_db_version ORDER BY id)`,
	} {
		rows, err := db.Query(query)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var one string
			must(t, rows.Scan(&one))
			out.WriteString(one + "\n")
		}
		must(t, rows.Err())
	}
	return out.String()
}

// described is all that is in the schema, and the numbers of the files that were carried out.
func described(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	rows, err := db.Query(`SELECT CONCAT(type, ' ', name, ': ', sql) FROM sqlite_master
		UNION ALL SELECT CONCAT(version_id, ' ', is_applied) FROM goose_db_version ORDER BY 1`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var one string
		must(t, rows.Scan(&one))
		all = append(all, one)
	}
	must(t, rows.Err())
	if len(all) < 50 {
		t.Errorf("only %d entries: %q", len(all), all)
	}
	return all
}
