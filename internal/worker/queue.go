// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"rehome"
)

// Queue is River (riverqueue.com) in a schema of its own.
type Queue struct {
	pool   *pgxpool.Pool
	schema string
	log    *slog.Logger
	insert *river.Client[pgx.Tx]
	late   late
}

// Bounds of the queue.
const (
	queueConnections = 3 // one of them listens

	// longestJob ends a job that its worker has forgotten, or that has died with it: long after another one was made for the account.
	longestJob = 24 * time.Hour

	insertedAtOnce = 1000

	// A worker whose accounts have ended asks for others at once, unless it has done so just now. Whoever puts jobs there tells all
	// workers; a worker that could take a job asks by itself for what it has not heard of.
	fetchCooldown = 20 * time.Millisecond
	fetchPause    = 5 * time.Second
)

// OpenQueue connects, makes the schema when it is missing, and brings it up to date. Of two processes that do so at once the second
// one waits.
func OpenQueue(ctx context.Context, config *pgx.ConnConfig, schema string, log *slog.Logger) (*Queue, error) {
	settings, err := pgxpool.ParseConfig(config.ConnString())
	if err != nil {
		return nil, err
	}
	settings.ConnConfig = config
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "10s" // a process that is stopped keeps nobody waiting
	config.RuntimeParams["synchronous_commit"] = "off"                  // what a crash of the server takes of the queue is found again, see takeUp
	settings.MaxConns = queueConnections
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, err
	}
	q := &Queue{pool: pool, schema: schema, log: ofRiver(log)}
	if err := q.bringUp(ctx); err != nil {
		pool.Close()
		return nil, queueFault("open the queue of workers in", schema, err)
	}
	if q.insert, err = river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: schema, Logger: q.log}); err != nil {
		pool.Close()
		return nil, err
	}
	return q, nil
}

// ofRiver is what River logs to. It repeats each error of the server many times, which the worker tells once.
func ofRiver(log *slog.Logger) *slog.Logger {
	if log = rehome.Logger(log); log.Enabled(context.Background(), slog.LevelDebug) {
		return log
	}
	return rehome.Logger(nil)
}

// Close ends the connections.
func (q *Queue) Close() { q.pool.Close() }

// current reports whether the schema is there, and no older than this program.
func (q *Queue) current(ctx context.Context, migrator *rivermigrate.Migrator[pgx.Tx]) (bool, error) {
	newest := 0
	for _, m := range migrator.AllVersions() {
		newest = max(newest, m.Version)
	}
	var has int
	err := q.pool.QueryRow(ctx, `SELECT COALESCE(MAX(version), 0) FROM `+pgx.Identifier{q.schema, "river_migration"}.Sanitize()+
		` WHERE line = 'main'`).Scan(&has)
	var said *pgconn.PgError
	if errors.As(err, &said) && slices.Contains([]string{"3F000", "42P01", "42703"}, said.Code) { // no such schema, table or column
		return false, nil
	}
	return err == nil && has >= newest, err
}

// bringUp costs one question where there is nothing to do.
func (q *Queue) bringUp(ctx context.Context) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(q.pool), &rivermigrate.Config{Schema: q.schema, Logger: q.log})
	if err != nil {
		return err
	}
	if current, err := q.current(ctx, migrator); err != nil || current {
		return err
	}
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	name := "rehome queue " + q.schema
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtextextended($1, 0))`, name); err != nil {
		return err
	}
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, name) // ends with the session
	}()
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)`, q.schema).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := conn.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{q.schema}.Sanitize()); err != nil {
			return err
		}
	}
	if current, err := q.current(ctx, migrator); err != nil || current { // somebody has done it meanwhile
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// alive are the states of a job that is not over.
var alive = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// Insert puts jobs into the queue, but for those that are there already.
func (q *Queue) Insert(ctx context.Context, jobs ...Job) error {
	some := len(jobs) > 0
	for len(jobs) > 0 {
		n := min(len(jobs), insertedAtOnce)
		batch := make([]river.InsertManyParams, n)
		for i, job := range jobs[:n] {
			batch[i] = river.InsertManyParams{Args: job, InsertOpts: &river.InsertOpts{
				Priority: job.priority(), UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: alive}}}
		}
		if _, err := q.insert.InsertMany(ctx, batch); err != nil {
			return queueFault("put accounts into the queue in", q.schema, err)
		}
		jobs = jobs[n:]
	}
	if !some {
		return nil
	}
	if err := q.tell(ctx); err != nil { // River does not, of those that come soon behind others
		return queueFault("put accounts into the queue in", q.schema, err)
	}
	return nil
}

// Keep removes what waits for all other runs. Their jobs would come first, and each would be looked up only to find nothing to do.
func (q *Queue) Keep(ctx context.Context, run int64) error {
	waiting := []string{string(rivertype.JobStateAvailable), string(rivertype.JobStateRetryable), string(rivertype.JobStateScheduled)}
	_, err := q.pool.Exec(ctx, `DELETE FROM `+q.table()+
		` WHERE kind = $1 AND state::text = ANY($2) AND (args->>'run')::bigint <> $3`, Job{}.Kind(), waiting, run)
	if err != nil {
		return queueFault("remove the accounts of an earlier pass from the queue in", q.schema, err)
	}
	return nil
}

// priority lets what somebody has begun with go before what nobody has, and that by waves. River has four of them; jobs of the same one
// are taken as they have come.
func (j Job) priority() int {
	switch {
	case j.Epoch > 0:
		return 1 // the first, to River
	case j.Precedence > 0:
		return 2
	case j.Precedence == 0:
		return 3
	}
	return 4
}

func queueFault(op, schema string, err error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: op, Object: schema, Cause: err,
		Hint: "see that the PostgreSQL server runs, and that this user may create a schema there; then run the same command again"}
}

// taking is a client that takes jobs.
type taking struct{ client *river.Client[pgx.Tx] }

// start takes jobs, so many at once.
func (q *Queue) start(ctx context.Context, name string, most int, take func(context.Context, Job) (time.Duration, error)) (*taking, error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[Job]) error {
		later, err := take(ctx, job.Args)
		if err == nil && later > 0 {
			q.tellIn(later)
			return river.JobSnooze(later)
		}
		return err
	}))
	client, err := river.NewClient(riverpgxv5.New(q.pool), &river.Config{
		ID: name, Schema: q.schema, Logger: q.log, Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: most}},
		FetchCooldown: fetchCooldown, FetchPollInterval: fetchPause, JobTimeout: longestJob, RescueStuckJobsAfter: longestJob + time.Hour,
	})
	if err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, queueFault("take accounts from the queue in", q.schema, err)
	}
	return &taking{client}, nil
}

// stop takes no more jobs, and returns when those that are under way have ended.
func (t *taking) stop(ctx context.Context) {
	_ = t.client.Stop(context.WithoutCancel(ctx)) // with a context that does not end it waits
	<-t.client.Stopped()
}
