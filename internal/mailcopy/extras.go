// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"fmt"
	"sync/atomic"

	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/pass"
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

// openExtras starts to open as many extra sessions as the work of jobs is worth.
func (s *slice) openExtras(ctx context.Context, jobs [][]mapping.Pair) (*extraSessions, error) {
	w := s.view.workOf(jobs, s.part())
	w.inTurn = s.engine.options.Importer != nil && len(s.keepingUIDs(jobs)) == len(jobs)
	size, err := s.extrasFor(ctx, w)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &extraSessions{size: size, cancel: cancel, opened: make(chan opened, size)}
	for n := range c.size {
		go func() {
			s.engine.options.Pace(fmt.Sprintf("connection %d", n))
			pair, err := s.openExtra(ctx)
			c.opened <- opened{pair, err}
		}()
	}
	return c, nil
}

// part is how many messages of a mailbox are worth another writer; 0 where it has one only. Where messages keep their UIDs, they
// come in their order.
func (s *slice) part() int {
	if options := s.engine.options; options.Relaxed && options.Importer == nil {
		return options.Part
	}
	return 0
}

// extrasFor returns how many extra connections w is worth. Where that hangs on the line, an end that has answered nothing quickly
// yet is asked once more: it may be far away, or was busy.
func (s *slice) extrasFor(ctx context.Context, w work) (int, error) {
	crew := func() int {
		return w.crew(max(s.src.RoundTrip(), s.dst.RoundTrip()), s.engine.options.Worth, s.engine.options.Connections) - 1
	}
	if crew() == w.crew(0, s.engine.options.Worth, s.engine.options.Connections)-1 {
		return crew(), nil
	}
	err := pass.BothEnds(s.account.Address,
		func() error { return s.src.MeasureRoundTrip(ctx, longLine) },
		func() error { return s.dst.MeasureRoundTrip(ctx, longLine) },
	)
	return crew(), endpoint.Fault(err, "measure the lines of", s.account.Address)
}

// openExtra logs in at both ends at the same time if both have room; it returns nil when they have
// not, which is no error: the others do the work. Nobody logs in at one end before there is room at the other.
func (s *slice) openExtra(ctx context.Context) (*extra, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	src := s.engine.options.Source.TryReserve(s.account)
	if src == nil {
		return nil, nil
	}
	dst := s.engine.options.Destination.TryReserve(s.account)
	if dst == nil {
		src.Free()
		return nil, nil
	}
	var pair extra
	err := pass.BothEnds(s.account.Address,
		func() (err error) { pair.src, err = src.Open(ctx); return err },
		func() (err error) { pair.dst, err = dst.Open(ctx); return err },
	)
	if err != nil {
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
