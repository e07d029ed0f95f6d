// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Trial is a test object that may be at the destination, or may still arrive there: it is written down before it is sent.
type Trial struct {
	Collection string // href at the destination
	UID        string
	Until      time.Time // when it cannot arrive any more, to the second
}

// NoteTrial writes a test object down, or when it cannot arrive any more.
func (l *Objects) NoteTrial(ctx context.Context, address string, t Trial) error {
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO trials (address, uid, collection, until_unix) VALUES (?, ?, ?, ?)
			ON CONFLICT (address, uid) DO UPDATE SET collection = excluded.collection, until_unix = excluded.until_unix`,
			address, t.UID, t.Collection, t.Until.Unix())
		return err
	})
}

// ForgetTrials forgets test objects that are known to be gone.
func (l *Objects) ForgetTrials(ctx context.Context, address string, uids ...string) error {
	if len(uids) == 0 {
		return nil
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, uid := range uids {
			if _, err := tx.Exec(`DELETE FROM trials WHERE address = ? AND uid = ?`, address, uid); err != nil {
				return err
			}
		}
		return nil
	})
}

// Trials returns those of an account, in order.
func (l *Objects) Trials(ctx context.Context, address string) (all []Trial, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var t Trial
		var until int64
		err := rows.Scan(&t.Collection, &t.UID, &until)
		t.Until = time.Unix(until, 0)
		all = append(all, t)
		return err
	}, `SELECT collection, uid, until_unix FROM trials WHERE address = ? ORDER BY uid`, address)
	return all, err
}
