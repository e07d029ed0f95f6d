// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// ProbeMails keeps the messages that were sent after a switch to see which way mail takes.
type ProbeMails struct{ *store }

// ProbeMail is one of them.
type ProbeMail struct {
	MessageID   string
	Way         string // inward or outward
	Domain      string
	Account     string // that receives it
	State       string
	Host, Words string    // the server that answered last, and what it said
	Place       string    // the mailbox in which it was found, "" for none
	Sent        time.Time // set by Intend, to the second
}

// Intend notes a message that is about to be sent. It is on the disk when this returns.
func (l *ProbeMails) Intend(ctx context.Context, p ProbeMail) error {
	return l.writeIntent(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO probe_mails (message_id, way, domain, account, state, host, words, place, sent_unix)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.MessageID, p.Way, p.Domain, p.Account, p.State, p.Host, p.Words, p.Place, l.now().Unix())
		return err
	})
}

// Save notes what became of a message: its state, the server and its words, and the place.
func (l *ProbeMails) Save(ctx context.Context, p ProbeMail) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE probe_mails SET state = ?, host = ?, words = ?, place = ? WHERE message_id = ?`,
			p.State, p.Host, p.Words, p.Place, p.MessageID)
		return err
	})
}

// All returns all of them, oldest first.
func (l *ProbeMails) All(ctx context.Context) ([]ProbeMail, error) {
	var all []ProbeMail
	err := l.read(ctx, func(rows *sql.Rows) error {
		var p ProbeMail
		var sent int64
		err := rows.Scan(&p.MessageID, &p.Way, &p.Domain, &p.Account, &p.State, &p.Host, &p.Words, &p.Place, &sent)
		p.Sent = fromUnix(sent)
		all = append(all, p)
		return err
	}, `SELECT message_id, way, domain, account, state, host, words, place, sent_unix FROM probe_mails ORDER BY sent_unix, message_id`)
	return all, err
}
