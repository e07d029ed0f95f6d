// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"rehome"
)

// A worker that has nothing to do stops River's client, which is woken some twenty-five times a second by its own clocks, most often by
// that of what books jobs (BatchCompleter, 50 ms), which cannot be set. Until it hears of a job it only listens, and starts the client then.

// topic is where River tells of jobs that have come, and told what it says.
func (q *Queue) topic() string { return q.schema + ".river_insert" }

const told = `{"queue":"` + river.QueueDefault + `"}`

// table is that of the jobs.
func (q *Queue) table() string { return pgx.Identifier{q.schema, "river_job"}.Sanitize() }

// tell tells all workers that there may be a job.
func (q *Queue) tell(ctx context.Context) error {
	_, err := q.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, q.topic(), told)
	return err
}

// late is when jobs that were to wait for a short time have waited.
type late struct {
	mu      sync.Mutex
	last    time.Time
	pending bool
}

// tellIn has all workers told when a job has waited. River's leader does so of those that wait for longer than it looks.
func (q *Queue) tellIn(long time.Duration) {
	if long > fetchPause {
		return
	}
	q.late.mu.Lock()
	defer q.late.mu.Unlock()
	if due := time.Now().Add(long); due.After(q.late.last) {
		q.late.last = due
	}
	if !q.late.pending {
		q.late.pending = true
		time.AfterFunc(long, q.tellLate)
	}
}

func (q *Queue) tellLate() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchPause)
	defer cancel()
	if err := q.tell(ctx); err != nil {
		q.log.Info("workers are not told of a job", rehome.LogError, err.Error()) // they look by themselves
	}
	q.late.mu.Lock()
	defer q.late.mu.Unlock()
	more := time.Until(q.late.last)
	if q.late.pending = more > 0; q.late.pending {
		time.AfterFunc(more, q.tellLate)
	}
}

// await returns when there may be a job, or ctx ends, or leave is closed.
func (q *Queue) await(ctx context.Context, leave <-chan struct{}) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for ctx.Err() == nil {
			err := q.hear(ctx)
			if err == nil || ctx.Err() != nil {
				return
			}
			q.log.Info("the queue is not heard", rehome.LogError, err.Error())
			select {
			case <-ctx.Done():
			case <-time.After(fetchPause):
			}
		}
	}()
	select {
	case <-heard:
	case <-leave:
		cancel()
		<-heard
	}
}

// hear returns when a job is there, or comes. Jobs that are to wait longer are looked for: only a leader tells of them, and there may be
// none.
func (q *Queue) hear(ctx context.Context) error {
	conn, err := q.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer func() {
		_ = conn.Conn().Close(context.WithoutCancel(ctx)) // it would go on listening in the pool
		conn.Release()
	}()
	if _, err := conn.Exec(ctx, `LISTEN `+pgx.Identifier{q.topic()}.Sanitize()); err != nil {
		return err
	}
	for {
		var there bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+q.table()+` WHERE state IN ('available', 'scheduled', 'retryable')
			AND queue = $1 AND scheduled_at <= now())`, river.QueueDefault).Scan(&there)
		if err != nil || there {
			return err
		}
		if told, err := heardWithin(ctx, conn.Conn(), fetchPause); err != nil || told {
			return err
		}
	}
}

// heardWithin waits for a notification, for so long at most.
func heardWithin(ctx context.Context, conn *pgx.Conn, most time.Duration) (told bool, err error) {
	waiting, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if _, err = conn.WaitForNotification(waiting); err == nil {
		return true, nil
	}
	if waiting.Err() != nil && ctx.Err() == nil {
		return false, nil
	}
	return false, err
}
