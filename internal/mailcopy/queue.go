// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/mapping"
)

// queue hands out jobs once their mailboxes at the destination are there. A server may take a minute to make some thousand.
type queue struct {
	ready  chan []mapping.Pair
	unmade map[string][]mapping.Pair // by destination
	order  []string                  // of those
}

// newQueue returns a queue of all jobs but those that go to missing mailboxes.
func newQueue(jobs [][]mapping.Pair, missing []mapping.Pair) *queue {
	q := &queue{ready: make(chan []mapping.Pair, len(jobs)), unmade: map[string][]mapping.Pair{}}
	lacks := map[string]bool{}
	for _, pair := range missing {
		lacks[pair.Destination] = true
	}
	for _, job := range jobs {
		if name := job[0].Destination; lacks[name] {
			q.unmade[name] = job
			q.order = append(q.order, name)
		} else {
			q.ready <- job
		}
	}
	return q
}

// len is how many jobs have not been handed out.
func (q *queue) len() int { return len(q.ready) + len(q.unmade) }

// made says that a mailbox is there.
func (q *queue) made(destination string) {
	if job, waits := q.unmade[destination]; waits {
		delete(q.unmade, destination)
		q.ready <- job
	}
}

// makeAll makes what is missing, and closes the queue behind it. What cannot be made has no job.
func (s *slice) makeAll(ctx context.Context, q *queue, create func(context.Context) error) error {
	defer close(q.ready)
	err := create(ctx)
	for _, name := range q.order {
		job, waits := q.unmade[name]
		switch {
		case !waits:
		case err != nil || s.isBarred(job[0].Source):
			s.shares.through()
		default: // it was there, and was not listed
			q.made(name)
		}
	}
	return err
}

func nothingToMake(context.Context) error { return nil }
