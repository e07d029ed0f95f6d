// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"context"
	"errors"

	"rehome/internal/protocol/imap"
)

// commandsAhead is how many mailboxes are asked about before the first has answered.
const commandsAhead = batchMailboxes

// openAhead sends EXAMINE. When it is answered, b has its state or its refusal, and then is called.
func (f *flight) openAhead(ctx context.Context, b *box, weight int64, then func()) *imap.Opening {
	if !f.room(weight) {
		return nil
	}
	opening, err := f.end.session.ExamineAhead(ctx, b.name)
	f.sent(weight, err, func() error {
		state, err := opening.Wait(ctx)
		var status *imap.StatusError
		switch {
		case err == nil:
			b.state = state
		case imap.IsStatus(err, "NO") && errors.As(err, &status):
			b.refusal = cmp.Or(status.Text, status.Kind)
		default:
			return err
		}
		then()
		return nil
	})
	return opening
}

// listAhead lists mailboxes. One that shows another number of messages than it holds, or does not say how many it holds, is
// not swept.
func (e *end) listAhead(ctx context.Context, boxes []*box) error {
	e.open = nil
	f := &flight{end: e, most: commandsAhead}
	var everything imap.UIDSet
	everything.AddRange(1, lastUID)
	left := batchMessages
	for _, b := range boxes {
		opening := f.openAhead(ctx, b, 0, func() {})
		if opening == nil {
			break
		}
		var found []record
		t := e.newMetadata(e.session.Capabilities().Has("CONDSTORE"))
		command, err := e.session.FetchAhead(ctx, opening, everything, t.items(), imap.FetchHandler{Message: func(m *imap.Message) error {
			if left--; left < 0 {
				return errNoRoom
			}
			found = append(found, newRecord(b, m.UID))
			t.keep(&found[len(found)-1], m, false)
			return nil
		}})
		f.sent(1, err, func() error {
			err := command.Wait(ctx)
			if records := inOrder(found); b.shows(int64(len(records))) && (err == nil || len(records) == 0) {
				b.records, b.swept = records, true
			}
			return unlessRefused(err)
		})
	}
	return f.done(ctx)
}

var errNoRoom = errors.New("the mailboxes hold more messages than was said")

// unlessRefused leaves the errors that are more than an answer.
func unlessRefused(err error) error {
	var status *imap.StatusError
	if errors.Is(err, errNoRoom) || errors.As(err, &status) && !errors.As(err, new(*imap.ConnectionError)) {
		return nil
	}
	return err
}

// shows notes how many messages are shown, and reports whether the mailbox holds just so many.
func (b *box) shows(n int64) bool {
	if b.refusal != "" || b.state.UIDValidity == 0 || !b.state.Messages.Is(n) {
		return false
	}
	b.count, b.short = n, imap.CountOf(0)
	return true
}

// countAhead counts the messages of mailboxes by their UIDs. Of one that shows another number than it holds, nothing is known.
func (e *end) countAhead(ctx context.Context, boxes []*box) error {
	e.open = nil
	f := &flight{end: e, most: commandsAhead}
	for _, b := range boxes {
		opening := f.openAhead(ctx, b, 0, func() {})
		if opening == nil {
			break
		}
		command, err := opening.SearchAhead(ctx)
		f.sent(1, err, func() error {
			uids, err := command.Wait(ctx)
			if b.shows(int64(uids.Len())) && (err == nil || uids.Empty()) {
				b.uids = uids
			}
			return unlessRefused(err)
		})
	}
	return f.done(ctx)
}

// streamAhead reads what the taker wants of listed mailboxes. One that is another one by now is forgotten: what came is of other
// messages.
func (e *end) streamAhead(ctx context.Context, boxes []*box, rangeOctets int64, t taker) error {
	e.open = nil
	f := &flight{end: e, most: inFlight * rangeOctets}
	replaced := map[*box]bool{}
	for _, b := range boxes {
		wanted, _ := split(b.records, t.wants)
		if len(wanted) == 0 {
			continue
		}
		now := &box{side: b.side, name: b.name}
		opening := f.openAhead(ctx, now, weightOfCommand, func() {
			replaced[b] = now.refusal != "" || now.state.UIDValidity != b.state.UIDValidity
		})
		j := &job{records: wanted, given: make([]bool, len(wanted)), taker: t}
		for part, octets := range parts(wanted, rangeOctets, t.weight) {
			if !f.room(octets) {
				break
			}
			command, err := e.session.FetchAhead(ctx, opening, part, t.items(), imap.FetchHandler{Literal: j.literal, Message: j.message})
			f.sent(octets, err, func() error { return unlessRefused(command.Wait(ctx)) })
		}
	}
	err := f.done(ctx)
	for _, b := range boxes {
		if replaced[b] {
			*b = box{side: b.side, name: b.name, order: b.order, known: b.known}
		}
	}
	return err
}

// weightOfCommand stands for the octets of a short answer.
const weightOfCommand = 1 << 10

// stirredAhead opens mailboxes again and returns those that are not what they were when they were listed.
func (e *end) stirredAhead(ctx context.Context, boxes []*box) (map[*box]bool, error) {
	e.open = nil
	f := &flight{end: e, most: commandsAhead}
	stirred := map[*box]bool{}
	for _, b := range boxes {
		now := &box{side: b.side, name: b.name}
		stirred[b] = true
		f.openAhead(ctx, now, 1, func() { stirred[b] = now.refusal != "" || !sameState(b.state, now.state) })
	}
	return stirred, f.done(ctx)
}
