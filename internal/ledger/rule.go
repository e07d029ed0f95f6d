// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
)

// Rule is a script that was stored at the destination.
type Rule struct {
	Name      string
	Digest    string // of the text as it was written
	Activated bool   // it was switched on by us
}

// SaveRule notes what was written of a script.
func (l *Ledger) SaveRule(ctx context.Context, address string, r Rule) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR REPLACE INTO rules (address, name, digest, activated) VALUES (?, ?, ?, ?)`, address, r.Name, r.Digest, r.Activated)
		return err
	})
}

// Rules returns what was written of an account's scripts, by name.
func (l *Ledger) Rules(ctx context.Context, address string) (map[string]Rule, error) {
	all := map[string]Rule{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var r Rule
		err := rows.Scan(&r.Name, &r.Digest, &r.Activated)
		all[r.Name] = r
		return err
	}, `SELECT name, digest, activated FROM rules WHERE address = ?`, address)
	return all, err
}
