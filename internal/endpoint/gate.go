// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"sync"
	"time"
)

// gate is how many places a host has for us at this moment: half as many whenever it asks to go
// slower, one more when whoever knows the protocol finds that all goes well, and none at all while a
// pause lasts.
type gate struct {
	most int

	mu      sync.Mutex
	limit   int // places at this moment
	active  int // places taken
	until   time.Time
	changed chan struct{} // closed when whoever waits may look again
}

func newGate(most, first int) *gate {
	return &gate{most: most, limit: first, changed: make(chan struct{})}
}

// enter waits for a place.
func (g *gate) enter(ctx context.Context) error {
	for {
		wait, changed, ok := g.attempt()
		if ok {
			return nil
		}
		if err := waitFor(ctx, wait, changed); err != nil {
			return err
		}
	}
}

// tryEnter takes a place if there is one now.
func (g *gate) tryEnter() bool {
	_, _, ok := g.attempt()
	return ok
}

func (g *gate) attempt() (wait time.Duration, changed <-chan struct{}, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait = time.Until(g.until)
	if ok = wait <= 0 && g.active < g.limit; ok {
		g.active++
	}
	return wait, g.changed, ok
}

// waitFor ends after the time, which may be 0 for none, or when something has changed.
func waitFor(ctx context.Context, wait time.Duration, changed <-chan struct{}) error {
	var over <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-changed:
	case <-over:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// leave gives a place back.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active--
	g.tellLocked()
}

// slow halves the limit and lets nobody in for a while; those who are in go on.
func (g *gate) slow(pause time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limit = max(1, g.limit/2)
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
		g.tellLocked()
	}
}

// allowed returns how many places there are at this moment.
func (g *gate) allowed() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limit
}

func (g *gate) tellLocked() {
	close(g.changed)
	g.changed = make(chan struct{})
}
