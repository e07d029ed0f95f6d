// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/worker"
)

// How long a worker that cannot begin a run waits before it tries again: each attempt may be a log-in that is refused, and a server that sees
// many of them locks accounts. It keeps each job that it cannot do for so long.
const (
	firstHindered   = 30 * time.Second
	longestHindered = 5 * time.Minute
	keptInVain      = 5 * time.Second
)

// able opens what the run of a job needs, and reports whether that is possible on this machine.
func (c *crew) able(ctx context.Context, job worker.Job) bool {
	if _, err := c.open(ctx, job.Run); err == nil {
		return true
	}
	select {
	case <-time.After(keptInVain):
	case <-c.leave:
	case <-ctx.Done():
	}
	return false
}

// hindrance is why this worker can do nothing for now.
func (c *crew) hindrance() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hindered
}

// hinder says, here and to all others, why this worker cannot begin; nil is that it can. The caller holds the lock.
func (c *crew) hinder(ctx context.Context, trouble error, pause time.Duration) {
	if trouble == nil && c.hindered == nil {
		return
	}
	text := ""
	if c.hindered = trouble; trouble != nil {
		text = fmt.Sprintf("cannot begin: %v", trouble)
		if hint := rehome.HintOf(trouble); hint != "" {
			text += "; " + hint
		}
		c.options.Told(fmt.Sprintf("%s; tried again in %d s", text, int(pause.Seconds())))
	} else {
		c.options.Told("can begin now")
	}
	if err := c.store.Workers.Hinder(ctx, c.worked.Name, text); err != nil {
		c.move.log.Info("what hinders this worker cannot be noted", rehome.LogError, err.Error())
	}
}

// mending is when a worker that can do nothing tries again. A try may take long, so nothing here waits for one.
type mending struct {
	run    atomic.Int64 // which it tries
	until  atomic.Int64 // it rests, nanoseconds since 1970; 0 is one that nothing hinders
	atWork atomic.Int64 // accounts, of runs that it could begin
	busy   atomic.Bool  // a try is under way
	tries  sync.WaitGroup
}

// next notes what came of a try.
func (m *mending) next(id int64, run *crewRun) {
	until := int64(0)
	if run.trouble != nil {
		until = run.again.UnixNano()
	}
	m.run.Store(id)
	m.until.Store(until)
}

// rests implements worker.Options.Rests.
func (m *mending) rests(idle bool) bool {
	until := m.until.Load()
	if until == 0 || m.atWork.Load() > 0 {
		return idle
	}
	return time.Now().UnixNano() < until
}

// mend begins to try again what hinders this worker, once it is time and there is a connection to each end, also if no account comes that
// needs it: what was mended is noticed without one.
func (c *crew) mend(ctx context.Context) {
	m := &c.mending
	if until := m.until.Load(); until == 0 || time.Now().UnixNano() < until || !c.limits.open.Load() || !m.busy.CompareAndSwap(false, true) {
		return
	}
	m.tries.Go(func() {
		defer m.busy.Store(false)
		_, _ = c.open(ctx, m.run.Load()) // which says what has come of it
	})
}
