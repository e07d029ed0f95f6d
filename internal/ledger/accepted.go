// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Accepted keeps the differences that a person has accepted: no copier and no comparison reads it.
type Accepted struct{ *store }

// Acceptance is one of them.
type Acceptance struct {
	Address    string
	Difference string // its name, as package verify makes it
	Times      int    // as many of the same
	Sentence   string // what it was then
	Person     string
	Reason     string
	Time       time.Time
}

// Accept keeps acceptances, in the place of earlier ones of the same differences. Time is set here. All are kept, or none.
func (l *Accepted) Accept(ctx context.Context, acceptances ...Acceptance) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, a := range acceptances {
			_, err := tx.Exec(`INSERT INTO accepted (address, difference, times, sentence, person, reason, accepted_unix) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (address, difference) DO UPDATE SET times = excluded.times, sentence = excluded.sentence, person = excluded.person,
				reason = excluded.reason, accepted_unix = excluded.accepted_unix`,
				a.Address, a.Difference, a.Times, a.Sentence, a.Person, a.Reason, l.now().Unix())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Withdraw forgets acceptances by the name of the difference, which is one account's; one that is not kept is none.
func (l *Accepted) Withdraw(ctx context.Context, differences ...string) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, difference := range differences {
			if _, err := tx.Exec(`DELETE FROM accepted WHERE difference = ?`, difference); err != nil {
				return err
			}
		}
		return nil
	})
}

// Of returns those of one account.
func (l *Accepted) Of(ctx context.Context, address string) ([]Acceptance, error) {
	all, err := l.acceptances(ctx, `WHERE address = ? ORDER BY accepted_unix, difference`, address)
	return all[address], err
}

// All returns all of them, by account.
func (l *Accepted) All(ctx context.Context) (map[string][]Acceptance, error) {
	return l.acceptances(ctx, `ORDER BY address, accepted_unix, difference`)
}

// acceptances reads rows; which says how they are chosen and sorted.
func (l *Accepted) acceptances(ctx context.Context, which string, values ...any) (map[string][]Acceptance, error) {
	all := map[string][]Acceptance{}
	err := l.read(ctx, func(rows *sql.Rows) error {
		var a Acceptance
		var accepted int64
		err := rows.Scan(&a.Address, &a.Difference, &a.Times, &a.Sentence, &a.Person, &a.Reason, &accepted)
		a.Time = fromUnix(accepted)
		all[a.Address] = append(all[a.Address], a)
		return err
	}, `SELECT address, difference, times, sentence, person, reason, accepted_unix FROM accepted `+which, values...)
	return all, err
}
