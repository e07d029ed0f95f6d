// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Logins keeps the log-ins that were tried for their own sake. An attempt is written before the password goes out and counts as
// a failure until it is known to be none, so that a run that is cut off offers nothing twice.
type Logins struct{ *store }

// Login is one attempt.
type Login struct {
	Address, Protocol, Host string
	Credential              string // a print of name and password, from which neither can be told
	Result                  string
	Sentence, NextStep      string
	Failure                 bool      // a host may count it as a failed log-in
	Began                   time.Time // set by Begin, to the second
}

// Begin notes an attempt that is about to be made, as it stands if nothing more is heard of it, and returns its number. It is on
// the disk when this returns.
func (l *Logins) Begin(ctx context.Context, attempt Login) (id int64, err error) {
	err = l.writeIntent(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRow(`SELECT COALESCE(MAX(id), 0) + 1 FROM logins`).Scan(&id); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO logins (id, address, protocol, host, credential, result, sentence, next_step, failure, began_unix)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, attempt.Address, attempt.Protocol, attempt.Host, attempt.Credential, attempt.Result,
			attempt.Sentence, attempt.NextStep, bit(attempt.Failure), l.now().Unix())
		return err
	})
	return id, err
}

// End notes how an attempt ended: result, sentence, next step, and whether it was a failure.
func (l *Logins) End(ctx context.Context, id int64, attempt Login) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE logins SET result = ?, sentence = ?, next_step = ?, failure = ? WHERE id = ?`,
			attempt.Result, attempt.Sentence, attempt.NextStep, bit(attempt.Failure), id)
		return err
	})
}

// Last returns the last attempt of every account by each protocol with each credential, in the order in which they were made.
func (l *Logins) Last(ctx context.Context) ([]Login, error) {
	var all []Login
	err := l.read(ctx, func(rows *sql.Rows) error {
		var a Login
		var failure, began int64
		err := rows.Scan(&a.Address, &a.Protocol, &a.Host, &a.Credential, &a.Result, &a.Sentence, &a.NextStep, &failure, &began)
		a.Failure, a.Began = failure == 1, fromUnix(began)
		all = append(all, a)
		return err
	}, `SELECT address, protocol, host, credential, result, sentence, next_step, failure, began_unix FROM logins
		WHERE id IN (SELECT MAX(id) FROM logins GROUP BY address, protocol, credential) ORDER BY id`)
	return all, err
}

// Failures returns when the attempts began that a host may count as failed, from a time on, in their order.
func (l *Logins) Failures(ctx context.Context, since time.Time) ([]time.Time, error) {
	var all []time.Time
	err := l.read(ctx, func(rows *sql.Rows) error {
		var began int64
		err := rows.Scan(&began)
		all = append(all, fromUnix(began))
		return err
	}, `SELECT began_unix FROM logins WHERE failure = 1 AND began_unix >= ? ORDER BY began_unix`, since.Unix())
	return all, err
}

// Probes keeps the messages that were sent to see whether they arrive: none is forgotten before it is known to be gone.
type Probes struct{ *store }

// Probe is one of them.
type Probe struct {
	MessageID, Address string
	State              string
	Place              string    // the mailbox in which it was found, "" for none
	Sent               time.Time // set by Intend, to the second
}

// Intend notes a message that is about to be sent. It is on the disk when this returns.
func (l *Probes) Intend(ctx context.Context, p Probe) error {
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO probes (message_id, address, state, place, sent_unix) VALUES (?, ?, ?, ?, ?)`,
			p.MessageID, p.Address, p.State, p.Place, l.now().Unix())
		return err
	})
}

// Save notes what became of a message: its state and place.
func (l *Probes) Save(ctx context.Context, p Probe) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE probes SET state = ?, place = ? WHERE message_id = ?`, p.State, p.Place, p.MessageID)
		return err
	})
}

// All returns all of them, oldest first.
func (l *Probes) All(ctx context.Context) ([]Probe, error) {
	var all []Probe
	err := l.read(ctx, func(rows *sql.Rows) error {
		var p Probe
		var sent int64
		err := rows.Scan(&p.MessageID, &p.Address, &p.State, &p.Place, &sent)
		p.Sent = fromUnix(sent)
		all = append(all, p)
		return err
	}, `SELECT message_id, address, state, place, sent_unix FROM probes ORDER BY sent_unix, message_id`)
	return all, err
}
