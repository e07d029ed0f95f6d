// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
)

// Tables returns the names of the ledger's tables, each behind those that it refers to: none refers to one that refers.
func (f *File) Tables(ctx context.Context) (names []string, err error) {
	rows, err := f.db.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('goose_db_version', 'schema_readers')
		AND name NOT LIKE 'sqlite%'
		ORDER BY EXISTS (SELECT 1 FROM pragma_foreign_key_list(name)), name`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // what went wrong is told by Err
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// NumberOn does nothing: the next number is the one behind the highest (sqlite.org/autoinc.html).
func (f *File) NumberOn(*sql.Tx) error { return nil }
