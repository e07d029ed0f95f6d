// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/imap"
)

// slice is one RunSlice under way.
type slice struct {
	engine   *Engine
	account  rehome.Account
	started  time.Time // of the pass
	deadline time.Time
	octets   atomic.Int64 // left of the budget
	src, dst *endpoint.Session

	mu       sync.Mutex
	more     bool
	tally    Tally
	findings []rehome.Finding
	view     accountView
	looked   bool
	advanced bool
	present  int64 // messages that need no copy
}

func newSlice(e *Engine, account rehome.Account, started time.Time, budget Budget) *slice {
	s := &slice{engine: e, account: account, started: started, deadline: time.Now().Add(budget.Time)}
	s.octets.Store(budget.Octets)
	return s
}

// open logs in at both ends at the same time. That two accounts each hold one end and wait for the
// other for ever cannot happen: a caller runs no more slices at once than either end has
// connections, and extra connections are only taken when they are free.
func (s *slice) open(ctx context.Context) error {
	return both(
		func() (err error) { s.src, err = s.engine.options.Source.Open(ctx, s.account); return err },
		func() (err error) { s.dst, err = s.engine.options.Destination.Open(ctx, s.account); return err },
	)
}

// close logs out at both ends.
func (s *slice) close() { leave(s.src, s.dst) }

// leave logs out of sessions at the same time; those that never came are nil.
func leave(sessions ...*endpoint.Session) {
	var all sync.WaitGroup
	for _, session := range sessions {
		if session != nil {
			all.Go(session.Close)
		}
	}
	all.Wait()
}

// both does one thing at each end at the same time. The source's error comes first.
func both(src, dst func() error) error {
	done := make(chan error, 1)
	go func() { done <- dst() }()
	err := src()
	if dstErr := <-done; err == nil {
		err = dstErr
	}
	return err
}

// do runs the slice: look at both ends, make what is missing, copy mailbox by mailbox.
func (s *slice) do(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	view, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.view, s.looked = view, true
	s.find(view.plan.Findings...)
	s.find(view.leftOut()...)
	_, messages, octets := view.totals()
	s.engine.options.Observer.Looked(s.account.Address, messages, octets)
	crew := s.hire(ctx, view.openings())
	defer crew.dismiss()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	return s.copyMailboxes(ctx, s.jobs(), crew)
}

// jobs returns the pairs that need to be opened, in the plan's order. Pairs that go to one
// destination mailbox are one job: a mailbox has one writer at a time.
func (s *slice) jobs() [][]mapping.Pair {
	var jobs [][]mapping.Pair
	place := map[string]int{}
	for _, pair := range s.view.plan.Pairs {
		at, known := place[pair.Destination]
		switch {
		case pair.Container:
		case s.view.needsWork(pair) && known:
			jobs[at] = append(jobs[at], pair)
		case s.view.needsWork(pair):
			place[pair.Destination] = len(jobs)
			jobs = append(jobs, []mapping.Pair{pair})
		default:
			s.notePresent(s.view.src[pair.Source].Status.Messages)
		}
	}
	return jobs
}

// copyMailboxes works on several mailboxes at once. The first worker uses the sessions of the slice,
// the others those of the crew.
func (s *slice) copyMailboxes(ctx context.Context, jobs [][]mapping.Pair, crew *crew) error {
	queue := make(chan []mapping.Pair, len(jobs))
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.work(ctx, queue, s.src, s.dst) })
	for range crew.size {
		group.Go(func() error {
			extra, err := crew.next(ctx)
			if err != nil || extra == nil {
				return s.extraFailed(err)
			}
			defer leave(extra.src, extra.dst)
			return s.work(ctx, queue, extra.src, extra.dst)
		})
	}
	return group.Wait()
}

// extraFailed turns a refused extra connection into a finding: the account goes on with fewer.
func (s *slice) extraFailed(err error) error {
	if err == nil || rehome.ClassOf(err) == rehome.ClassBug {
		return err
	}
	s.find(rehome.Finding{
		Code: "fewer_connections", Severity: rehome.SeverityInfo,
		Sentence: "an extra connection was not to be had, the copy went on with fewer: " + err.Error(),
		NextStep: "lower limits.per_account if this slows other users down",
	})
	return nil
}

func (s *slice) work(ctx context.Context, queue <-chan []mapping.Pair, src, dst *endpoint.Session) error {
	for pairs := range queue {
		for _, pair := range pairs {
			if s.spent() {
				s.noteMore()
				return nil
			}
			job := &mailboxJob{slice: s, pair: pair, src: src, dst: dst}
			if err := job.run(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// spent reports whether the budget is used up.
func (s *slice) spent() bool { return s.octets.Load() <= 0 || time.Now().After(s.deadline) }

func (s *slice) noteMore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more = true
}

// noteAdvance says that the slice has learnt something, even if it copied nothing.
func (s *slice) noteAdvance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanced = true
}

func (s *slice) find(findings ...rehome.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range findings {
		f.Account = s.account.Address
		s.findings = append(s.findings, f)
	}
}

func (s *slice) count(add func(*Tally)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(&s.tally)
}

func (s *slice) result() Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Result{More: s.more, Tally: s.tally, Findings: s.findings, Looked: s.looked}
	r.Advanced = s.advanced || s.tally.Copied+s.tally.Adopted > 0
	r.Mailboxes, r.Messages, r.Octets = s.view.totals()
	r.Remaining = max(r.Messages-s.present-int64(s.tally.Copied+s.tally.Failed), 0)
	return r
}

// notePresent counts messages that are at the destination without this slice's copying.
func (s *slice) notePresent(messages int64) {
	s.mu.Lock()
	s.present += messages
	s.mu.Unlock()
	s.engine.options.Observer.Present(s.account.Address, messages)
}

// observe tells the outside of confirmed messages and takes them off the budget.
func (s *slice) observe(messages int, octets int64) {
	s.octets.Add(-octets)
	s.count(func(t *Tally) { t.Copied += messages; t.Octets += octets })
	s.engine.options.Observer.Copied(s.account.Address, messages, octets)
}

// selectable reports whether an entry can be opened.
func selectable(entry imap.ListEntry, listed bool) bool { return listed && entry.Selectable() }
