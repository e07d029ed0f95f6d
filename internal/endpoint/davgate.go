// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"rehome/internal/protocol/dav"
)

// gate lets as many requests go to a host at once as the host stands: it begins with a few, allows more
// while all goes well, half as many when the host fails, and none while it asks to wait.
type gate struct {
	most int

	mu      sync.Mutex
	limit   int // requests at once at this moment
	active  int
	well    int       // answers without trouble since the limit changed
	until   time.Time // nothing is sent before
	pause   time.Duration
	changed chan struct{} // closed when a waiting request may look again
}

const (
	firstLimit   = 4
	firstPause   = time.Second
	longestPause = time.Minute
	maxAttempts  = 5
)

func newGate(most int) *gate {
	return &gate{most: most, limit: min(firstLimit, most), changed: make(chan struct{})}
}

// do runs a request. One that the host puts off (429, or 503) is sent again after the pause that it asks
// for, a few times; RFC 6585 section 4 and RFC 9110 section 15.6.4 say that it was not carried out.
func (g *gate) do(ctx context.Context, request func() error) error {
	for attempt := 1; ; attempt++ {
		err := g.once(ctx, request)
		wait, put := putOff(err)
		if !put || wait > longestPause || attempt == maxAttempts {
			return err
		}
	}
}

// once runs a request that must not be repeated.
func (g *gate) once(ctx context.Context, request func() error) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	err := request()
	g.leave(err)
	return err
}

func (g *gate) enter(ctx context.Context) error {
	for {
		g.mu.Lock()
		wait := time.Until(g.until)
		if wait <= 0 && g.active < g.limit {
			g.active++
			g.mu.Unlock()
			return nil
		}
		changed := g.changed
		g.mu.Unlock()
		if err := waitFor(ctx, wait, changed); err != nil {
			return err
		}
	}
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

func (g *gate) leave(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active--
	g.learn(err)
	close(g.changed)
	g.changed = make(chan struct{})
}

// learn takes an answer into account.
func (g *gate) learn(err error) {
	wait, put := putOff(err)
	switch {
	case put:
		g.pause = min(max(2*g.pause, firstPause), longestPause)
		g.until = time.Now().Add(min(max(wait, g.pause), longestPause))
		g.limit, g.well = max(1, g.limit/2), 0
	case overworked(err):
		g.limit, g.well = max(1, g.limit/2), 0
	default:
		g.pause = 0
		if g.well++; g.well >= g.limit && g.limit < g.most {
			g.limit, g.well = g.limit+1, 0
		}
	}
}

// putOff reports whether the host asks to come back later, and when if it says so.
func putOff(err error) (wait time.Duration, put bool) {
	var refused *dav.StatusError
	if !errors.As(err, &refused) {
		return 0, false
	}
	return refused.RetryAfter, refused.Status == http.StatusTooManyRequests || refused.Status == http.StatusServiceUnavailable
}

// overworked reports whether the host has failed in a way that fewer requests may cure.
func overworked(err error) bool {
	var refused *dav.StatusError
	var lost *dav.ConnectionError
	return errors.As(err, &refused) && refused.Status >= 500 && refused.Status != http.StatusInsufficientStorage || errors.As(err, &lost)
}
