// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"rehome/internal/ledger/upgrade"
)

//go:embed schema/*.sql
var schema embed.FS

var (
	errForbidden = errors.New("permission denied for the schema")
	errForeign   = errors.New("the schema belongs to another program")
	errEncoding  = errors.New("the database is not one of UTF-8")
)

// bringUp applies the numbered schema files that are missing. Of two processes that open a ledger at once the second one waits. What a
// crash of the server takes of it is made again by whoever opens the ledger next; what is written on the strength of it waits for the disk
// with all before.
func bringUp(ctx context.Context, config *pgx.ConnConfig, name string) (err error) {
	config = config.Copy()
	config.RuntimeParams["synchronous_commit"] = "off"
	db := stdlib.OpenDB(*config) // what the files and goose say is PostgreSQL's own
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, "rehome upgrade "+name); err != nil {
		return err
	}
	defer func() {
		_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, "rehome upgrade "+name)
		err = errors.Join(err, unlockErr)
	}()
	if err := prepare(ctx, conn, name); err != nil {
		return err
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	tables := `SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema()`
	if err := upgrade.Make(ctx, conn, goose.DialectPostgres, "", files, tables); err != nil {
		return err
	}
	if current, err := upgrade.Complete(ctx, conn, files); err != nil || current { // by this process, or while it has waited
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	return upgrade.Apply(ctx, conn, provider, files)
}

// prepare makes the schema, and refuses one with other tables than ours before anything is written to it.
func prepare(ctx context.Context, conn *sql.Conn, name string) error {
	var encoding string
	var there, allowed bool
	var tables, ours int
	err := conn.QueryRowContext(ctx, `SELECT current_setting('server_encoding'), EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1),
		COALESCE((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1), true),
		COUNT(*), COUNT(CASE WHEN tablename = $2 THEN 1 END) FROM pg_tables WHERE schemaname = $1`, name, goose.DefaultTablename).
		Scan(&encoding, &there, &allowed, &tables, &ours)
	switch {
	case err != nil:
		return err
	case encoding != "UTF8":
		return fmt.Errorf("%w, but of %s", errEncoding, encoding)
	case !allowed:
		return errForbidden
	case tables > 0 && ours == 0:
		return errForeign
	case there: // to make it would ask for a right that nobody needs then
		return nil
	}
	_, err = conn.ExecContext(ctx, `CREATE SCHEMA `+name) // a plain name, see schemaName
	return err
}

// upToDate says that every schema file was applied and no other.
func upToDate(ctx context.Context, db *sql.DB) (bool, error) {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return false, err
	}
	complete, err := upgrade.Complete(ctx, db, files)
	if codeOf(err) == "42P01" { // undefined_table
		return false, nil
	}
	return complete, err
}
