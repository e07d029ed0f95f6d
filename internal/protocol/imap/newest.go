// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"math"
	"time"
)

// Newest is what a server shows of the message with the highest UID of a mailbox: zero when it shows none, or
// more than one.
type Newest struct {
	UID          UID
	InternalDate time.Time // zero when the server sent NIL or nonsense
	Size         int64     // RFC822.SIZE in octets
}

// NewestCommand is the question for the newest message, under way. Wait must be called on each.
type NewestCommand struct {
	client *Client
	cmd    *command
	sink   *fetchSink
	shown  Newest // the reader's, until the command is done
}

// NewestAhead asks for the newest message of the mailbox that is being opened, without waiting for either answer: "*" is
// the highest UID, whatever it is (RFC 9051, section 9). Where the opening is refused, or the mailbox is empty, servers
// may answer BAD to that, which we have then earned: it does not end the connection, as nothing of the command is left
// that could be taken for another one.
func (o *Opening) NewestAhead(ctx context.Context) (*NewestCommand, error) {
	for range 2 { // for the opening, too
		if err := o.client.breathe(ctx); err != nil {
			return nil, err
		}
	}
	n := &NewestCommand{client: o.client}
	items := FetchItems{InternalDate: true, Size: true}
	n.sink = &fetchSink{uids: rangeSet(1, math.MaxUint32), items: items, held: o.client.Held, handler: FetchHandler{Message: n.take}}
	n.cmd = &command{name: "UID FETCH", lazy: true, fetch: n.sink, excused: o.shutOrEmpty}
	if err := o.client.send(ctx, n.cmd, raw("UID FETCH * "+items.list())); n.cmd.done == nil {
		return nil, err
	}
	return n, nil // what went wrong on the way is known to Wait, with the server's words
}

// shutOrEmpty says, on the reader, that the opening was answered, and that there is nothing to ask about.
func (o *Opening) shutOrEmpty() bool {
	return o.shut() || o.open() && o.selected.Messages.Is(0)
}

// shut says, on the reader, that the opening was refused.
func (o *Opening) shut() bool {
	select {
	case <-o.cmd.done:
		return o.cmd.status != nil && o.cmd.status.name == "NO"
	default:
		return false
	}
}

// open says, on the reader, that the mailbox has been opened.
func (o *Opening) open() bool {
	select {
	case <-o.cmd.done:
		return o.cmd.err == nil
	default:
		return false
	}
}

// take takes down what one response says. Data that nobody has asked for, as of flags in a mailbox that was open before,
// has no size and no date.
func (n *NewestCommand) take(m *Message) error {
	switch {
	case m.InternalDate.IsZero() && m.Size == 0:
		return nil
	case n.shown.UID == 0:
		n.shown.UID = m.UID
	case n.shown.UID != m.UID:
		return errSeveralNewest
	}
	if !m.InternalDate.IsZero() {
		n.shown.InternalDate = m.InternalDate
	}
	n.shown.Size = max(n.shown.Size, m.Size)
	return nil
}

var errSeveralNewest = &syntaxError{"it shows several newest messages"}

// Wait returns when the server has answered. A refusal shows nothing; an error is the end of the connection.
func (n *NewestCommand) Wait(ctx context.Context) (Newest, error) {
	err := n.client.wait(ctx, n.cmd)
	switch {
	case err != nil && n.cmd.status == nil, IsStatus(err, "BAD") && n.client.Err() != nil:
		return Newest{}, err
	case err != nil || n.sink.err != nil:
		return Newest{}, nil //nolint:nilerr // a refusal is an answer, too
	}
	return n.shown, nil
}
