// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"errors"
	"slices"

	"rehome"
	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// One mailbox after the other costs four round trips each: it is opened, listed, read, and opened again to see whether it has
// changed meanwhile. So mailboxes are read ahead, a batch of them in three round trips: all are opened and listed one behind the
// other, then all are read, then all are opened again; each step begins when both ends have done the one before.
//
// What is read ahead may prove one thing only: that nothing differs, in mailboxes that show as many messages as they hold and
// have not changed from the first opening to the last. A group of which it does not prove that is looked at by itself, by all the
// rules that there are for doubt; what was read of its messages holds there, too.

// The messages of a batch, which are in memory together, and the mailboxes. A larger mailbox is a batch of its own; if a
// server shows more than it has said, the rest of the batch is not read ahead.
const (
	batchMessages  = 20_000
	batchMailboxes = 32
)

// unsaid is how many messages a mailbox is taken to have whose listing does not say it.
const unsaid = 1000

// batches cuts groups into those that are read ahead together.
func batches(groups []*group, held func(*group) int64) (all [][]*group) {
	messages, mailboxes := int64(0), 0
	for _, g := range groups {
		held := held(g)
		boxes := max(len(g.src), 1)
		if len(all) == 0 || messages+held > batchMessages || mailboxes+boxes > batchMailboxes {
			all, messages, mailboxes = append(all, nil), 0, 0
		}
		last := len(all) - 1
		all[last] = append(all[last], g)
		messages, mailboxes = messages+held, mailboxes+boxes
	}
	return all
}

// held is how many messages of a group may have to be in memory at each end: as many as is said, or are remembered.
func (c *check) held(g *group) int64 {
	held := max(heldBy(g.src), heldBy(g.dst))
	if m := c.memory.marks[g.destination]; m != nil {
		remembered := int64(0)
		for _, s := range m.Sources {
			remembered += s.Messages
		}
		held = max(held, remembered, m.Destination.Messages)
	}
	return held
}

// heldBy is how many messages mailboxes are said to hold. It decides what is done in company, and nothing else.
func heldBy(entries []imap.ListEntry) (n int64) {
	for _, e := range entries {
		held, told := int64(0), false
		if e.Status != nil {
			held, told = e.Status.Messages.Told()
		}
		if !told {
			held = unsaid
		}
		n += held
	}
	return n
}

// bearable is how often connections may break while something is read ahead: an end that does not bear to be asked like this is
// asked so no more, but a damaged message, on which some servers break off, shall not make the whole account slow.
const bearable = 2

// readAhead reads a batch. A group without a reading has to be looked at from the start.
func (c *check) readAhead(ctx context.Context, groups []*group) (map[*group]*reading, error) {
	a := &ahead{check: c, readings: map[*group]*reading{}}
	for _, g := range groups {
		if g.exists && c.held(g) <= batchMessages {
			a.groups = append(a.groups, g)
			a.readings[g] = c.newReading(g)
		}
	}
	if len(a.groups) == 0 || c.breaks > bearable {
		return nil, nil
	}
	return a.readings, c.outlive(ctx, a.run(ctx))
}

// outlive takes in what became of reading ahead. That a connection broke is no error, and what was read till then remains.
func (c *check) outlive(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	c.breaks++
	return c.reconnect(ctx)
}

// ahead is a batch while it is read.
type ahead struct {
	*check
	groups   []*group
	readings map[*group]*reading
}

func (a *ahead) run(ctx context.Context) error {
	if a.how.Level == verify.LevelCounts {
		return a.count(ctx)
	}
	if err := a.each(ctx, a.keep, (*end).listAhead); err != nil {
		clear(a.readings)
		return err
	}
	for _, g := range a.groups {
		a.takeOver(a.readings[g])
	}
	if a.how.Level == verify.LevelFull {
		if err := a.each(ctx, a.keep, a.bodiesAhead); err != nil {
			return err
		}
	}
	equal, err := a.judge(ctx)
	if err != nil {
		return err
	}
	return a.notice(ctx, equal)
}

// count proves numbers of messages.
func (a *ahead) count(ctx context.Context) error {
	return a.each(ctx, func(r *reading) bool {
		r.counts = true
		r.proved = len(r.refused()) == 0 && len(r.shortened()) == 0 && len(r.sighted()) == 0
		return r.proved
	}, (*end).countAhead)
}

