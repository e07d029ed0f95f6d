// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol/dav"
)

// davGate lets as many requests go to a host at once as the host stands: it begins with a few, allows
// more while all goes well, half as many when the host fails, and none while it asks to wait.
type davGate struct {
	*gate
	waits    func() (over func()) // nil notes nothing
	patience *patience            // says what was asked for; how long it is granted is decided here

	mu     sync.Mutex
	well   int // answers without trouble since the limit changed
	pause  time.Duration
	slowed bool // the host has asked to wait, and is not at full speed again
}

const (
	firstLimit  = 4
	firstPause  = time.Second
	longestWait = time.Minute
	maxAttempts = 5
)

// do runs a request. One that the host puts off (429, or 503) is sent again after the pause that it asks
// for, a few times; RFC 6585 section 4 and RFC 9110 section 15.6.4 say that it was not carried out.
func (g *davGate) do(ctx context.Context, request func() error) error {
	for attempt := 1; ; attempt++ {
		err := g.once(ctx, request)
		wait, put := putOff(err)
		if !put || wait > longestWait || attempt == maxAttempts {
			return err
		}
	}
}

// once runs a request that must not be repeated.
func (g *davGate) once(ctx context.Context, request func() error) error {
	if err := g.enter(ctx); err != nil {
		return err
	}
	over := func() {}
	if g.waits != nil {
		over = g.waits()
	}
	began := time.Now()
	err := request()
	over()
	if g.meter != nil { // of the service
		took := time.Since(began)
		g.meter.add(g.meter.awaited(took, took, 1))
	}
	if ctx.Err() == nil { // else nobody knows what the host would have said
		g.learn(err)
	}
	g.leave()
	return err
}

// learn takes an answer into account.
func (g *davGate) learn(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait, put := putOff(err)
	switch {
	case put:
		g.pause = min(max(2*g.pause, firstPause), longestWait)
		granted := min(max(wait, g.pause), longestWait)
		g.slow(granted)
		g.well = 0
		g.slowed = true
		g.patience.say(granted, putOffIn(err))
	case overworked(err):
		g.slow(0)
		g.well = 0
		g.patience.log.Info("host fails, and gets fewer requests", rehome.LogError, err.Error(), rehome.LogLimit, g.allowed(), rehome.LogMost, g.most)
	default:
		g.pause = 0
		if g.well++; g.well >= g.allowed() {
			g.widen()
			g.well = 0
		}
		if g.slowed && g.allowed() == g.most {
			g.slowed = false
			g.patience.sayOver()
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

// putOffIn are the server's words for it.
func putOffIn(err error) string {
	var refused *dav.StatusError
	if errors.As(err, &refused) {
		return wordsOf(refused)
	}
	return ""
}

// overworked reports whether the host has failed in a way that fewer requests may cure.
func overworked(err error) bool {
	var refused *dav.StatusError
	var lost *dav.ConnectionError
	return errors.As(err, &refused) && refused.Status >= 500 && refused.Status != http.StatusInsufficientStorage || errors.As(err, &lost)
}
