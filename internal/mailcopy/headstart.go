// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"iter"

	"rehome/internal/mapping"
)

// headStart is a mailbox that is opened at the source, and listed, while the destination's mailboxes are made and take the UIDVALIDITY of
// theirs: nothing of that has to do with the source, and its connection would stand idle. It is the first of an account of which
// nothing was brought yet: of another one, the source may still have to be told what it is to tell, while no mailbox is open.
type headStart struct {
	job *mailboxJob
	err error // of the opening
}

// headOf returns the first of jobs if it can be opened ahead; nil otherwise.
func (s *slice) headOf(jobs [][]mapping.Pair) *headStart {
	if len(jobs) == 0 || len(s.view.rows) > 0 {
		return nil
	}
	return &headStart{job: &mailboxJob{slice: s, pair: jobs[0][0], src: s.src, dst: s.dst}}
}

func (h *headStart) openSource(ctx context.Context) {
	if h != nil {
		h.err = h.job.examine(ctx)
	}
}

// makeReady makes what is missing and gives new mailboxes the source's UIDVALIDITY. It returns the jobs that are left.
func (s *slice) makeReady(ctx context.Context, jobs [][]mapping.Pair, create func(context.Context) error) ([][]mapping.Pair, error) {
	if err := create(ctx); err != nil || len(jobs) == 0 {
		return nil, err
	}
	jobs = s.possible(jobs)
	return jobs, s.alignAhead(ctx, jobs)
}

// turns are what a seat begins with, and then what the queue has.
func (t *seat) turns(queue <-chan []mapping.Pair) iter.Seq[[]mapping.Pair] {
	return func(yield func([]mapping.Pair) bool) {
		if t.pairs != nil && !yield(t.pairs) {
			return
		}
		for pairs := range queue {
			if !yield(pairs) {
				return
			}
		}
	}
}

// job returns the one that was begun ahead, if it is about this pair, or a new one.
func (t *seat) job(pair mapping.Pair) *mailboxJob {
	head := t.head
	t.head = nil
	if head != nil && head.job.pair == pair && head.job.src == t.src {
		head.job.ahead = head
		return head.job
	}
	return &mailboxJob{slice: t.slice, pair: pair, src: t.src, dst: t.dst}
}

// openSource opens the source's mailbox, unless that was done ahead.
func (j *mailboxJob) openSource(ctx context.Context) error {
	if j.ahead != nil {
		return j.ahead.err
	}
	return j.examine(ctx)
}
