// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"context"
	"sync"
	"time"
)

// ender is why a pass of Follow was brought to its end.
type ender string

const (
	byItself   ender = ""
	byPerson   ender = "person"
	byQuiet    ender = "quiet hours"
	byCrossing ender = "crossing"
)

// passYield brings one pass to its end, in order, when a person wants it, quiet hours begin, or a domain is being taken across.
type passYield struct {
	reason chan ender // one at most
	done   chan struct{}
	looks  sync.WaitGroup

	mu  sync.Mutex
	why ender
}

// watch looks for reasons until over is called.
func (f *follower) watch(ctx context.Context) *passYield {
	y := &passYield{reason: make(chan ender, 1), done: make(chan struct{})}
	y.looks.Go(func() {
		look := time.NewTicker(crossingLook)
		defer look.Stop()
		quiet := make(<-chan time.Time)
		if at, some := f.options.Quiet.Begin(time.Now()); some {
			timer := time.NewTimer(time.Until(at))
			defer timer.Stop()
			quiet = timer.C
		}
		for {
			select {
			case <-y.done:
				return
			case <-quiet:
				y.reason <- byQuiet
				return
			case <-look.C:
				if domain, err := f.crossing(ctx); err == nil && domain != "" {
					y.reason <- byCrossing
					return
				}
			}
		}
	})
	return y
}

// finishing returns what Watcher.Finish is: a channel that is closed for whichever reason comes first.
func (y *passYield) finishing(person func() (<-chan struct{}, func())) (stop <-chan struct{}, over func()) {
	wants, personOver := person()
	both, ended := make(chan struct{}), make(chan struct{})
	var waits sync.WaitGroup
	waits.Go(func() {
		why := byItself
		select {
		case <-wants:
			why = byPerson
		case why = <-y.reason:
		case <-ended:
			select {
			case <-wants: // what both have come at the same time is somebody's word
				why = byPerson
			default:
				return
			}
		}
		y.mu.Lock()
		y.why = why
		y.mu.Unlock()
		close(both)
	})
	return both, func() {
		close(ended)
		waits.Wait()
		personOver()
	}
}

// over ends it and says why the pass has ended.
func (y *passYield) over() ender {
	close(y.done)
	y.looks.Wait()
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.why
}
