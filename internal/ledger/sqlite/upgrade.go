// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed schema/*.sql
var schema embed.FS

var (
	errNewer   = errors.New("newer than this program's")
	errForeign = errors.New("the file belongs to another program")
)

// upgrade applies the numbered schema files that are missing.
func upgrade(ctx context.Context, db *sql.DB) error {
	if err := checkOurs(ctx, db); err != nil {
		return err
	}
	if upToDate(ctx, db) {
		return nil
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	// Of two that open a store at once, one finds what a file makes made by the other meanwhile; with each file, and with
	// the table of their versions, that can happen once.
	for range len(provider.ListSources()) + 2 {
		if err = apply(ctx, provider); err == nil || errors.Is(err, errNewer) || ctx.Err() != nil {
			break
		}
	}
	return err
}

func apply(ctx context.Context, provider *goose.Provider) error {
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; current > newest {
		return fmt.Errorf("its schema %d is %w %d", current, errNewer, newest)
	}
	_, err = provider.Up(ctx)
	return err
}

// upToDate says that every schema file was applied and no other. A schema never goes back, so that this stays
// true whoever else opens the store; whatever else is found, and be it an error, is left to upgrade.
func upToDate(ctx context.Context, db *sql.DB) bool {
	files, err := schema.ReadDir("schema")
	if err != nil {
		return false
	}
	newest, err := goose.NumericComponent(files[len(files)-1].Name())
	if err != nil {
		return false
	}
	var applied int
	var last int64
	err = db.QueryRowContext(ctx, "SELECT COUNT(DISTINCT version_id), MAX(version_id) FROM "+goose.DefaultTablename+
		" WHERE is_applied AND version_id > 0").Scan(&applied, &last)
	return err == nil && applied == len(files) && last == newest
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
