// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"slices"
	"sync"
)

// shares brings workers that have no mailbox left together with mailboxes that are at work.
type shares struct {
	mu      sync.Mutex
	open    bool // at all
	jobs    int  // that are not through
	loads   []*load
	changed chan struct{} // closed at the next change
}

func newShares(open bool, jobs int) *shares {
	return &shares{open: open, jobs: jobs, changed: make(chan struct{})}
}

// change does something and wakes those who wait.
func (s *shares) change(what func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what()
	close(s.changed)
	s.changed = make(chan struct{})
}

// relaxed says that the mailbox may have several writers.
func (j *mailboxJob) relaxed() bool {
	part := j.slice.part()
	return part > 0 && j.inventory.wanted.Len() >= part
}

// offer lets others join a load, until withdraw. A single group is nothing to share.
func (s *shares) offer(l *load) {
	if len(l.groups) > 1 {
		s.change(func() { s.loads = append(s.loads, l) })
	}
}

func (s *shares) withdraw(l *load) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads = slices.DeleteFunc(s.loads, func(other *load) bool { return other == l })
}

// through notes that a job is done, as far as it can be.
func (s *shares) through() { s.change(func() { s.jobs-- }) }

// close ends the waiting.
func (s *shares) close() { s.change(func() { s.open = false }) }

// wait returns a load that can be joined; nil when there will be none.
func (s *shares) wait(ctx context.Context) *load {
	for {
		s.mu.Lock()
		changed, over := s.changed, !s.open || s.jobs == 0
		var found *load
		if at := slices.IndexFunc(s.loads, (*load).joinable); at >= 0 {
			found = s.loads[at]
			s.loads = append(slices.Delete(s.loads, at, at+1), found) // who comes next goes to another mailbox
		}
		s.mu.Unlock()
		switch {
		case over:
			return nil
		case found != nil:
			return found
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// assist joins loads, as long as there are any. A mailbox that these sessions cannot open, or not as its own job has, is left to
// that job.
func (s *slice) assist(ctx context.Context, t *seat) error {
	var at *mailboxJob // whose mailbox is open
	for l := s.shares.wait(ctx); l != nil; l = s.shares.wait(ctx) {
		if at != l.job && !t.openFor(ctx, l.job) {
			return t.renewFirst(ctx)
		}
		at = l.job
		n := l.join(t.src, t.dst)
		if n == nil { // too late
			continue
		}
		n.run(ctx)
		if n.wound {
			return nil
		}
		if n.err != nil { // which the job tells
			return t.renewFirst(ctx)
		}
	}
	return nil
}

// openFor opens the mailbox of a job, and reports whether it is the same one.
func (t *seat) openFor(ctx context.Context, j *mailboxJob) bool {
	box, err := t.src.Examine(ctx, j.pair.Source)
	if err != nil || box.UIDValidity != j.srcBox.UIDValidity || box.MailboxID != j.srcBox.MailboxID {
		return false
	}
	return t.dst.LeaveAhead(ctx) == nil // a server reports every message back that comes into the open mailbox
}

// renewFirst replaces the slice's own sessions where they have ended: it still needs them.
func (t *seat) renewFirst(ctx context.Context) error {
	if !t.first {
		return nil
	}
	return t.renew(ctx)
}
