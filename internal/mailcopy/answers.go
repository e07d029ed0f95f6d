// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"sync"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// answersAhead is how many batches may wait for the destination's answer while the next is written:
// the destination commits one while another arrives, and on a long line many are on their way.
const answersAhead = 16

// answers waits for the destination's answers in the order of the commands and writes receipts.
type answers struct {
	load    *load
	job     *mailboxJob
	ctx     context.Context
	queue   chan *transfer
	done    sync.WaitGroup
	refused []refusedBatch
	flows   []*flow         // all that were begun; of the caller
	unnamed []ledger.Intent // stored, but the server does not tell under which UIDs
	empty   []entry
	failed  chan struct{} // closed at the first error
	err     error
}

func newAnswers(ctx context.Context, n *lane) *answers {
	return &answers{load: n.load, job: n.job, ctx: ctx, queue: make(chan *transfer, answersAhead), failed: make(chan struct{})}
}

// start begins to wait.
func (a *answers) start() { a.done.Go(a.run) }

// expect hands over a transfer whose commands are all sent.
func (a *answers) expect(t *transfer) error {
	select {
	case a.queue <- t:
		return nil
	case <-a.failed:
		return a.err
	}
}

// wait returns when every answer is there. Nothing may be expected any more, and start was called.
func (a *answers) wait() error {
	close(a.queue)
	a.done.Wait()
	return a.err
}

func (a *answers) run() {
	for t := range a.queue {
		if a.err != nil {
			continue
		}
		if a.err = rehome.Guarded(a.job.slice.account.Address, func() error { return a.receive(t) }); a.err != nil {
			close(a.failed)
		}
	}
}

// receive waits for the answers to one transfer and completes its intent. What was refused is kept
// for isolate.
func (a *answers) receive(t *transfer) error {
	var stored, unnamed []ledger.Item
	for _, sent := range t.sent {
		answer, err := sent.command.Wait(a.ctx)
		var status *imap.StatusError
		switch {
		case err == nil && len(answer.UIDs) == 0:
			unnamed = append(unnamed, sent.items...)
		case err == nil:
			stored = append(stored, withUIDs(sent.items, answer.UIDs)...)
		case errors.As(err, &status) && status.Kind == "NO":
			a.refused = append(a.refused, refusedBatch{batch: t.refusedPart(sent), reason: status})
		default:
			return a.ended(t, sent, err)
		}
	}
	a.job.tellBatch(t, len(stored)+len(unnamed))
	a.load.booking.Lock()
	defer a.load.booking.Unlock()
	for _, sent := range t.sent {
		a.load.rivals.answered(len(sent.entries))
	}
	a.empty = append(a.empty, t.empty...)
	if len(unnamed) > 0 { // no UIDPLUS: the new UIDs are looked up like those of a lost answer
		a.load.rivals.next = 0 // what stands below the next UID that is told may be this
		a.unnamed = append(a.unnamed, ledger.Intent{ID: t.id, Items: append(unnamed, stored...)})
		return nil
	}
	return a.book(t, stored)
}

// ended names the batch to which the destination has answered BAD. Nothing of one command is stored then,
// and nothing of it can arrive any more; what was sent behind it is looked up like any lost answer.
func (a *answers) ended(t *transfer, sent *appended, err error) error {
	if status, bad := ownBad(err); bad {
		return t.blame(sent, status)
	}
	return err
}

// blame is the error of a command that was answered with BAD.
func (t *transfer) blame(sent *appended, reason *imap.StatusError) error {
	bad := &badAnswer{batch: t.refusedPart(sent), reason: reason}
	if len(t.sent) == 1 {
		bad.void = t.id
	}
	return bad
}

// refusedPart is what has to be tried again when a command was refused. A refused MULTIAPPEND has
// stored nothing, and what had not been sent when the refusal came belongs to it.
func (t *transfer) refusedPart(sent *appended) batch {
	if t.refused {
		return t.batch
	}
	return sent.entries
}

// book writes the receipt, or drops the intent of a batch of which nothing is stored.
func (a *answers) book(t *transfer, stored []ledger.Item) error {
	if len(stored) == 0 {
		return a.job.ledger().Void(a.ctx, t.id)
	}
	if gaps := a.load.rivals.note(stored); !gaps.Empty() {
		if err := a.job.ledger().NoteGaps(a.ctx, a.job.row, gaps); err != nil {
			return err
		}
	}
	reused, err := a.job.noteReused(a.ctx, stored)
	if err != nil {
		return err
	}
	if reused {
		a.load.reused = true
		a.load.fail()
	}
	if err := a.job.ledger().Receive(a.ctx, a.job.row, t.id, stored); err != nil {
		return err
	}
	a.job.slice.observe(len(stored), octetsOf(stored))
	return nil
}

func withUIDs(items []ledger.Item, uids []imap.UID) []ledger.Item {
	for i := range items {
		items[i].DstUID = uids[i]
	}
	return items
}

func octetsOf(items []ledger.Item) int64 {
	var total int64
	for _, item := range items {
		total += item.Size
	}
	return total
}
