// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"context"
	"sync"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// Limits are what this process uses of what all workers may use together.
type Limits interface {
	Whole() ledger.Amounts // what all may use, by the settings
	Using() ledger.Amounts // what may be in use until Allow is called again
	Allow(amounts ledger.Amounts)
	Cut() // ends all connections at once; none is opened any more
}

// Shares is how workers divide limits; *ledger.Shares is.
type Shares interface {
	Take(ctx context.Context, name string, using ledger.Amounts, idle bool, divide func(crew []ledger.Member) ledger.Amounts) (taken bool, err error)
}

// share takes this worker's share of the limits. It is settled when no more is wanted, nor anything has to be given back.
func (w *Worker) share(ctx context.Context) (settled bool, err error) {
	limits := w.options.Limits
	using := limits.Using()
	var target, has ledger.Amounts
	taken, err := w.options.Shares.Take(ctx, w.options.Name, using, w.rests(), func(crew []ledger.Member) ledger.Amounts {
		if n := able(crew); w.crew.Swap(n) != n {
			signal(w.joined)
		}
		target, has = Divide(limits.Whole(), w.options.Name, crew)
		return has
	})
	if err != nil || !taken {
		return false, err
	}
	allowed := lower(target, has)
	limits.Allow(allowed)
	w.desk.allow(allowed[Source] > 0 && allowed[Destination] > 0)
	for part := range limits.Whole() {
		if has[part] != target[part] {
			return false, nil
		}
	}
	return true, nil
}

// able counts the workers that take accounts now or will.
func able(crew []ledger.Member) (n int64) {
	for _, m := range crew {
		if m.There && !m.Leaving && rank(m) != rests {
			n++
		}
	}
	return n
}

func (w *Worker) rests() bool {
	idle := w.desk.idle()
	if w.options.Rests == nil {
		return idle
	}
	return w.options.Rests(idle)
}

// lower is the lower of both, part by part.
func lower(a, b ledger.Amounts) ledger.Amounts {
	least := ledger.Amounts{}
	for part := range a {
		least[part] = min(a[part], b[part])
	}
	return least
}

// desk knows whether accounts are at work, and lets none be begun without a connection to each end.
type desk struct {
	mu    sync.Mutex
	open  bool
	busy  int
	quiet int           // heartbeats without an account
	rests bool          // none is let in: the queue is only listened to
	tired chan struct{} // told when there was none for long
	woken chan struct{} // told of an account after a time without
	opens chan struct{} // closed when it is open
}

func newDesk() *desk {
	return &desk{tired: make(chan struct{}, 1), woken: make(chan struct{}, 1), opens: make(chan struct{})}
}

// rest lets none in from now on, if there was none for long.
func (d *desk) rest() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rests = d.busy == 0 && d.quiet >= restingBeats
	return d.rests
}

// signal tells whoever waits, or will.
func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

func (d *desk) wake() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rests = false
}

// resting reports whether none is let in because nothing was there to do.
func (d *desk) resting() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rests
}

// opened waits until the desk is open.
func (d *desk) opened(ctx context.Context, leave <-chan struct{}) (open bool) {
	d.mu.Lock()
	opens := d.opens
	d.mu.Unlock()
	select {
	case <-opens:
		return true
	case <-ctx.Done():
	case <-leave:
	}
	return false
}

// enterSoon waits for the desk to open, for so long at most. A job that is given back at once is given out again at once, and all others
// with it: that would be nothing but work for the queue, and their order would be lost.
func (d *desk) enterSoon(ctx context.Context, most time.Duration, leave <-chan struct{}) (in bool) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for !d.enter() {
		d.mu.Lock()
		opens, rests := d.opens, d.rests
		d.mu.Unlock()
		if rests {
			return false
		}
		select {
		case <-opens:
		case <-timer.C:
			return false
		case <-ctx.Done():
			return false
		case <-leave:
			return false
		}
	}
	return true
}

// restingBeats is how many heartbeats without an account make a worker idle: accounts may follow each other with a gap.
const restingBeats = 3

func (d *desk) enter() (in bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open || d.rests {
		return false
	}
	d.busy++
	if d.quiet >= restingBeats {
		signal(d.woken)
	}
	d.quiet = 0
	return true
}

func (d *desk) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy--
}

func (d *desk) allow(open bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case open && !d.open:
		close(d.opens)
	case !open && d.open:
		d.opens = make(chan struct{})
	}
	d.open = open
}

// beat counts a heartbeat.
func (d *desk) beat() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy > 0 {
		return
	}
	if d.quiet++; d.quiet >= restingBeats {
		signal(d.tired)
	}
}

func (d *desk) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.quiet >= restingBeats
}

// starved reports whether accounts could have been begun for some time, and none came.
func (d *desk) starved() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open && d.quiet >= restingBeats
}

// watch ends everything when this process may have lost what it holds: others take it then.
func (w *Worker) watch(ctx context.Context, end context.CancelCauseFunc) {
	ticker := time.NewTicker(w.options.Keeper.long / looksPerLease)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := w.options.Keeper.Permit(); err != nil {
			w.log.Info("silent for too long", rehome.LogError, err.Error())
			w.options.Limits.Cut()
			w.options.Keeper.loseAll()
			end(err)
			return
		}
	}
}
