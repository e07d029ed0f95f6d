// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// beginner begins transactions: a pool does, or one connection.
type beginner interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
}

// Make carries out all files of the folder in one transaction, unless a table is there before: then it does nothing. A database reads
// its whole schema again after each commit that changes it, and waits for its disk, which makes a new one costly file by file.
// Tables is the query for how many tables there are.
//
// Snapshot, if not "", makes at once of an empty database what some of the first files make, their numbers included; the others follow.
//
// Two that make a database at the same time are kept apart by a lock that the caller holds, or with which its transactions begin.
func Make(ctx context.Context, db beginner, dialect goose.Dialect, snapshot string, folder fs.FS, tables string) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if rollback := tx.Rollback(); !errors.Is(rollback, sql.ErrTxDone) {
			err = errors.Join(err, rollback)
		}
	}()
	var before int
	if err := tx.QueryRowContext(ctx, tables).Scan(&before); err != nil || before > 0 {
		return err
	}
	versions, err := database.NewStore(dialect, goose.DefaultTablename)
	if err != nil {
		return err
	}
	if err := makeAll(ctx, tx, versions, snapshot, folder); err != nil {
		return err
	}
	if err := nameReaders(ctx, tx, versions, folder); err != nil {
		return err
	}
	return tx.Commit()
}

// nameReaders says which programs may use what was made.
func nameReaders(ctx context.Context, tx *sql.Tx, versions database.Store, folder fs.FS) error {
	oldest, err := oldestReaders(folder)
	if err != nil {
		return err
	}
	if made, err := versions.GetLatestVersion(ctx, tx); err != nil || made < begunReaders {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM schema_readers`); err != nil { // what a file has said, and a snapshot has not
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO schema_readers (oldest) VALUES (%d)`, oldest))
	return err
}

func makeAll(ctx context.Context, tx *sql.Tx, versions database.Store, snapshot string, folder fs.FS) error {
	if err := begin(ctx, tx, versions, snapshot); err != nil {
		return err
	}
	begun, err := versions.GetLatestVersion(ctx, tx)
	if err != nil {
		return err
	}
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return err
	}
	for _, file := range files {
		version, err := goose.NumericComponent(file.Name())
		if err != nil {
			return err
		}
		if version <= begun {
			continue
		}
		text, err := fs.ReadFile(folder, file.Name())
		if err != nil {
			return err
		}
		upwards, _, _ := strings.Cut(string(text), "-- +goose Down")
		if _, err := tx.ExecContext(ctx, upwards); err != nil {
			return fmt.Errorf("%s: %w", file.Name(), err)
		}
		if err := versions.Insert(ctx, tx, database.InsertRequest{Version: version}); err != nil {
			return err
		}
	}
	return nil
}

// begin makes what comes before the files: the snapshot, or the table of their numbers.
func begin(ctx context.Context, tx *sql.Tx, versions database.Store, snapshot string) error {
	if snapshot != "" {
		_, err := tx.ExecContext(ctx, snapshot)
		return err
	}
	if err := versions.CreateVersionTable(ctx, tx); err != nil {
		return err
	}
	return versions.Insert(ctx, tx, database.InsertRequest{}) // the version of a database without a schema
}
