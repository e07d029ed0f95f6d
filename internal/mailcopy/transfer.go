// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"io"
	"sort"
	"sync"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// How far a transfer runs ahead: the source sends the next range while one is being written, and
// the destination commits a batch while the next one arrives.
const (
	rangesAhead  = 2
	intentsAhead = 4 // batches whose intents share one commit
)

// transfer is one batch on its way.
type transfer struct {
	job   *mailboxJob
	ctx   context.Context
	batch batch
	id    int64 // of its intent

	fetch    *imap.FetchCommand
	multi    bool
	digester *message.Digester
	sent     []*appended // in the order of their commands
	next     int         // index of the first entry that has not come yet
	empty    []entry     // without a single octet, which cannot be appended
	refused  bool        // the destination said no before the batch was complete
}

// appended is one APPEND command and the messages in it.
type appended struct {
	command *imap.AppendCommand
	entries []entry
	items   []ledger.Item
}

// transferAll copies batches until they are done (done) or the budget is spent. What the
// destination refuses is taken apart until the message to blame is alone.
func (j *mailboxJob) transferAll(ctx context.Context, batches []batch) (done bool, err error) {
	for len(batches) > 0 {
		if j.slice.spent() {
			return false, nil
		}
		n := min(intentsAhead, len(batches))
		refused, err := j.transferGroup(ctx, batches[:n])
		if err != nil {
			return false, err
		}
		if err := j.isolate(ctx, refused); err != nil {
			return false, err
		}
		batches = batches[n:]
	}
	return true, nil
}

// transferGroup writes the intents of some batches, then streams them one behind the other, and
// returns what the destination has refused.
func (j *mailboxJob) transferGroup(ctx context.Context, batches []batch) ([]refusedBatch, error) {
	intended := make([][]ledger.Item, len(batches))
	for i, b := range batches {
		intended[i] = items(b)
	}
	floor := max(j.row.Ours.Max()+1, j.dstBox.UIDNext, 1)
	ids, err := j.ledger().Intend(ctx, j.row, floor, intended...)
	if err != nil {
		return nil, err
	}
	answers := newAnswers(ctx, j)
	err = moreTelling(j.stream(ctx, batches, ids, answers), answers.wait())
	if err != nil {
		j.breakOff()
		return nil, faultOf(err, "copy mailbox", j.pair.Source)
	}
	return answers.refused, j.afterGroup(ctx, floor, answers)
}

// afterGroup does what has to wait until nothing of the group is under way any more.
func (j *mailboxJob) afterGroup(ctx context.Context, floor imap.UID, a *answers) error {
	var intents []ledger.Intent
	for _, t := range a.unnamed {
		intents = append(intents, ledger.Intent{ID: t.id, Floor: floor, Items: items(t.batch)})
	}
	if len(intents) > 0 {
		if err := j.resolve(ctx, intents); err != nil {
			return err
		}
	}
	for _, e := range a.empty {
		if err := j.refuse(ctx, e, refusal{code: "message_empty", words: "it has not a single octet, and IMAP cannot append nothing"}); err != nil {
			return err
		}
	}
	return nil
}

// breakOff ends both connections, the destination's first: a callback of the source's reader may be
// waiting for it. Whatever was under way is looked up by the next slice.
func (j *mailboxJob) breakOff() {
	_ = j.dst.Client.Close() // closing a broken connection has nothing to tell
	_ = j.src.Client.Close()
}

// moreTelling prefers the destination's answer to the error that it caused on the source side.
func moreTelling(streamErr, answerErr error) error {
	var status *imap.StatusError
	if streamErr == nil || errors.As(answerErr, &status) {
		if answerErr != nil {
			return answerErr
		}
	}
	return streamErr
}

// stream sends the FETCH of each batch ahead of time and hands finished ones to answers.
func (j *mailboxJob) stream(ctx context.Context, batches []batch, ids []int64, answers *answers) error {
	var ahead []*transfer
	finish := func() error {
		t := ahead[0]
		ahead = ahead[1:]
		err := t.finish()
		if err != nil {
			return err
		}
		return answers.expect(t)
	}
	for i, b := range batches {
		t := &transfer{job: j, ctx: ctx, batch: b, id: ids[i], digester: message.NewDigester(), multi: j.dst.Capabilities().Has("MULTIAPPEND")}
		if err := t.start(); err != nil {
			return err
		}
		if ahead = append(ahead, t); len(ahead) == rangesAhead {
			if err := finish(); err != nil {
				return err
			}
		}
	}
	for len(ahead) > 0 {
		if err := finish(); err != nil {
			return err
		}
	}
	return nil
}

// start asks the source for the bodies.
func (t *transfer) start() (err error) {
	t.fetch, err = t.job.src.Fetch(t.ctx, uidsOf(t.batch), imap.FetchItems{Body: true}, imap.FetchHandler{Literal: t.body})
	return err
}

