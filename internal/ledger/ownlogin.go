// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// OwnLogin are the log-ins of this program to one account of the source, by a protocol that does not say who logs in.
type OwnLogin struct {
	Address, Protocol string
	From              string // the IP address, as this machine knows it
	Times             int
	First, Last       time.Time // to the second
}

// LoggedIn notes one that has succeeded.
func (l *Sightings) LoggedIn(ctx context.Context, address, protocol, from string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		now := l.now().Unix()
		_, err := tx.Exec(`INSERT INTO own_logins (address, protocol, came_from, times, first_unix, last_unix) VALUES (?, ?, ?, 1, ?, ?)
			ON CONFLICT (address, protocol, came_from) DO UPDATE SET times = own_logins.times + 1, last_unix = excluded.last_unix`,
			address, protocol, from, now, now)
		return err
	})
}

// OwnLogins returns those by a protocol, sorted by account and by where they came from.
func (l *Sightings) OwnLogins(ctx context.Context, protocol string) (all []OwnLogin, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		o := OwnLogin{Protocol: protocol}
		var first, last int64
		err := rows.Scan(&o.Address, &o.From, &o.Times, &first, &last)
		o.First, o.Last = fromUnix(first), fromUnix(last)
		all = append(all, o)
		return err
	}, `SELECT address, came_from, times, first_unix, last_unix FROM own_logins WHERE protocol = ? ORDER BY address, came_from`, protocol)
	return all, err
}
