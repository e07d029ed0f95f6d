// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"math"
	"sort"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// A conversation names all that the mailbox holds, so that each should bring much; and what is begun when a slice ends is brought
// to its end.
const (
	bringMessages = sweepWindow
	bringOctets   = groupOctets
)

// bringWindow brings the messages of a window with their UIDs, and puts off those for which that cannot be. done is false when the
// budget ended.
func (j *mailboxJob) bringWindow(ctx context.Context, entries, kept []entry) (done bool, err error) {
	j.uids.aside.AddSet(uidsOf(kept))
	entries = j.leaveRejected(entries)
	for len(entries) > 0 && j.uids.kept {
		if j.slice.spent() {
			return false, nil
		}
		var some []entry
		some, entries = cutEntries(entries, j.division().most, min(bringOctets, j.slice.meter.Left()))
		if err := j.bringSome(ctx, some); err != nil || j.waits || j.wound || j.uids.again {
			return false, err
		}
	}
	j.uids.aside.AddSet(uidsOf(entries))
	return true, nil
}

// cutEntries cuts what one conversation brings off the front, at least one message, and at most so many where most is not 0.
func cutEntries(entries []entry, most int, octets int64) (some, rest []entry) {
	if most == 0 {
		most = bringMessages
	}
	n := 0
	for n < len(entries) && n < most && (n == 0 || octets > 0) {
		octets -= entries[n].weight()
		n++
	}
	return entries[:n], entries[n:]
}

// bringSome has one conversation that brings messages.
func (j *mailboxJob) bringSome(ctx context.Context, entries []entry) error {
	var box imap.Selected
	var present presence
	var untold error
	err := pass.BothEnds(j.slice.account.Address,
		func() error { return j.askSaved(ctx, entries) },
		func() error { box, present, untold = j.knowBefore(ctx); return nil },
	)
	if err != nil {
		return err
	}
	if untold != nil {
		j.uids.aside.AddSet(uidsOf(entries))
		return j.giveUpUIDs(untold)
	}
	if !present.uids.Minus(j.row.Ours).Minus(j.uids.stock).Empty() || box.UIDValidity != j.dstBox.UIDValidity {
		// They may be what is wanted, brought by somebody else: the next slice compares them.
		return j.slice.engine.options.Importer.Fault(ctx, errChanged, "bring messages with their UIDs to", j.pair.Destination)
	}
	entries = j.reachable(entries, box.UIDNext)
	if len(entries) == 0 {
		return nil
	}
	f := newFeed(j, entries)
	batches := planBatches(entries, batchLimits{messages: j.slice.engine.options.BatchMessages, octets: j.slice.engine.options.BatchOctets})
	intents, err := j.intend(ctx, box.UIDNext, batches)
	if err != nil {
		return err
	}
	j.dstBox = box
	c := &conversation{next: j.nextAfter(entries), before: box.UIDNext, present: present, entries: entries, feed: f, intents: intents}
	j.slice.noteWritten(j.pair.Destination)
	if err := j.converse(ctx, c); err != nil {
		return j.unsaid(ctx, c, err)
	}
	return j.confirm(ctx, c)
}

// knowBefore is knowThere for a conversation that is to come. An empty mailbox is not looked at once more: the server itself says as what it
// goes into the conversation, and with a message in it, or another next UID, it is not the one that was opened.
func (j *mailboxJob) knowBefore(ctx context.Context) (imap.Selected, presence, error) {
	if j.dstBox.Messages.Is(0) && j.dstBox.UIDNext != 0 {
		return j.dstBox, presence{}, nil
	}
	return j.knowThere(ctx)
}

