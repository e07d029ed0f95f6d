// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Sightings keeps which programs were seen to use which accounts, from logs.
type Sightings struct{ *store }

// Sighting is one program that uses one account by one protocol.
type Sighting struct {
	Address, Protocol string
	Agent             string    // what the program says of itself; "" if it does not
	First, Last       time.Time // to the second; zero is not known
}

// Save adds sightings to what is known: the time of one that is known already grows. Reading the same log again changes nothing.
func (l *Sightings) Save(ctx context.Context, sightings []Sighting) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, s := range sightings {
			if _, err := tx.Exec(`INSERT INTO sightings (address, protocol, agent, first_unix, last_unix) VALUES (?, ?, ?, ?, ?)
				ON CONFLICT (address, protocol, agent) DO UPDATE SET
					first_unix = CASE WHEN sightings.first_unix = 0 OR excluded.first_unix <> 0 AND excluded.first_unix < sightings.first_unix
						THEN excluded.first_unix ELSE sightings.first_unix END,
					last_unix = CASE WHEN excluded.last_unix > sightings.last_unix THEN excluded.last_unix ELSE sightings.last_unix END`,
				s.Address, s.Protocol, s.Agent, unix(s.First), unix(s.Last)); err != nil {
				return err
			}
		}
		return nil
	})
}

// All returns all of them, sorted by account, protocol and program.
func (l *Sightings) All(ctx context.Context) (all []Sighting, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var s Sighting
		var first, last int64
		err := rows.Scan(&s.Address, &s.Protocol, &s.Agent, &first, &last)
		s.First, s.Last = fromUnix(first), fromUnix(last)
		all = append(all, s)
		return err
	}, `SELECT address, protocol, agent, first_unix, last_unix FROM sightings ORDER BY address, protocol, agent`)
	return all, err
}
