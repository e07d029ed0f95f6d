// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"

	"rehome"
)

// Passes keeps how far a pass has come with each account, and whose turn is next: what a runner would otherwise know
// alone, and take with it when it ends.
//
// The rule: what decides the next turn is written with the row of the account that the turn is about, so that neither
// can be there without the other. A Turn that is over is kept no longer. Who holds a turn is not written here: either one
// process copies with a ledger, see Ledger.Lock, or each account is held by one worker, see Leases.
type Passes struct{ *store }

// TurnState is what an account's turn is at.
type TurnState string

// The states.
const (
	TurnQueued  TurnState = "queued"  // nothing is in its way
	TurnWorking TurnState = "working" // a slice is under way, or was when its process ended
	TurnWaiting TurnState = "waiting" // until it is due
	TurnFailed  TurnState = "failed"  // ended in trouble; the next pass begins with others
	TurnOver    TurnState = "over"    // nothing is left to do; never in the ledger
)

// Turn is an account's place in a pass.
type Turn struct {
	Address      string
	Pass         rehome.Pass
	Run          int64 // that workers go on with it in, see Runs; 0 for none
	State        TurnState
	Place        int64       // in the queue: the lowest is next
	Step         rehome.Kind // under way, waiting, or failed; "" before the first
	Due          time.Time   // when it is tried again; zero for as soon as possible
	Failures     int         // in a row
	FailingSince time.Time   // when the first of them was, to the second; zero without
	Reason       string      // of the last failure, or what is waited for
	Since        time.Time   // when it came to this state, to the second; set by what writes it
}

// Begin puts accounts into the queue, and makes the row of every account that has none yet. A turn that is over leaves it.
func (l *Passes) Begin(ctx context.Context, queue []Turn) error {
	now := l.now()
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, t := range queue {
			if err := saveTurn(tx, t, now); err != nil {
				return err
			}
			if t.State == TurnOver {
				continue
			}
			if _, err := tx.Exec(`INSERT INTO accounts (address, compared) VALUES (?, `+isCompared+`) ON CONFLICT (address) DO NOTHING`,
				t.Address, t.Address); err != nil {
				return err
			}
		}
		return nil
	})
}

// Save writes where an account stands, what each kind of work that has looked has found, and the account's turn; all or
// nothing.
func (l *Passes) Save(ctx context.Context, a Account, findings map[rehome.Kind][]rehome.Finding, t Turn) error {
	now := l.now()
	return l.write(ctx, func(tx *sql.Tx) error {
		for kind, found := range findings {
			if err := l.replaceFindings(tx, a.Address, kind, found); err != nil {
				return err
			}
		}
		if err := saveAccount(tx, a); err != nil {
			return err
		}
		return saveTurn(tx, t, now)
	})
}

// Wait writes that an account's turn has to wait.
func (l *Passes) Wait(ctx context.Context, t Turn) error {
	now := l.now()
	return l.write(ctx, func(tx *sql.Tx) error { return saveTurn(tx, t, now) })
}

func saveTurn(tx *sql.Tx, t Turn, now time.Time) error {
	if t.State == TurnOver {
		_, err := tx.Exec(`DELETE FROM turns WHERE address = ?`, t.Address)
		return err
	}
	var due int64
	if !t.Due.IsZero() {
		due = t.Due.UnixNano()
	}
	_, err := tx.Exec(`INSERT INTO turns (address, pass, run, state, place, step, due_nano, failures, failing_unix, reason, changed_unix)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (address) DO UPDATE SET pass = excluded.pass, run = excluded.run, state = excluded.state, place = excluded.place, step = excluded.step,
		due_nano = excluded.due_nano, failures = excluded.failures, failing_unix = excluded.failing_unix, reason = excluded.reason,
		changed_unix = excluded.changed_unix`,
		t.Address, t.Pass, t.Run, t.State, t.Place, t.Step, due, t.Failures, unix(t.FailingSince), t.Reason, now.Unix())
	return err
}

// Turns returns all of them, the next one first.
func (l *Passes) Turns(ctx context.Context) ([]Turn, error) {
	return l.turns(ctx, `ORDER BY place, address`)
}

// Turn returns the turn of one account; none when it is over, or there never was one.
func (l *Passes) Turn(ctx context.Context, address string) ([]Turn, error) {
	return l.turns(ctx, `WHERE address = ?`, address)
}

// turns reads rows; which says how they are chosen and sorted.
func (l *Passes) turns(ctx context.Context, which string, values ...any) (all []Turn, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var t Turn
		var due, failing, changed int64
		err := rows.Scan(&t.Address, &t.Pass, &t.Run, &t.State, &t.Place, &t.Step, &due, &t.Failures, &failing, &t.Reason, &changed)
		if due != 0 {
			t.Due = time.Unix(0, due).UTC()
		}
		t.FailingSince, t.Since = fromUnix(failing), fromUnix(changed)
		all = append(all, t)
		return err
	}, `SELECT address, pass, run, state, place, step, due_nano, failures, failing_unix, reason, changed_unix FROM turns `+which, values...)
	return all, err
}