var errNoUID = errors.New("the source sends message bodies before their UIDs")

// body runs on the source's reader for every message that arrives and streams it on.
func (t *transfer) body(l *imap.Literal) error {
	e, ok := t.take(l.UID)
	if !ok {
		if l.UID == 0 {
			return errNoUID
		}
		return nil // unsolicited, or a repeat
	}
	if l.Size == 0 {
		t.empty = append(t.empty, e)
		return nil
	}
	return t.write(e, l)
}

// take finds the entry that a body belongs to and moves on behind it. Bodies come in UID order, but
// a server may leave some out that have vanished in the meantime.
func (t *transfer) take(uid imap.UID) (entry, bool) {
	if uid == 0 && len(t.batch) == 1 && t.next == 0 {
		uid = t.batch[0].uid
	}
	i := t.next + sort.Search(len(t.batch)-t.next, func(i int) bool { return t.batch[t.next+i].uid >= uid })
	if i == len(t.batch) || t.batch[i].uid != uid {
		return entry{}, false
	}
	t.next = i + 1
	return t.batch[i], true
}

// write appends one message to the destination while it arrives.
func (t *transfer) write(e entry, body *imap.Literal) error {
	a, err := t.appendCommand()
	if err != nil {
		return err
	}
	flags, dropped := t.job.filter.split(e.flags)
	t.digester.Reset()
	size := body.Size
	a.entries = append(a.entries, e)
	if err := a.command.Message(t.ctx, flags, e.date, size, io.TeeReader(body.Reader, t.digester)); err != nil {
		return t.early(err)
	}
	t.job.keywords.note(dropped)
	digest := t.digester.Sum()
	item := e.item()
	item.Size, item.Digest = size, digest[:]
	a.items = append(a.items, item)
	if !t.multi || t.next == len(t.batch) {
		return a.command.Finish() // at once: the destination can commit while the source goes on
	}
	return nil
}

// early takes a refusal that comes before a message was sent. With MULTIAPPEND it concerns the whole
// batch, and the rest of it need not be read; without, the next message has its own chance.
func (t *transfer) early(err error) error {
	if !imap.IsStatus(err, "NO") || t.job.dst.Err() != nil {
		return err
	}
	if !t.multi {
		return nil
	}
	t.refused = true
	return err
}

// appendCommand returns the command that the next message belongs to: one for the whole batch with
// MULTIAPPEND, one for each message without.
func (t *transfer) appendCommand() (*appended, error) {
	if t.multi && len(t.sent) > 0 {
		return t.sent[0], nil
	}
	command, err := t.job.dst.Append(t.ctx, t.job.pair.Destination)
	if err != nil {
		return nil, err
	}
	a := &appended{command: command}
	t.sent = append(t.sent, a)
	return a, nil
}

// finish waits for the source and ends the last command. A source that says NO could not give all
// messages: the others are complete, and what is missing is looked at when the mailbox is done.
// When its connection fails inside a batch the destination's is given up too, which takes an
// unfinished batch back.
func (t *transfer) finish() error {
	err := t.fetch.Wait(t.ctx)
	if t.refused {
		return nil // the answer is waited for like any other
	}
	if err != nil && (!imap.IsStatus(err, "NO") || t.job.src.Err() != nil) {
		if len(t.sent) > 0 {
			t.sent[len(t.sent)-1].command.Abort(err)
		}
		return err
	}
	if len(t.sent) == 0 {
		return nil
	}
	return t.sent[len(t.sent)-1].command.Finish()
}

// answers waits for the destination's answers in the order of the commands and writes receipts,
// while the next batches are already on their way.
type answers struct {
	job     *mailboxJob
	ctx     context.Context
	queue   chan *transfer
	done    sync.WaitGroup
	refused []refusedBatch
	unnamed []*transfer   // stored, but the server does not tell under which UIDs
	empty   []entry
	failed  chan struct{} // closed at the first error
	err     error
}

func newAnswers(ctx context.Context, j *mailboxJob) *answers {
	a := &answers{job: j, ctx: ctx, queue: make(chan *transfer, 1), failed: make(chan struct{})}
	a.done.Add(1)
	go a.run()
	return a
}

// expect hands over a transfer whose commands are all sent.
func (a *answers) expect(t *transfer) error {
	select {
	case a.queue <- t:
		return nil
	case <-a.failed:
		return a.err
	}
}

// wait returns when every answer is there.
func (a *answers) wait() error {
	close(a.queue)
	a.done.Wait()
	return a.err
}

func (a *answers) run() {
	defer a.done.Done()
	for t := range a.queue {
		if a.err != nil {
			continue
		}
		if a.err = a.receive(t); a.err != nil {
			close(a.failed)
		}
	}
}
