// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"
	"io"
	"sync"

	"golang.org/x/time/rate"
)

// Allow lets the host have so many connections from now on, and so many octets per second where its settings limit them: what this
// process may use of limits that it shares with others. Those that are open stay, see Using; what is waited for is let in when there
// is a place. The octets, which may be 0 for no change, hold at once.
func (h *Host) Allow(connections int, bytesPerSecond int64) {
	h.gate.allow(connections)
	if h.pace != nil && bytesPerSecond > 0 {
		h.pace.SetLimit(rate.Limit(bytesPerSecond))
	}
}

// Using returns how many connections the host may have before Allow is called again: as many as are allowed, or more, as long as they
// are open from before.
func (h *Host) Using() int { return h.gate.using() }

// Cut ends all connections of a host that has a permit, where they stand, and lets it have none any more.
func (h *Host) Cut() { h.open.cut() }

var errCut = errors.New("the work with this host has ended")

// openConnections are those of a host that has a permit.
type openConnections struct {
	mu   sync.Mutex
	over bool
	all  map[io.Closer]bool
}

// add notes a connection. It is closed at once when all were cut.
func (o *openConnections) add(c io.Closer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		_ = c.Close() // errCut is the reason
		return errCut
	}
	if o.all == nil {
		o.all = map[io.Closer]bool{}
	}
	o.all[c] = true
	return nil
}

// end closes a connection and forgets it.
func (o *openConnections) end(c io.Closer) error {
	o.mu.Lock()
	delete(o.all, c)
	o.mu.Unlock()
	return c.Close()
}

func (o *openConnections) cut() {
	o.mu.Lock()
	all := o.all
	o.all, o.over = nil, true
	o.mu.Unlock()
	for c := range all {
		_ = c.Close() // whatever is on its way
	}
}
