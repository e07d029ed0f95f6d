// SPDX-License-Identifier: Apache-2.0

// Package upgrade brings the schema of a ledger up to date, in whichever database it is: by numbered files, each once. What only one
// database needs around that, such as a lock, is with that database.
package upgrade

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

// ErrNewer means that a newer program has written the ledger.
var ErrNewer = errors.New("newer than this program's")

// Apply carries out the files of a folder that are missing. It refuses a schema that is newer than all of them with ErrNewer, unless that is
// meant for programs of this one, too: then there is nothing to do.
func Apply(ctx context.Context, db handle, provider *goose.Provider, folder fs.FS) error {
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; current > newest {
		if oldest, err := readers(ctx, db); err != nil || oldest <= newest {
			return err
		}
		return fmt.Errorf("its schema %d is %w %d", current, ErrNewer, newest)
	}
	if current >= begunReaders {
		oldest, err := oldestReaders(folder)
		if err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, fmt.Sprintf(`UPDATE schema_readers SET oldest = %[1]d WHERE oldest < %[1]d`, oldest)); err != nil {
			return err
		}
	}
	_, err = provider.Up(ctx)
	return err
}

// begunReaders is the first schema that says which programs may use it.
const begunReaders = 49

// readers is what the store says.
func readers(ctx context.Context, db asked) (oldest int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT MAX(oldest) FROM schema_readers`).Scan(&oldest)
	return oldest, err
}

// goesOn is the line of a file with which older programs go on.
const goesOn = "\n-- Older programs go on.\n"

// oldestReaders is the oldest schema whose programs may use what the files of a folder make.
func oldestReaders(folder fs.FS) (oldest int64, err error) {
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		text, err := fs.ReadFile(folder, file.Name())
		if err != nil {
			return 0, err
		}
		if strings.Contains(string(text), goesOn) {
			continue
		}
		if oldest, err = goose.NumericComponent(file.Name()); err != nil {
			return 0, err
		}
	}
	return oldest, nil
}

// asked answers questions: a pool does, or one connection.
type asked interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// handle is one that changes something, too.
type handle interface {
	asked
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Complete reports whether every file of the folder was carried out and no other. A schema never goes back, so that this stays true
// whoever else opens the ledger. A new database has no table to ask, which is the error of that database.
func Complete(ctx context.Context, db asked, folder fs.FS) (bool, error) {
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return false, err
	}
	newest, err := goose.NumericComponent(files[len(files)-1].Name())
	if err != nil {
		return false, err
	}
	var applied int
	var last int64
	err = db.QueryRowContext(ctx, `SELECT COUNT(DISTINCT version_id), COALESCE(MAX(version_id), 0) FROM `+goose.DefaultTablename+
		` WHERE is_applied AND version_id > 0`).Scan(&applied, &last)
	return err == nil && applied == len(files) && last == newest, err
}