// each does a step for the mailboxes of both ends, and drops the readings that keep does not want any more.
func (a *ahead) each(ctx context.Context, keep func(*reading) bool, step func(*end, context.Context, []*box) error) error {
	var src, dst []*box
	for _, g := range a.groups {
		if r := a.readings[g]; r != nil {
			src, dst = append(src, r.src...), append(dst, r.dst)
		}
	}
	err := a.both(ctx,
		func(ctx context.Context) error { return step(a.src, ctx, src) },
		func(ctx context.Context) error { return step(a.dst, ctx, dst) })
	for g, r := range a.readings {
		if !keep(r) {
			delete(a.readings, g)
		}
	}
	return err
}

// keep wants what is listed to the end.
func (a *ahead) keep(r *reading) bool {
	return !slices.ContainsFunc(r.boxes(), func(b *box) bool { return !b.swept })
}

// takeOver takes over what is remembered of the listed messages, and tells of those that need not be read. r may be nil.
func (a *ahead) takeOver(r *reading) {
	if r == nil {
		return
	}
	for _, b := range r.src {
		b.recall(a.src.session.Capabilities().Has("CONDSTORE"))
		a.observeListed(b, a.how.Level)
	}
	r.dst.recall(a.dst.session.Capabilities().Has("CONDSTORE"))
}

// judge compares what was read, and returns the groups in which nothing differs.
func (a *ahead) judge(ctx context.Context) (equal []*reading, err error) {
	for _, g := range a.groups {
		r := a.readings[g]
		if r == nil {
			continue
		}
		comparison, err := compare(ctx, a.how.Level, r.sourceRecords(), r.dst.records, unasked{})
		if errors.Is(err, errAsked) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.same, r.judgement = comparison.same, judge(comparison, a.how.Now().Unix())
		if len(r.judgement.discrepancies) == 0 {
			equal = append(equal, r)
		}
	}
	return equal, nil
}

// notice proves those readings whose mailboxes have not changed since they were opened first.
func (a *ahead) notice(ctx context.Context, equal []*reading) error {
	var src, dst []*box
	for _, r := range equal {
		src, dst = append(src, r.src...), append(dst, r.dst)
	}
	var srcStirred, dstStirred map[*box]bool
	err := a.both(ctx,
		func(ctx context.Context) (err error) { srcStirred, err = a.src.stirredAhead(ctx, src); return err },
		func(ctx context.Context) (err error) { dstStirred, err = a.dst.stirredAhead(ctx, dst); return err })
	if err != nil {
		return err
	}
	for _, r := range equal {
		r.proved = !dstStirred[r.dst] && !slices.ContainsFunc(r.src, func(b *box) bool { return srcStirred[b] })
	}
	return nil
}

// bodiesAhead reads what is not read yet of the mailboxes of one end.
func (a *ahead) bodiesAhead(e *end, ctx context.Context, boxes []*box) error {
	return e.streamAhead(ctx, boxes, a.options.RangeOctets, newBodies(a.watch(e)))
}

// unasked is an asker for a comparison that has to do with what was read.
type unasked struct{}

var errAsked = errors.New("the comparison needs more than was read ahead")

func (unasked) headers(context.Context, []*record, []*record) error { return errAsked }

func (unasked) bodies(context.Context, []*record, []*record) error { return errAsked }

// emptyAhead returns those mailboxes of the destination that are empty for certain.
func (c *check) emptyAhead(ctx context.Context, names []string) (map[string]bool, error) {
	empty := map[string]bool{}
	for some := range slices.Chunk(names, batchMailboxes) {
		if c.breaks > bearable {
			break
		}
		boxes := make([]*box, len(some))
		for i, name := range some {
			boxes[i] = &box{side: rehome.Destination, name: name}
		}
		if err := c.outlive(ctx, c.dst.countAhead(ctx, boxes)); err != nil {
			return nil, err
		}
		for _, b := range boxes {
			empty[b.name] = b.refusal == "" && b.short.Is(0) && b.count == 0
		}
	}
	return empty, nil
}
