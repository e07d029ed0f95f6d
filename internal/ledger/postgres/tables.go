// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// Tables returns the names of the ledger's tables, each behind those that it refers to: none refers to one that refers.
func (s *Server) Tables(ctx context.Context) ([]string, error) {
	return column(s.db.QueryContext(ctx, `SELECT relname FROM pg_class c WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
		AND relname NOT IN (?, 'schema_readers') ORDER BY EXISTS (SELECT 1 FROM pg_constraint
		WHERE conrelid = c.oid AND contype = 'f'), relname`, goose.DefaultTablename))
}

// NumberOn lets each table that numbers its rows go on behind the highest number.
func (s *Server) NumberOn(tx *sql.Tx) error {
	tables, err := column(tx.Query(`SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'r'
		AND c.relnamespace = current_schema()::regnamespace AND a.attname = 'id' AND a.attidentity <> ''`))
	if err != nil {
		return err
	}
	for _, table := range tables {
		on := fmt.Sprintf(`SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), MAX(id)) FROM %[1]s HAVING COUNT(*) > 0`, table)
		if _, err := tx.Exec(on); err != nil {
			return err
		}
	}
	return nil
}

// column reads rows of one text each.
func column(rows *sql.Rows, err error) (all []string, _ error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what went wrong is told by Err
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
