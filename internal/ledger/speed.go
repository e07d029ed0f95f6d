// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Speeds keeps how much passes have carried, minute by minute, and for not longer than SpeedsKept.
type Speeds struct{ *store }

// SpeedsKept is how long a minute is kept.
const SpeedsKept = 35 * 24 * time.Hour

// Speed is what was carried from a moment on.
type Speed struct {
	At       time.Time `json:"at"`       // of a whole minute when it is kept
	Messages int64     `json:"messages"` // copied
	Octets   int64     `json:"bytes"`    // of messages, contacts and calendar objects
	Objects  int64     `json:"objects"`  // contacts and calendar objects that were dealt with
	Accounts int64     `json:"accounts"` // whose turn has ended
}

// Add adds to the minute in which a moment is, and forgets minutes that are too old.
func (l *Speeds) Add(ctx context.Context, s Speed) error {
	minute := s.At.Unix() / 60
	return l.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO speeds (minute, messages, octets, objects, accounts) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (minute) DO UPDATE SET messages = speeds.messages + excluded.messages, octets = speeds.octets + excluded.octets,
			objects = speeds.objects + excluded.objects, accounts = speeds.accounts + excluded.accounts`,
			minute, s.Messages, s.Octets, s.Objects, s.Accounts); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM speeds WHERE minute < ?`, minute-int64(SpeedsKept/time.Minute))
		return err
	})
}

// Since sums up what was carried from a moment on, in steps of so many minutes; steps in which nothing was noted are left out.
func (l *Speeds) Since(ctx context.Context, from time.Time, step int64) (all []Speed, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var s Speed
		var n int64
		err := rows.Scan(&n, &s.Messages, &s.Octets, &s.Objects, &s.Accounts)
		s.At = time.Unix(n*step*60, 0)
		all = append(all, s)
		return err
	}, `SELECT minute / ?, CAST(SUM(messages) AS BIGINT), CAST(SUM(octets) AS BIGINT), CAST(SUM(objects) AS BIGINT), CAST(SUM(accounts) AS BIGINT)
		FROM speeds WHERE minute >= ? GROUP BY 1 ORDER BY 1`, step, from.Unix()/60)
	return all, err
}
