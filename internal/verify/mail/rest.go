// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// Both ends are read while their users work. What differs may only be on its way: a message that one end has already and the
// other not yet. So it counts as a difference if the mailbox is at rest, at both ends, for restFor after it was read; the mailboxes
// of an account are waited for together. One that stirs is looked at again until it is at rest, and in one that never is only
// that differs which has differed in sightings looks in a row. What differed at last and not before is not known to differ, and
// not known to be equal.

// restFor is how long nothing may happen to a mailbox until what differs in it is no longer on its way.
const restFor = time.Second

// sightings is how many looks in a row have to see a discrepancy in a mailbox that changes all the time.
const sightings = 3

// pauses stand between the looks: long enough for a message to come to the other end too, and for a person to pause.
func pauses() []time.Duration {
	return []time.Duration{250 * time.Millisecond, time.Second, 2 * time.Second, 2 * time.Second, 2 * time.Second}
}

// sighted names a discrepancy so that the next look can recognise it: a message keeps its UID (RFC 9051, section 2.3.1.1).
type sighted struct {
	kind     verify.Kind
	order    int
	src, dst imap.UID
	short    int64 // of a count: how many messages fewer the destination shows
}

// watch counts in how many looks in a row each discrepancy was seen.
type watch struct {
	looks int
	seen  map[sighted]int

	before *reading // what is known of the mailbox's messages; nil for nothing
	last   bool     // nobody comes back to the mailbox: it is waited for until it is at rest
}

// add takes in what a look has shown, and returns how many discrepancies are not certain yet.
func (w *watch) add(r *reading) (uncertain int) {
	w.looks++
	before := w.seen
	w.seen = map[sighted]int{}
	for _, s := range r.sighted() {
		w.seen[s] = before[s] + 1
		if w.seen[s] < sightings {
			uncertain++
		}
	}
	return uncertain
}

// sighted are the discrepancies of a look: of messages, or of their numbers where only these were asked for.
func (r *reading) sighted() []sighted {
	if r.counts {
		if short := counted(r.src...) - counted(r.dst); short != 0 {
			return []sighted{{kind: verify.CountDiffers, short: short}}
		}
		return nil
	}
	all := make([]sighted, len(r.judgement.discrepancies))
	for i, d := range r.judgement.discrepancies {
		all[i] = d.sighted()
	}
	return all
}

func (d discrepancy) sighted() sighted {
	s := sighted{kind: d.kind}
	if d.src != nil {
		s.order, s.src = d.src.box.order, d.src.uid
	}
	if d.dst != nil {
		s.dst = d.dst.uid
	}
	return s
}

// settle takes what is not certain out of the last look at a mailbox that was never at rest.
func (r *reading) settle(w *watch) {
	if r.counts {
		r.unsettled = len(r.sighted())
		return
	}
	var certain []discrepancy
	var named []verify.Difference
	for i, d := range r.judgement.discrepancies {
		if w.seen[d.sighted()] < sightings {
			r.unsettled++
			continue
		}
		certain = append(certain, d)
		if i < len(r.differences) { // the first ones have words
			named = append(named, r.differences[i])
		}
	}
	r.judgement.discrepancies, r.differences = certain, named
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// postponed is a group in which something differs that was there for no time yet.
type postponed struct {
	g     *group
	m     verify.Mailbox
	level verify.Level
	r     *reading
	w     *watch
}

// maxPostponed bounds the messages of postponed groups that are held in memory.
const maxPostponed = 200_000

// postpone comes back to a group when the others have been compared.
func (c *check) postpone(ctx context.Context, p *postponed) error {
	c.postponed = append(c.postponed, p)
	held := 0
	for _, p := range c.postponed {
		for _, b := range p.r.boxes() {
			held += len(b.records)
		}
	}
	if held > maxPostponed {
		return c.lookAtPostponed(ctx)
	}
	return nil
}

// lookAtPostponed books those groups that have been at rest since they were read, and compares the others again.
func (c *check) lookAtPostponed(ctx context.Context) error {
	for len(c.postponed) > 0 {
		all := c.postponed
		c.postponed = nil
		if err := c.options.Pause(ctx, restFor); err != nil {
			return err
		}
		for _, p := range all {
			if err := c.comeBack(ctx, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// comeBack compares a group once more unless it has been at rest, and books it.
func (c *check) comeBack(ctx context.Context, p *postponed) error {
	err := c.notice(ctx, p.r)
	if err != nil && broken(err) {
		p.r.changed = true // for all that is known
		err = c.reconnect(ctx)
	}
	if err == nil && p.r.changed {
		p.w.before, p.w.last = p.r, true
		p.r, err = c.look(ctx, p.g, p.level, p.w)
	}
	if err != nil {
		return err
	}
	return c.bookReading(ctx, p)
}

// stirs waits, and finds out whether anything has happened to a group meanwhile.
func (c *check) stirs(ctx context.Context, r *reading) error {
	if err := c.options.Pause(ctx, restFor); err != nil {
		return err
	}
	return c.notice(ctx, r)
}

// order puts the mailboxes into the order of the plan, whichever had to be waited for.
func (c *check) order(groups []*group) {
	at := make(map[string]int, len(groups))
	for i, g := range groups {
		at[printable(g.destination)] = i
	}
	slices.SortStableFunc(c.mail.Mailboxes, func(a, b verify.Mailbox) int { return cmp.Compare(at[a.Destination], at[b.Destination]) })
}
