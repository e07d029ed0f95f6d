// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"strings"
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

// Begin puts accounts into the queue, each once, and makes the row of every account that has none yet. A turn that is over leaves it.
func (l *Passes) Begin(ctx context.Context, queue []Turn) error {
	now := l.now()
	var waiting, over []Turn
	for _, t := range queue {
		if t.State == TurnOver {
			over = append(over, t)
		} else {
			waiting = append(waiting, t)
		}
	}
	return l.write(ctx, func(tx *sql.Tx) error {
		for _, t := range over {
			if err := saveTurn(tx, t, now); err != nil {
				return err
			}
		}
		for left := waiting; len(left) > 0; {
			n := 1
			if len(left) >= rowsAtOnce {
				n = rowsAtOnce
			}
			if err := beginTurns(tx, left[:n], now); err != nil {
				return err
			}
			left = left[n:]
		}
		return nil
	})
}

// rowsAtOnce are written by one sentence, and so many values at most are in it as a database takes. What is left over is written row by
// row: a sentence of another length would have to be planned for itself.
const rowsAtOnce = 200

// beginTurns writes some of them by one sentence, and the rows of their accounts.
func beginTurns(tx *sql.Tx, turns []Turn, now time.Time) error {
	rows, accounts := make([]any, 0, turnColumns*len(turns)), make([]any, 0, 2*len(turns))
	for _, t := range turns {
		rows = append(rows, t.values(now)...)
		accounts = append(accounts, t.Address, t.Address)
	}
	if _, err := tx.Exec(insertTurns(len(turns)), rows...); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO accounts (address, compared) VALUES `+times(len(turns), `(?, `+isCompared+`)`)+
		` ON CONFLICT (address) DO NOTHING`, accounts...)
	return err
}

// times is a list of the same part.
func times(n int, part string) string { return strings.Repeat(part+", ", n-1) + part }

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
	_, err := tx.Exec(insertTurns(1), t.values(now)...)
	return err
}

const turnColumns = 11

// insertTurns is a sentence for so many turns.
func insertTurns(n int) string {
	return `INSERT INTO turns (address, pass, run, state, place, step, due_nano, failures, failing_unix, reason, changed_unix)
		VALUES ` + times(n, `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`) + `
		ON CONFLICT (address) DO UPDATE SET pass = excluded.pass, run = excluded.run, state = excluded.state, place = excluded.place, step = excluded.step,
		due_nano = excluded.due_nano, failures = excluded.failures, failing_unix = excluded.failing_unix, reason = excluded.reason,
		changed_unix = excluded.changed_unix`
}

// values are those of the row of a turn.
func (t Turn) values(now time.Time) []any {
	var due int64
	if !t.Due.IsZero() {
		due = t.Due.UnixNano()
	}
	return []any{t.Address, t.Pass, t.Run, t.State, t.Place, t.Step, due, t.Failures, unix(t.FailingSince), t.Reason, now.Unix()}
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
