// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql"
	"errors"
	"path/filepath"
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

// Only the schema is made without waiting for the disk.
func TestOpen_commitsWaitForTheDisk(t *testing.T) {
	t.Parallel()
	const full = 2
	var mode int
	must(t, create(t).db.QueryRow("PRAGMA synchronous").Scan(&mode))
	if mode != full {
		t.Errorf("synchronous is %d, want %d", mode, full)
	}
}
