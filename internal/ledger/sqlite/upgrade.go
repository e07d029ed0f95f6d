// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"

	"github.com/pressly/goose/v3"

	"rehome/internal/ledger/upgrade"
)

//go:embed schema/*.sql
var schema embed.FS

// made is what the files make of an empty database, in the words in which SQLite keeps it. A new store begins with it: one file behind
// the other, each change of a table has the whole schema read again. Files that are younger than it follow.
// UPDATE=1 go test -run TestOpen_makesWhatTheFilesMake ./internal/ledger/sqlite writes it anew.
//
//go:embed made.sql
var made string

var errForeign = errors.New("the file belongs to another program")

// bringUp applies the numbered schema files that are missing.
func bringUp(ctx context.Context, db *sql.DB) error {
	if upToDate(ctx, db) { // which only ours is
		return nil
	}
	if err := checkOurs(ctx, db); err != nil {
		return err
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	tables := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'`
	if err := upgrade.Make(ctx, db, goose.DialectSQLite3, made, files, tables); err != nil {
		return err
	}
	if upToDate(ctx, db) {
		return nil
	}
	return applyMissing(ctx, db, files)
}

// applyMissing carries out one file after the other.
func applyMissing(ctx context.Context, db *sql.DB, files fs.FS) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	// Of two that open a store at once, one finds what a file makes made by the other meanwhile; with each file, and with
	// the table of their versions, that can happen once.
	for range len(provider.ListSources()) + 2 {
		if err = upgrade.Apply(ctx, db, provider, files); err == nil || errors.Is(err, upgrade.ErrNewer) || ctx.Err() != nil {
			break
		}
	}
	return err
}

// upToDate says that every schema file was applied and no other. Whatever else is found, and be it an error, is left to bringUp.
func upToDate(ctx context.Context, db *sql.DB) bool {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return false
	}
	complete, err := upgrade.Complete(ctx, db, files)
	return err == nil && complete
}

// checkOurs refuses a database with other tables than ours before anything is written to it.
func checkOurs(ctx context.Context, db *sql.DB) error {
	var tables, ours int
	err := db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE name WHEN ? THEN 1 END) FROM sqlite_master WHERE type = 'table'`,
		goose.DefaultTablename).Scan(&tables, &ours)
	if err == nil && tables > 0 && ours == 0 {
		return errForeign
	}
	return err
}
