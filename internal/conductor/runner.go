// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"context"
	"sync"
	"time"
)

// Due says when an account has its turn. The zero time is as soon as possible.
type Due struct {
	Account string
	At      time.Time
}

// Runner gives accounts their turns. What decides who is next is in the ledger, so that a Runner keeps nothing that the
// next one would need; and it knows neither steps nor results. One that lets other machines take turns has to see to it
// that each is held by one of them.
type Runner interface {
	// Run calls turn for every account of the queue, in its order and not before it is due, and again whenever that
	// asks for another turn; never twice at once for one account. It returns when nobody asks any more. That ctx has
	// ended, or the pass was stopped, is turn's affair: no account is left out.
	Run(ctx context.Context, queue []Due, turn TakeTurn)
}

// TakeTurn gives an account its turn and says when it needs another one, or that it is over.
type TakeTurn func(ctx context.Context, account string) (next time.Time, over bool)

// Local runs turns on goroutines of this process.
type Local struct {
	Workers int             // accounts at work at once, one at least
	Stop    <-chan struct{} // ends every wait when it is closed; nil is never
}

// Run implements Runner.
func (l Local) Run(ctx context.Context, queue []Due, turn TakeTurn) {
	r := &localRun{stop: l.Stop, turn: turn, ready: make(chan string, len(queue))}
	r.left.Add(len(queue))
	for _, d := range queue {
		r.enqueue(ctx, d)
	}
	var workers sync.WaitGroup
	for range min(max(l.Workers, 1), len(queue)) {
		workers.Go(func() { r.work(ctx) })
	}
	r.left.Wait()
	close(r.ready)
	workers.Wait()
}

type localRun struct {
	stop  <-chan struct{}
	turn  TakeTurn
	ready chan string    // accounts whose turn it is
	left  sync.WaitGroup // accounts that are not over, and waits
}

// work gives turns; an account that needs another one goes to the end of the queue.
func (r *localRun) work(ctx context.Context) {
	for account := range r.ready {
		next, over := r.turn(ctx, account)
		if over {
			r.left.Done()
			continue
		}
		r.enqueue(ctx, Due{account, next})
	}
}

// enqueue queues an account, after a wait that costs no worker.
func (r *localRun) enqueue(ctx context.Context, d Due) {
	wait := time.Until(d.At)
	if d.At.IsZero() || wait <= 0 {
		r.ready <- d.Account // never blocks: there is room for every account
		return
	}
	r.left.Add(1) // the wait itself
	go func() {
		defer r.left.Done()
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.stop:
		case <-ctx.Done():
		}
		r.ready <- d.Account
	}()
}
