// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Workers keeps which processes take accounts, each for as long as it reports.
type Workers struct{ *store }

// Worker is a process that takes accounts.
type Worker struct {
	Name     string
	Began    time.Time // to the second
	Leaving  bool      // it takes no more accounts, and ends
	Hindered string    // why it can do nothing for now; kept apart from its reports, see Hinder
}

// Report says that a worker is there, for so long. It returns whether somebody wants it to leave. Who has not reported for a day is
// forgotten.
func (l *Workers) Report(ctx context.Context, w Worker, long time.Duration) (leave bool, err error) {
	clock := l.database.Clock()
	err = l.do(&change{ctx: ctx, together: true, apply: func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM workers WHERE until_milli < `+clock+` - ?`, (24 * time.Hour).Milliseconds()); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM shares WHERE worker <> '' AND worker NOT IN (SELECT name FROM workers)`); err != nil {
			return err
		}
		return tx.QueryRow(`INSERT INTO workers (name, began_unix, until_milli, leaving) VALUES (?, ?, `+clock+` + ?, ?)
			ON CONFLICT (name) DO UPDATE SET until_milli = excluded.until_milli, leaving = CASE WHEN workers.leaving = 1 THEN 1 ELSE excluded.leaving END
			RETURNING leaving`,
			w.Name, unix(w.Began), long.Milliseconds(), w.Leaving).Scan(&leave)
	}})
	return leave, err
}

// Hinder notes why a worker that is there can do nothing for now, in words with the next step; "" when it can again.
func (l *Workers) Hinder(ctx context.Context, name, why string) error {
	return l.do(&change{ctx: ctx, together: true, apply: func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE workers SET hindered = ? WHERE name = ?`, why, name)
		return err
	}})
}

// Leaving reports whether somebody wants a worker to leave.
func (l *Workers) Leaving(ctx context.Context, name string) (leave bool, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error { return rows.Scan(&leave) }, `SELECT leaving FROM workers WHERE name = ?`, name)
	return leave, err
}

// Gone forgets a worker, which has ended and uses nothing any more.
func (l *Workers) Gone(ctx context.Context, name string) error {
	return l.do(&change{ctx: ctx, together: true, onDisk: true, apply: func(tx *sql.Tx) error {
		if _, err := tx.Exec(`DELETE FROM shares WHERE worker = ?`, name); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM workers WHERE name = ?`, name)
		return err
	}})
}

// Dismiss wants workers to leave, those of these names or all. It returns those that are there and are meant.
func (l *Workers) Dismiss(ctx context.Context, names ...string) (told []Worker, err error) {
	there, err := l.All(ctx)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, w := range there {
		if len(names) == 0 || wanted[w.Name] {
			w.Leaving = true
			told = append(told, w)
		}
	}
	err = l.do(&change{ctx: ctx, together: true, apply: func(tx *sql.Tx) error {
		for _, w := range told {
			if _, err := tx.Exec(`UPDATE workers SET leaving = 1 WHERE name = ?`, w.Name); err != nil {
				return err
			}
		}
		return nil
	}})
	return told, err
}

// All returns the workers that are there, by their names.
func (l *Workers) All(ctx context.Context) (all []Worker, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var w Worker
		var began int64
		err := rows.Scan(&w.Name, &began, &w.Leaving, &w.Hindered)
		w.Began = fromUnix(began)
		all = append(all, w)
		return err
	}, `SELECT name, began_unix, leaving, hindered FROM workers WHERE until_milli > `+l.database.Clock()+` ORDER BY name`)
	return all, err
}

// Runs keeps what workers are to do with the accounts whose turns name a run.
type Runs struct{ *store }

// Run is one pass over many accounts by workers.
type Run struct {
	ID       int64
	Options  []byte // as whoever began it has written them
	Accounts int64  // so many turns were given to it
	Began    time.Time
}

// Begin writes down a run and gives it an ID, which turns then name, see Passes.Begin.
func (l *Runs) Begin(ctx context.Context, options []byte, accounts int) (run Run, err error) {
	run = Run{Options: options, Accounts: int64(accounts), Began: fromUnix(l.now().Unix())}
	err = l.write(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow(`INSERT INTO runs (options, accounts, began_unix) VALUES (?, ?, ?) RETURNING id`, options, run.Accounts, unix(run.Began)).
			Scan(&run.ID)
	})
	return run, err
}

// Get returns a run; known is false when there is none with this ID.
func (l *Runs) Get(ctx context.Context, id int64) (run Run, known bool, err error) {
	err = l.read(ctx, func(rows *sql.Rows) error {
		var began int64
		err := rows.Scan(&run.ID, &run.Options, &run.Accounts, &began)
		run.Began, known = fromUnix(began), true
		return err
	}, `SELECT id, options, accounts, began_unix FROM runs WHERE id = ?`, id)
	return run, known, err
}

// Left returns how many turns of a run are in each state. Those that are over are in none.
func (l *Runs) Left(ctx context.Context, id int64) (left map[TurnState]int64, err error) {
	return numbers[TurnState](ctx, l.store, `SELECT state, COUNT(*) FROM turns WHERE run = ? GROUP BY state`, id)
}

// Standing returns how many turns of a run that are not over wait for their wave to run. It looks at accounts only where a wave does not.
func (l *Runs) Standing(ctx context.Context, id int64) (n int64, err error) {
	now := l.now().Unix()
	count := func(rows *sql.Rows) error { return rows.Scan(&n) }
	if err := l.read(ctx, count, `SELECT COUNT(*) FROM waves w WHERE `+stands, now, now); err != nil || n == 0 {
		return 0, err
	}
	err = l.read(ctx, count, `SELECT COUNT(*) FROM waves w JOIN wave_members m ON m.wave = w.name
		JOIN turns t ON t.address = m.address WHERE `+stands+` AND t.run = ? AND t.state <> ?`, now, now, id, TurnFailed)
	return n, err
}
