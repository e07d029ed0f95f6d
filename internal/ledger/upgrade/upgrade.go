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

	"github.com/pressly/goose/v3"
)

// ErrNewer means that a newer program has written the ledger.
var ErrNewer = errors.New("newer than this program's")

// Apply carries out the files that are missing. It refuses a schema that is newer than all of them with ErrNewer.
func Apply(ctx context.Context, provider *goose.Provider) error {
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; current > newest {
		return fmt.Errorf("its schema %d is %w %d", current, ErrNewer, newest)
	}
	_, err = provider.Up(ctx)
	return err
}

// asked answers questions: a pool does, or one connection.
type asked interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
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
