// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// gate is how many places a host has for us at this moment: half as many whenever it asks to go
// slower, one more when whoever knows the protocol finds that all goes well, and none at all while a
// pause lasts. Who waits is let in in the order of coming.
//
// A place at an inner gate is also one at the outer, which has no pauses of its own.
type gate struct {
	outer *gate  // nil for a host's own
	meter *meter // is told who waits and who is in; nil for nobody
	most  int

	queued atomic.Int64 // who waits for a place at this gate, or at an inner one

	mu      sync.Mutex
	limit   int // places at this moment
	active  int // places taken
	until   time.Time
	eased   bool            // the host has asked to go slower, and has not all places again
	waiting []chan struct{} // each closed when its owner has a place
	alarm   *time.Timer     // lets in who waits when the pause is over
}

func newGate(most, first int) *gate { return &gate{most: most, limit: first} }

// inner returns the gate of a service, which begins with a number of places.
func (g *gate) inner(first int) *gate {
	inner := newGate(g.most, first)
	inner.outer = g
	return inner
}

// enter waits for a place.
func (g *gate) enter(ctx context.Context) (err error) {
	defer g.meter.queues(g.isEased())(&err)
	if err := g.wait(ctx); err != nil || g.outer == nil {
		return err
	}
	err = g.outer.enter(ctx)
	if err != nil {
		g.giveBack()
	}
	return err
}

// tryEnter takes a place if there is one now and nobody waits for it.
func (g *gate) tryEnter() bool {
	if !g.try() {
		return false
	}
	if g.outer == nil || g.outer.tryEnter() {
		g.meter.in(1)
		return true
	}
	g.giveBack()
	return false
}

// leave gives a place back.
func (g *gate) leave() {
	if g.outer != nil {
		g.outer.leave()
	}
	g.giveBack()
	g.meter.in(-1)
}

// wait waits for a place at this gate alone.
func (g *gate) wait(ctx context.Context) error {
	turn := make(chan struct{})
	g.mu.Lock()
	g.waiting = append(g.waiting, turn)
	g.admitLocked()
	g.mu.Unlock()
	select {
	case <-turn:
		return nil
	default:
	}
	defer g.queues()()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		g.quit(turn)
		return ctx.Err()
	}
}

// queues counts one who waits, at this gate and at those around it.
func (g *gate) queues() (over func()) {
	for outer := g; outer != nil; outer = outer.outer {
		outer.queued.Add(1)
	}
	return func() {
		for outer := g; outer != nil; outer = outer.outer {
			outer.queued.Add(-1)
		}
	}
}

// quit is for who waits no longer, and may have got a place this very moment.
func (g *gate) quit(turn chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, turn); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		return
	}
	g.active--
	g.admitLocked()
}

func (g *gate) try() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	free := len(g.waiting) == 0 && g.active < g.limit && time.Until(g.until) <= 0
	if free {
		g.active++
	}
	return free
}

func (g *gate) giveBack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active--
	g.admitLocked()
}

// admitLocked lets in as many of those who wait as there are places for.
func (g *gate) admitLocked() {
	if pause := time.Until(g.until); pause > 0 && len(g.waiting) > 0 {
		g.ringLocked(pause)
		return
	}
	for len(g.waiting) > 0 && g.active < g.limit {
		g.active++
		close(g.waiting[0])
		g.waiting = g.waiting[1:]
	}
}

// ringLocked looks again when the pause is over.
func (g *gate) ringLocked(pause time.Duration) {
	if g.alarm != nil {
		g.alarm.Reset(pause)
		return
	}
	g.alarm = time.AfterFunc(pause, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.admitLocked()
	})
}

// slow halves the limit and lets nobody in for a while; those who are in go on.
func (g *gate) slow(pause time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limit, g.eased = max(1, g.limit/2), true
	g.meter.slowed()
	if until := time.Now().Add(pause); pause > 0 && until.After(g.until) {
		g.until = until
	}
}

// widen allows one place more, up to the most that the operator allows.
func (g *gate) widen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.limit < g.most {
		g.limit++
		g.eased = g.eased && g.limit < g.most
		g.admitLocked()
	}
}

func (g *gate) isEased() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.eased
}

// allow sets how many places there are. Who is in stays, also where there are fewer.
func (g *gate) allow(places int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limit = places
	g.admitLocked()
}

// crowded reports whether somebody waits for a place, or more are taken than there are.
func (g *gate) crowded() bool {
	if g.queued.Load() > 0 {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.active > g.limit
}

// using returns how many places are or may be taken.
func (g *gate) using() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(g.limit, g.active)
}

// allowed returns how many places there are at this moment.
func (g *gate) allowed() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limit
}
