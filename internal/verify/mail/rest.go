// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"time"

	"rehome/internal/protocol/imap"
	"rehome/internal/verify"
)

// Both ends are read one after the other, message by message, while their users work. What differs in a mailbox that has
// changed meanwhile may only have been on its way: a message that one end had already and the other not yet. So a mailbox in
// which something differs is looked at again until it is at rest, and in one that is never at rest only that differs which has
// differed in sightings looks in a row. What differed at last and not before is not known to differ, and not known to be equal.

// sightings is how many looks in a row have to see a discrepancy in a mailbox that changes all the time.
const sightings = 3

// pauses stand between the looks: long enough for a message to come to the other end too, and for a person to pause.
func pauses() []time.Duration {
	return []time.Duration{250 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second}
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