// lookThere lists what the destination's mailbox holds.
func (j *mailboxJob) lookThere(ctx context.Context) (box imap.Selected, present imap.UIDSet, err error) {
	box, err = j.dst.Select(ctx, j.pair.Destination)
	if err != nil {
		return box, present, faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	present, err = j.allThere(ctx)
	return box, present, err
}

// allThere lists what the destination's mailbox holds that is open.
func (j *mailboxJob) allThere(ctx context.Context) (imap.UIDSet, error) {
	present, short, err := everything(ctx, j.dst)
	if err == nil && !short.Is(0) {
		err = shortAtDestination(j.pair.Destination, short)
	}
	return present, faultOf(err, "list destination mailbox", j.pair.Destination)
}

// lookAfter is lookThere for what was sent. What is noted of a mailbox when all is done comes in the same round trip.
func (j *mailboxJob) lookAfter(ctx context.Context) (box imap.Selected, present imap.UIDSet, now glance, err error) {
	opening, err := j.dst.SelectAhead(ctx, j.pair.Destination)
	p, err := j.peekAhead(ctx, rehome.Destination, j.pair.Destination, opening, err)
	if err != nil {
		return box, present, now, faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	var numbers *imap.StatusCommand
	look := p.list(ctx, func() (err error) { numbers, err = opening.StatusAhead(ctx); return err })
	seen, err := look.wait(ctx)
	now.mark = markOf(seen.newest)
	if numbers != nil {
		if status, untold := numbers.Wait(ctx); untold == nil {
			now.status = &status
		}
	}
	switch {
	case err != nil:
		return box, present, now, faultOf(err, "open destination mailbox", j.pair.Destination)
	case seen.all != nil && shortage(j.dst, *seen.all).Is(0):
		return seen.box, *seen.all, now, nil
	}
	present, err = j.allThere(ctx)
	return seen.box, present, now, err
}

// reachable leaves out what cannot have its UID any more.
func (j *mailboxJob) reachable(entries []entry, next imap.UID) []entry {
	taken, entries := cutBelow(entries, next)
	if len(taken) > 0 {
		j.uids.aside.AddSet(uidsOf(taken))
		j.uids.why = "the destination has given out these UIDs, or higher ones, already"
	}
	entries, highest := cutBelow(entries, math.MaxUint32)
	if len(highest) > 0 {
		j.uids.aside.AddSet(uidsOf(highest))
		j.uids.why = "no UID can follow the highest one"
	}
	return entries
}

// cutBelow cuts entries, which are in the order of UIDs, in front of the first one that is not below uid.
func cutBelow(entries []entry, uid imap.UID) (below, rest []entry) {
	n := sort.Search(len(entries), func(i int) bool { return entries[i].uid >= uid })
	return entries[:n], entries[n:]
}

// nextAfter is the UID that the destination will assign behind entries: the source's when nothing more is to come.
func (j *mailboxJob) nextAfter(entries []entry) imap.UID {
	next := entries[len(entries)-1].uid + 1
	if next > j.inventory.wanted.Max() {
		return max(next, j.srcNext())
	}
	return next
}

func (j *mailboxJob) intend(ctx context.Context, floor imap.UID, batches []batch) ([]ledger.Intent, error) {
	intended := make([][]ledger.Item, len(batches))
	for i, b := range batches {
		intended[i] = items(b)
	}
	ids, err := j.ledger().Intend(ctx, j.row, floor, intended...)
	if err != nil {
		return nil, err
	}
	intents := make([]ledger.Intent, len(ids))
	for i, id := range ids {
		intents[i] = ledger.Intent{ID: id, Floor: floor, Items: intended[i]}
	}
	return intents, nil
}

// unsaid deals with a conversation that has failed. Before the first message nothing of it can arrive; behind it, what has arrived
// is looked up by the next slice, as after any cut.
func (j *mailboxJob) unsaid(ctx context.Context, c *conversation, err error) error {
	switch {
	case c.begun && (endedByPeer(err) || j.endedUnsaid(ctx, err) && j.division().cut()):
		return j.takeApart(ctx, c, err)
	case c.begun:
		return err
	}
	if voided := j.ledger().Void(context.WithoutCancel(ctx), idsOf(c.intents)...); voided != nil {
		return voided
	}
	j.uids.aside.AddSet(uidsOf(c.entries))
	return j.giveUpUIDs(err)
}

func idsOf(intents []ledger.Intent) []int64 {
	ids := make([]int64, len(intents))
	for i, intent := range intents {
		ids[i] = intent.ID
	}
	return ids
}

// confirm looks at the mailbox and writes the receipts. Where it holds anything but what was there and what was sent, somebody else
// has written as well, and a UID alone does not tell which message is whose: then content does, as after a cut.
func (j *mailboxJob) confirm(ctx context.Context, c *conversation) error {
	box, present, now, err := j.lookAfter(ctx)
	if err != nil {
		return err
	}
	var sent imap.UIDSet
	for uid := range c.feed.sent {
		sent.Add(uid)
	}
	wanted := union(c.present.uids, sent)
	expected := box.UIDValidity == j.srcBox.UIDValidity && wanted.Minus(present).Empty() && present.Minus(wanted).Empty()
	j.dstBox, j.nextUID = box, max(box.UIDNext, present.Max()+1)
	switch {
	case expected:
		j.division().succeeded()
		if now.of(box, present.Len()) {
			j.slice.noteAfter(j.pair.Destination, now)
		}
		return j.receiveAll(ctx, c)
	case j.wound: // the source is closed: the next run looks
		return nil
	}
	return j.lookUpSent(ctx, c)
}

// lookUpSent finds by content what became of what was sent.
func (j *mailboxJob) lookUpSent(ctx context.Context, c *conversation) error {
	intents := c.intents
	for i := range intents {
		intents[i].Alive = time.Now()
		intents[i].Items = c.feed.known(intents[i].Items)
	}
	settled, err := j.resolve(ctx, intents)
	j.waits, j.uids.again = !settled, true
	j.checkTwins()
	return err
}

// known fills in what was learnt of items on their way.
func (f *feed) known(items []ledger.Item) []ledger.Item {
	for i, item := range items {
		if sent, ok := f.sent[item.UID]; ok {
			sent.DstUID = 0
			items[i] = sent
		}
	}
	return items
}

func itemUIDs(items []ledger.Item) (uids imap.UIDSet) {
	for _, item := range items {
		uids.Add(item.UID)
	}
	return uids
}

// receiveAll writes the receipts of what was sent; intents of which nothing was are void.
func (j *mailboxJob) receiveAll(ctx context.Context, c *conversation) error {
	for _, intent := range c.intents {
		var stored []ledger.Item
		for _, item := range intent.Items {
			if sent, ok := c.feed.sent[item.UID]; ok {
				stored = append(stored, sent)
			}
		}
		j.uids.brought.AddSet(itemUIDs(stored))
		if len(stored) == 0 {
			if err := j.ledger().Void(ctx, intent.ID); err != nil {
				return err
			}
			continue
		}
		reused, err := j.noteReused(ctx, stored)
		if err != nil {
			return err
		}
		j.wound = j.wound || reused
		if err := j.ledger().Receive(ctx, j.row, intent.ID, stored); err != nil {
			return err
		}
		j.slice.observe(len(stored), octetsOf(stored))
	}
	return nil
}

// copyAside ends the part of a job that keeps UIDs: the destination's next UID is made the source's, so that none that a program
// may know is given out again, and what was put off goes by IMAP. done is false when the budget ended.
func (j *mailboxJob) copyAside(ctx context.Context) (done bool, err error) {
	if j.uids.kept {
		err = j.raiseNext(ctx)
		j.uids.why = cmp.Or(j.uids.why, "the source did not deliver them in their turn") // of what is still to come
	}
	j.uids.kept = false
	if err != nil || j.uids.aside.Empty() {
		return err == nil, err
	}
	return j.copyAll(ctx, j.uids.aside)
}

// raiseNext has a conversation without messages where the destination's next UID is below the source's.
func (j *mailboxJob) raiseNext(ctx context.Context) error {
	next := j.srcNext()
	if j.dstBox.UIDNext >= next {
		return nil
	}
	box, present, err := j.knowThere(ctx)
	if _, settled := lostReason(err); settled || err == nil && box.UIDNext >= next {
		return nil // nothing is brought, and nothing is worse than it was
	}
	if err != nil {
		return err
	}
	j.dstBox = box
	j.slice.noteWritten(j.pair.Destination)
	err = j.converse(ctx, &conversation{next: next, before: box.UIDNext, present: present})
	if _, settled := lostReason(err); settled {
		return nil
	}
	if err == nil {
		j.dstBox.UIDNext, j.nextUID = next, max(j.nextUID, next)
	}
	return err
}
