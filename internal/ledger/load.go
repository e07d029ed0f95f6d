// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"

	"rehome"
)

// Loads keeps what the time with each server was spent with, minute by minute, and for not longer than SpeedsKept.
type Loads struct{ *store }

// Load is how time was spent with a server, summed over all connections to it; see endpoint.Load. Milliseconds are kept.
type Load struct {
	Side    rehome.Side // "" for the ledger itself
	Service string
	Address string

	Open, Awaited, OnWay, Paced, Queued, Eased time.Duration
	Unmeasured                                 int64
}

// Add adds to the minute in which a moment is, and forgets minutes that are too old.
func (l *Loads) Add(ctx context.Context, at time.Time, loads ...Load) error {
	if len(loads) == 0 {
		return nil
	}
	minute := at.Unix() / 60
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, o := range loads {
			if _, err := tx.Exec(`INSERT INTO loads (minute, side, service, address, opened, awaited, on_way, paced, queued, eased, unmeasured)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (minute, side, service, address) DO UPDATE SET opened = loads.opened + excluded.opened,
				awaited = loads.awaited + excluded.awaited, on_way = loads.on_way + excluded.on_way, paced = loads.paced + excluded.paced,
				queued = loads.queued + excluded.queued, eased = loads.eased + excluded.eased,
				unmeasured = loads.unmeasured + excluded.unmeasured`,
				minute, string(o.Side), o.Service, o.Address, o.Open.Milliseconds(), o.Awaited.Milliseconds(), o.OnWay.Milliseconds(),
				o.Paced.Milliseconds(), o.Queued.Milliseconds(), o.Eased.Milliseconds(), o.Unmeasured); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`DELETE FROM loads WHERE minute < ?`, minute-int64(SpeedsKept/time.Minute))
		return err
	})
}

// Since sums up what was noted of each server from the minute of a moment on.
func (l *Loads) Since(ctx context.Context, from time.Time) (all []Load, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var o Load
		var side string
		var times [6]int64
		err := rows.Scan(&side, &o.Service, &o.Address, &times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &o.Unmeasured)
		o.Side = rehome.Side(side)
		for i, t := range []*time.Duration{&o.Open, &o.Awaited, &o.OnWay, &o.Paced, &o.Queued, &o.Eased} {
			*t = time.Duration(times[i]) * time.Millisecond
		}
		all = append(all, o)
		return err
	}, `SELECT side, service, address, CAST(SUM(opened) AS BIGINT), CAST(SUM(awaited) AS BIGINT), CAST(SUM(on_way) AS BIGINT),
		CAST(SUM(paced) AS BIGINT), CAST(SUM(queued) AS BIGINT), CAST(SUM(eased) AS BIGINT), CAST(SUM(unmeasured) AS BIGINT)
		FROM loads WHERE minute >= ? GROUP BY side, service, address ORDER BY side, service, address`, from.Unix()/60)
	return all, err
}
