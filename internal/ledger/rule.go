// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
)

// Rules keeps which scripts were stored at the destination.
type Rules struct{ *store }

// Rule is a script that was stored at the destination.
type Rule struct {
	Name      string
	Digest    string // of the text as it was written
	Activated bool   // it was switched on by us
	Waits     bool   // it answers or forwards, and stays off until the domain has moved
}

// Save notes what was written of a script.
func (l *Rules) Save(ctx context.Context, address string, r Rule) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO rules (address, name, digest, activated, waits) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (address, name) DO UPDATE SET digest = excluded.digest, activated = excluded.activated, waits = excluded.waits`,
			address, r.Name, r.Digest, bit(r.Activated), bit(r.Waits))
		return err
	})
}

// Of returns what was written of an account's scripts, by name.
func (l *Rules) Of(ctx context.Context, address string) (map[string]Rule, error) {
	all := map[string]Rule{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var r Rule
		err := rows.Scan(&r.Name, &r.Digest, &r.Activated, &r.Waits)
		all[r.Name] = r
		return err
	}, `SELECT name, digest, activated, waits FROM rules WHERE address = ?`, address)
	return all, err
}

// RuleCounts is where an account's scripts stand.
type RuleCounts struct {
	Stored, On, Waiting int64
}

// Counts returns where the scripts of every account stand that has any at the destination.
func (l *Rules) Counts(ctx context.Context) (map[string]RuleCounts, error) {
	all := map[string]RuleCounts{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var address string
		var c RuleCounts
		err := rows.Scan(&address, &c.Stored, &c.On, &c.Waiting)
		all[address] = c
		return err
	}, `SELECT address, COUNT(*), SUM(activated), SUM(waits) FROM rules GROUP BY address`)
	return all, err
}
