// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"

	"rehome"
)

// Looks keeps what commands have shown that change nothing, so that somebody who comes back knows what was looked at, and when.
// Only the last look of each kind at each object is kept.
type Looks struct{ *store }

// Look is what one has shown.
type Look struct {
	Name     string // of the command: "check"
	Object   string // what it looked at, such as a domain; "" is the whole move
	Outcome  rehome.Outcome
	Open     int       // how many things it found that somebody has to see to
	Sentence string    // the first of them; "" is none
	At       time.Time // set by Note, to the second
}

// Note keeps looks instead of earlier ones of the same kind at the same object.
func (l *Looks) Note(ctx context.Context, looks ...Look) error {
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, look := range looks {
			if _, err := tx.Exec(`INSERT INTO looks (name, object, outcome, open, sentence, at_unix) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (name, object) DO UPDATE SET outcome = excluded.outcome, open = excluded.open, sentence = excluded.sentence,
				at_unix = excluded.at_unix`,
				look.Name, look.Object, look.Outcome, look.Open, look.Sentence, l.now().Unix()); err != nil {
				return err
			}
		}
		return nil
	})
}

// All returns the last looks, by name and object.
func (l *Looks) All(ctx context.Context) ([]Look, error) {
	var all []Look
	err := l.read(ctx, func(rows *sql.Rows) error {
		var look Look
		var at int64
		err := rows.Scan(&look.Name, &look.Object, &look.Outcome, &look.Open, &look.Sentence, &at)
		look.At = fromUnix(at)
		all = append(all, look)
		return err
	}, `SELECT name, object, outcome, open, sentence, at_unix FROM looks ORDER BY name, object`)
	return all, err
}
