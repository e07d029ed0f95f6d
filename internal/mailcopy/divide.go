// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"

	"rehome/internal/protocol/dsync"
	"rehome/internal/protocol/imap"
)

// A destination that cannot store a message which is brought by dsync ends the conversation, and says neither which message it was
// nor why (dsync-mailbox-import.c, dsync-brain.c: the reason is in its log). One whose process dies at a message does not even say
// that. One message's trouble is its own: what was not stored is divided over further conversations until that message is alone.
// It then goes by IMAP behind all others, where the destination either takes it or says in its own words why not. Until then
// nothing with a higher UID goes by IMAP, so that all others keep theirs.

// division is how what is wanted in a mailbox is divided over conversations.
type division struct {
	most     int         // messages that the next conversation may bring; 0: as many as fit
	rejected imap.UIDSet // each was alone in a conversation that the destination has ended
	streak   int         // of them since the destination has last stored a message
	cuts     int         // conversations that have ended without a word since nothing was divided
	blamed   imap.UID    // was alone in the last one
	blames   int         // so often in a row
}

const (
	// mostRejected is how many messages in a row may be rejected until the mailbox itself is to blame, and mostRejectedFirst the
	// same where the destination has not taken a single message of it.
	mostRejected      = 50
	mostRejectedFirst = 5
	// mostBlames is how often in a row a message has to be alone in a conversation that ends: the line may break, and a destination
	// ends some for reasons of its own, such as a disk that is full for a moment. A UID that was given up cannot be had again.
	mostBlames = 3
)

// cut counts a conversation that has ended without a word, and says whether it may be for one of its messages: the first time it
// was the line.
func (d *division) cut() bool {
	d.cuts++
	return d.cuts > 1 || d.most > 0
}

// failed learns from a conversation that the destination has ended: what it was to bring, in order, and how many of these are there.
// The destination stores in order, so that the first one that is missing is suspected first.
func (d *division) failed(uids []imap.UID, stored int) {
	if stored > 0 {
		d.streak = 0
	}
	switch {
	case stored > 0:
		d.most = 1
	case len(uids) > 1:
		d.most = len(uids) / 2
	case !d.blame(uids[0]):
	default:
		d.most = 0
		d.streak++
		d.rejected.Add(uids[0])
	}
}

// blame counts, and says whether that is enough.
func (d *division) blame(uid imap.UID) bool {
	if d.blamed != uid {
		d.blamed, d.blames = uid, 0
	}
	d.blames++
	return d.blames >= mostBlames
}

// succeeded learns from a conversation that the destination has brought to its end.
func (d *division) succeeded() {
	d.streak = 0
	d.most *= 2
	if d.most >= bringMessages {
		d.most = 0
	}
	if d.most == 0 {
		d.cuts = 0
	}
}

// hopeless says that it is not single messages that the destination rejects. These are then free again: by IMAP they would lose their
// UIDs for nothing.
func (d *division) hopeless(taken bool) bool {
	if d.streak < mostRejected && (taken || d.streak < mostRejectedFirst) {
		return false
	}
	d.rejected = imap.UIDSet{}
	return true
}

// divided says that a conversation was ended by the destination, and that the next slice goes on with less at once.
type divided struct{ err error }

func (e *divided) Error() string { return e.err.Error() }
func (e *divided) Unwrap() error { return e.err }

// takeApart books what a conversation has stored that has ended with err. It is behind another conversation: the
// server has them one after the other, so that nothing of the first can still arrive.
func (j *mailboxJob) takeApart(ctx context.Context, c *conversation, err error) error {
	box, present, failure := j.knowThere(ctx)
	if failure != nil || box.UIDValidity != j.srcBox.UIDValidity {
		return err // what has arrived is looked up by the next slice, as after any cut
	}
	j.dstBox = box
	if j.converse(ctx, &conversation{next: max(box.UIDNext, 1), before: box.UIDNext, present: present}) != nil {
		return err
	}
	if box, present, failure = j.knowThere(ctx); failure != nil {
		return err
	}
	stored := 0
	for _, e := range c.entries {
		_, sent := c.feed.sent[e.uid]
		switch {
		case !present.uids.Contains(e.uid):
			delete(c.feed.sent, e.uid)
		case !sent || present.name(e.uid) != c.feed.naming.of(e.uid):
			return err // content tells what it is
		default:
			stored++
		}
	}
	j.dstBox, j.nextUID = box, max(box.UIDNext, present.uids.Max()+1)
	if failure := j.receiveAll(ctx, c); failure != nil {
		return failure
	}
	d := j.division()
	d.failed(uidsInOrder(c.entries), stored)
	if d.hopeless(!j.row.Done.Empty()) {
		return err
	}
	return &divided{err}
}

// division returns what is known of the mailbox.
func (j *mailboxJob) division() *division { return j.slice.memory.divisionOf(j.pair.Source) }

// endedUnsaid says that the destination, not the source, has ended the conversation, or the line has.
func (j *mailboxJob) endedUnsaid(ctx context.Context, err error) bool {
	var broke *readError
	return ctx.Err() == nil && !j.wound && j.dst.Err() == nil && !errors.As(err, &broke) && !errors.Is(err, errNoUID) && !errors.Is(err, errChanged)
}

// endedByPeer says that the destination has ended the conversation by itself.
func endedByPeer(err error) bool {
	var peer *dsync.PeerError
	return errors.As(err, &peer)
}

func uidsInOrder(entries []entry) []imap.UID {
	uids := make([]imap.UID, len(entries))
	for i, e := range entries {
		uids[i] = e.uid
	}
	return uids
}

// leaveRejected puts off what the destination does not take by dsync.
func (j *mailboxJob) leaveRejected(entries []entry) (rest []entry) {
	rejected := j.division().rejected
	if rejected.Empty() {
		return entries
	}
	for _, e := range entries {
		if rejected.Contains(e.uid) {
			j.uids.aside.Add(e.uid)
			j.uids.why = "the destination does not take them by dsync; its log has the reason"
			continue
		}
		rest = append(rest, e)
	}
	return rest
}
