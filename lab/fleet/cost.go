// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"syscall"
	"time"

	"rehome/internal/ledger"
)

// Cost is what something has cost.
type Cost struct {
	Wall     time.Duration
	Own      time.Duration // of the processors, by workers and commands
	Database time.Duration // likewise, by the server of the store
	Grown    int64         // octets of the store
	Written  int64         // octets of the log that the store writes ahead of what it changes

	Sentences []Sentence // that took the database most; none where they are not counted
}

// meter is what was used when something began.
type meter struct {
	began         time.Time
	own, database time.Duration
	size, log     int64
	changes, jobs int64
	sessions      int64
}

// Measure returns what something costs.
func (f *Fleet) Measure(ctx context.Context, what func() error) (Cost, error) {
	before, err := f.start(ctx)
	if err != nil {
		return Cost{}, err
	}
	if err := what(); err != nil {
		return Cost{}, err
	}
	after, err := f.meter(ctx)
	if err != nil {
		return Cost{}, err
	}
	cost := after.since(before)
	cost.Sentences, err = f.sentences(ctx)
	return cost, err
}

func (m meter) since(before meter) Cost {
	return Cost{Wall: m.began.Sub(before.began), Own: m.own - before.own, Database: m.database - before.database, Grown: m.size - before.size,
		Written: m.log - before.log}
}

// start is a meter of what begins now, from when on sentences are counted.
func (f *Fleet) start(ctx context.Context) (m meter, err error) {
	if err := f.count(ctx); err != nil {
		return m, err
	}
	return f.meter(ctx)
}

func (f *Fleet) meter(ctx context.Context) (m meter, err error) {
	m = meter{began: time.Now(), own: own(), database: f.server.Used()}
	err = f.db.QueryRowContext(ctx, `SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0', xact_commit + xact_rollback,
		sessions FROM pg_stat_database WHERE datname = current_database()`).Scan(&m.size, &m.log, &m.changes, &m.sessions)
	if err != nil {
		return m, err
	}
	var there bool
	if err := f.db.QueryRowContext(ctx, `SELECT to_regclass('`+jobTable+`') IS NOT NULL`).Scan(&there); err != nil || !there {
		return m, err
	}
	return m, f.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+jobTable+` WHERE state = 'completed'`).Scan(&m.jobs)
}

const jobTable = "rehome_jobs.river_job"

// read notes what has been done since a meter.
func (f *Fleet) read(ctx context.Context, before meter, asked ledger.Spent, shape Shape, done *Done) error {
	spent := f.ends.spent()
	after, err := f.meter(ctx)
	if err != nil {
		return err
	}
	done.Cost = after.since(before)
	if done.Sentences, err = f.sentences(ctx); err != nil {
		return err
	}
	done.Sessions = after.sessions - before.sessions
	done.Changes, done.Jobs = after.changes-before.changes, after.jobs-before.jobs
	done.Reads, done.Writes, done.Waited = spent.Reads-asked.Reads, spent.Writes-asked.Writes, spent.Waited-asked.Waited
	if shape.Speed > 0 {
		done.Busy = float64(f.ends.working()) / float64(done.Wall) / float64(f.options.Connections)
	}
	done.Slices, done.Batches = f.ends.slices.Load(), f.ends.batches.Load()
	f.ends.mu.Lock()
	defer f.ends.mu.Unlock()
	done.Accounts, done.Most = f.ends.over, f.ends.most
	if f.ends.between > 0 {
		done.Gap = f.ends.gaps / time.Duration(f.ends.between)
	}
	return nil
}

// own is the time that this process has used.
func own() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// Tables returns the largest tables of the store, with their indexes, in octets.
func (f *Fleet) Tables(ctx context.Context) (tables []Table, err error) {
	rows, err := f.db.QueryContext(ctx, `SELECT n.nspname || '.' || c.relname, pg_total_relation_size(c.oid), c.reltuples::bigint FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname LIKE 'rehome%' ORDER BY 2 DESC LIMIT 8`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t Table
		if err := rows.Scan(&t.Name, &t.Octets, &t.Rows); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}

// Table is one of the store's.
type Table struct {
	Name   string
	Octets int64
	Rows   int64 // as the database has estimated
}

// statements are settings with which the database counts its sentences.
const statements = "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track_planning = on\n"

// Sentence is one that the database was told, over all its values.
type Sentence struct {
	Text         string
	Calls        int64
	Took         time.Duration // on the wall, with planning
	Pages        int64         // that were looked at
	RowsReturned int64
}

// count has the database count its sentences anew, where they are counted.
func (f *Fleet) count(ctx context.Context) error {
	if f.options.Sentences == 0 {
		return nil
	}
	if _, err := f.db.ExecContext(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return err
	}
	_, err := f.db.ExecContext(ctx, `SELECT pg_stat_statements_reset()`)
	return err
}

// sentences are those that took most since they are counted, where they are.
func (f *Fleet) sentences(ctx context.Context) (all []Sentence, err error) {
	if f.options.Sentences == 0 {
		return nil, nil
	}
	rows, err := f.db.QueryContext(ctx, `SELECT regexp_replace(query, '\s+', ' ', 'g'), calls, total_exec_time + total_plan_time,
		shared_blks_hit + shared_blks_read, rows FROM pg_stat_statements ORDER BY 3 DESC LIMIT $1`, f.options.Sentences)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s Sentence
		var milli float64
		if err := rows.Scan(&s.Text, &s.Calls, &milli, &s.Pages, &s.RowsReturned); err != nil {
			return nil, err
		}
		s.Took = time.Duration(milli * float64(time.Millisecond))
		all = append(all, s)
	}
	return all, rows.Err()
}
