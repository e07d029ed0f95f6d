// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"context"
	"io"
	"iter"
	"slices"

	"rehome/internal/protocol/imap"
)

// inFlight is how many ranges are asked for at once: one arrives while the next is on its way.
const inFlight = 3

// taker makes something of the answers about single messages.
type taker interface {
	wants(*record) bool // false if the record has it already
	items() imap.FetchItems
	weight(*record) int64 // octets to expect
	take(io.Reader) error // reads a literal, before it is certain whose it is
	// keep gives what came to the record it belongs to, and says whether that is what was asked for.
	keep(r *record, m *imap.Message, taken bool) bool
}

// fetch reads something of records, which are in UID order, from the mailbox b. A damaged message on
// which the server breaks off is suspected, and asked for again when all others are there; alone it
// is either given or counts as unreadable. After an error of the connection, fetch can be called
// again and goes on.
func (e *end) fetch(ctx context.Context, b *box, records []*record, rangeOctets int64, t taker) error {
	if err := e.reopen(ctx, b); err != nil {
		return err
	}
	company, suspects := split(records, func(r *record) bool { return r.failures == 0 })
	for len(company) > 0 {
		left, err := e.stream(ctx, company, rangeOctets, t)
		if err == nil {
			for _, r := range left {
				r.failures = withheld // or gone, which the next look at the mailbox tells
			}
			break
		}
		if !blame(ctx, left) || e.lost() {
			return e.fault(err, b)
		}
		company, suspects = left[1:], append(suspects, left[0])
	}
	for _, r := range suspects {
		if err := e.fetchAlone(ctx, b, r, rangeOctets, t); err != nil {
			return err
		}
	}
	return nil
}

// fetchAlone asks for one message until it is given or counts as unreadable.
func (e *end) fetchAlone(ctx context.Context, b *box, r *record, rangeOctets int64, t taker) error {
	for !r.unreadable() {
		left, err := e.stream(ctx, []*record{r}, rangeOctets, t)
		if len(left) == 0 && err == nil {
			return nil
		}
		if !blame(ctx, left) || e.lost() {
			return e.fault(err, b)
		}
	}
	return nil
}

// blame notes a failure of the first record that has not come: servers answer in order. It returns
// false when nobody is to blame, because all have come or because we were asked to stop.
func blame(ctx context.Context, left []*record) bool {
	if len(left) == 0 || ctx.Err() != nil {
		return false
	}
	left[0].failures++
	return true
}

// stream reads records range by range, with the next ranges already asked for, and returns those
// that have not come. Nothing is under way any more when it returns.
func (e *end) stream(ctx context.Context, records []*record, rangeOctets int64, t taker) (left []*record, err error) {
	j := &job{records: records, given: make([]bool, len(records)), taker: t}
	var flight []*imap.FetchCommand
	land := func() {
		waited := flight[0].Wait(ctx)
		if flight = flight[1:]; err == nil && !imap.IsCode(waited, "EXPUNGEISSUED") { // RFC 5530: all others were given
			err = waited
		}
	}
	for part := range parts(records, rangeOctets, t.weight) {
		if len(flight) == inFlight {
			land()
		}
		if err != nil {
			break
		}
		var command *imap.FetchCommand
		if command, err = e.session.Fetch(ctx, part, t.items(), imap.FetchHandler{Literal: j.literal, Message: j.message}); err != nil {
			break
		}
		flight = append(flight, command)
	}
	for len(flight) > 0 {
		land()
	}
	if e.lost() {
		_ = e.session.Client.Close() // waits for a callback that may still run; err says why it is lost
	}
	return j.left(), err
}

// parts cuts records into sets of about limit octets, and says how many octets each has.
func parts(records []*record, limit int64, weight func(*record) int64) iter.Seq2[imap.UIDSet, int64] {
	return func(yield func(imap.UIDSet, int64) bool) {
		var uids []imap.UID
		octets := int64(0)
		for _, r := range records {
			if len(uids) > 0 && octets+weight(r) > limit {
				if !yield(imap.NewUIDSet(uids...), octets) {
					return
				}
				uids, octets = uids[:0], 0
			}
			uids, octets = append(uids, r.uid), octets+weight(r)
		}
		if len(uids) > 0 {
			yield(imap.NewUIDSet(uids...), octets)
		}
	}
}

// job gives what arrives to the records it belongs to. Its callbacks run on one goroutine.
type job struct {
	records []*record
	given   []bool
	taker   taker
	taken   bool // a literal has come, and not yet the end of its message's answer
}

func (j *job) literal(l *imap.Literal) error {
	if _, found := j.find(l.UID); !found {
		return nil
	}
	j.taken = true
	return j.taker.take(l)
}

func (j *job) message(m *imap.Message) error {
	if i, found := j.find(m.UID); found {
		j.given[i] = j.taker.keep(j.records[i], m, j.taken) || j.given[i]
	}
	j.taken = false
	return nil
}

func (j *job) find(uid imap.UID) (int, bool) {
	return slices.BinarySearchFunc(j.records, uid, func(r *record, uid imap.UID) int { return int(int64(r.uid) - int64(uid)) })
}

func (j *job) left() []*record {
	var left []*record
	for i, r := range j.records {
		if !j.given[i] {
			left = append(left, r)
		}
	}
	return left
}
