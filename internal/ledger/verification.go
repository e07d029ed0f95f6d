// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Verifications keeps what the last verification of each account said, for reports: no copier reads it.
type Verifications struct{ *store }

// Verification is what the last verification of an account said.
type Verification struct {
	Address string
	Level   string // "counts", "metadata" or "full"
	Verdict string // "equal", "differs", or "unknown" when an end could not be read
	Result  []byte // JSON, as package verify made it
	Time    time.Time
}

// Save replaces the account's last one. Time is set here.
func (l *Verifications) Save(ctx context.Context, v Verification) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO verifications (address, level, verdict, result, verified_unix) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (address) DO UPDATE SET level = excluded.level, verdict = excluded.verdict, result = excluded.result,
			verified_unix = excluded.verified_unix`,
			v.Address, v.Level, v.Verdict, v.Result, l.now().Unix())
		return err
	})
}

// All returns the last verification of every account, in alphabetical order.
func (l *Verifications) All(ctx context.Context) ([]Verification, error) {
	var all []Verification
	err := l.read(ctx, func(rows *sql.Rows) error {
		var v Verification
		var seconds int64
		err := rows.Scan(&v.Address, &v.Level, &v.Verdict, &v.Result, &seconds)
		v.Time = fromUnix(seconds)
		all = append(all, v)
		return err
	}, `SELECT address, level, verdict, result, verified_unix FROM verifications ORDER BY address`)
	return all, err
}
