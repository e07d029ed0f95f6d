// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Verifications keeps what the last verification of each account said, for reports: no copier reads it.
type Verifications struct{ *store }

// Verification is what the last verification of an account said, and what was done to the account since.
type Verification struct {
	Address string
	Level   string // "counts", "metadata" or "full"
	Verdict string // "equal", "differs", or "unknown" when an end could not be read
	Result  []byte // JSON, as package verify made it
	Time    time.Time

	Written        Written
	RecheckedLevel string    // of a later comparison that says less; "" for none
	Rechecked      time.Time // when that was
}

// Written is how much passes have written to the destination since the account was verified: copied, changed and removed.
type Written struct {
	Messages, Objects int64
	Until             time.Time // the end of the last pass that has counted; zero before the first
}

// Save replaces the account's last one, and begins to count anew. Time is set here.
func (l *Verifications) Save(ctx context.Context, v Verification) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO verifications (address, level, verdict, result, verified_unix) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (address) DO UPDATE SET level = excluded.level, verdict = excluded.verdict, result = excluded.result,
			verified_unix = excluded.verified_unix, written_messages = 0, written_objects = 0, written_unix = 0,
			rechecked_level = '', rechecked_unix = 0`,
			v.Address, v.Level, v.Verdict, v.Result, l.now().Unix())
		if err == nil {
			_, err = tx.Exec(`UPDATE accounts SET compared = 1 WHERE address = ? AND compared = 0`, v.Address)
		}
		return err
	})
}

// Recheck notes a later comparison at a lower level, which does not take the place of the last one.
func (l *Verifications) Recheck(ctx context.Context, address, level string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE verifications SET rechecked_level = ?, rechecked_unix = ? WHERE address = ?`, level, l.now().Unix(), address)
		return err
	})
}

// Wrote adds what a pass that ends now has written. Of an account that was never verified nothing is kept.
func (l *Verifications) Wrote(ctx context.Context, address string, messages, objects int64) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE verifications SET written_messages = verifications.written_messages + ?,
			written_objects = verifications.written_objects + ?, written_unix = ? WHERE address = ?`, messages, objects, l.now().Unix(), address)
		return err
	})
}

// All returns the last verification of every account, in alphabetical order.
func (l *Verifications) All(ctx context.Context) ([]Verification, error) {
	return l.verifications(ctx, `ORDER BY address`)
}

// Find returns the last verification of an account; known is false before the first.
func (l *Verifications) Find(ctx context.Context, address string) (v Verification, known bool, err error) {
	all, err := l.verifications(ctx, `WHERE address = ?`, address)
	if err != nil || len(all) == 0 {
		return Verification{}, false, err
	}
	return all[0], true, nil
}

// verifications reads rows; which says how they are chosen and sorted.
func (l *Verifications) verifications(ctx context.Context, which string, values ...any) ([]Verification, error) {
	var all []Verification
	err := l.read(ctx, func(rows *sql.Rows) error {
		var v Verification
		var verified, written, rechecked int64
		err := rows.Scan(&v.Address, &v.Level, &v.Verdict, &v.Result, &verified, &v.Written.Messages, &v.Written.Objects, &written,
			&v.RecheckedLevel, &rechecked)
		v.Time, v.Written.Until, v.Rechecked = fromUnix(verified), fromUnix(written), fromUnix(rechecked)
		all = append(all, v)
		return err
	}, `SELECT address, level, verdict, result, verified_unix, written_messages, written_objects, written_unix, rechecked_level, rechecked_unix
		FROM verifications `+which, values...)
	return all, err
}
