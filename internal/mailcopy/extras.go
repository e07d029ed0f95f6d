// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"rehome/internal/endpoint"
	"rehome/internal/pass"
)

// A long line is one whose round trips cost more than the servers' own work. There every allowed
// connection helps; on a short one a few keep both servers busy, and more only disturb other users.
const (
	longLine   = 15 * time.Millisecond
	shortCrews = 4 // connections on a short line
)

// extraSessions is the extra pairs of sessions that an account's other mailboxes are copied through. They are
// opened while the mailboxes are made, because logging in costs as many round trips as that.
type extraSessions struct {
	size   int // workers beside the first
	cancel context.CancelFunc
	opened chan opened
	taken  atomic.Int64
}

// opened is one try: a pair of sessions, or nil when the limits leave no room.
type opened struct {
	extra *extra
	err   error
}

type extra struct{ src, dst *endpoint.Session }

// openExtras starts to open as many extra sessions as mailboxes need work and the line is worth.
func (s *slice) openExtras(ctx context.Context, mailboxes int) *extraSessions {
	ctx, cancel := context.WithCancel(ctx)
	c := &extraSessions{size: max(0, min(s.connections(), mailboxes)-1), cancel: cancel}
	c.opened = make(chan opened, c.size)
	for n := range c.size {
		go func() {
			s.engine.options.Pace(fmt.Sprintf("connection %d", n))
			pair, err := s.openExtra(ctx)
			c.opened <- opened{pair, err}
		}()
	}
	return c
}

// connections is how many mailboxes of the account are worked on at once.
func (s *slice) connections() int {
	if s.view.lag < longLine {
		return min(shortCrews, s.engine.options.Connections)
	}
	return s.engine.options.Connections
}

// openExtra logs in at both ends at the same time if both have room; it returns nil when they have
// not, which is no error: the others do the work.
func (s *slice) openExtra(ctx context.Context) (*extra, error) {
	var pair extra
	var srcOK, dstOK bool
	err := pass.BothEnds(s.account.Address,
		func() (err error) {
			pair.src, srcOK, err = s.engine.options.Source.TryOpen(ctx, s.account)
			return err
		},
		func() (err error) {
			pair.dst, dstOK, err = s.engine.options.Destination.TryOpen(ctx, s.account)
			return err
		},
	)
	if err != nil || !srcOK || !dstOK {
		leave(pair.src, pair.dst)
		return nil, err
	}
	return &pair, nil
}

// next waits for one pair, which the caller has to leave; it is nil when the limits had no room for it.
func (c *extraSessions) next(ctx context.Context) (*extra, error) {
	if err := ctx.Err(); err != nil { // also where there is one
		return nil, err
	}
	select {
	case o := <-c.opened:
		c.taken.Add(1)
		return o.extra, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close closes the pairs that nobody has taken, also those that come only now.
func (c *extraSessions) close() {
	c.cancel()
	for range c.size - int(c.taken.Load()) {
		if o := <-c.opened; o.extra != nil {
			leave(o.extra.src, o.extra.dst)
		}
	}
}
