// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Verification is what the last verification of an account said.
type Verification struct {
	Address string
	Level   string // "counts", "metadata" or "full"
	Verdict string // "equal", "differs", or "unknown" when an end could not be read
	Result  []byte // JSON, as package verify made it
	Time    time.Time
}

// SaveVerification replaces the account's last one. Time is set here.
func (l *Ledger) SaveVerification(ctx context.Context, v Verification) error {
	return l.writer.do(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR REPLACE INTO verifications (address, level, verdict, result, verified_unix) VALUES (?, ?, ?, ?, ?)`,
			v.Address, v.Level, v.Verdict, v.Result, l.now().Unix())
		return err
	})
}

// Verifications returns the last verification of every account, in alphabetical order.
func (l *Ledger) Verifications(ctx context.Context) ([]Verification, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT address, level, verdict, result, verified_unix FROM verifications ORDER BY address`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Verification
	for rows.Next() {
		var v Verification
		var seconds int64
		if err := rows.Scan(&v.Address, &v.Level, &v.Verdict, &v.Result, &seconds); err != nil {
			return nil, err
		}
		v.Time = fromUnix(seconds)
		all = append(all, v)
	}
	return all, rows.Err()
}
