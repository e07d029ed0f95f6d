// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"rehome/internal/protocol/imap"
)

// Of messages that are equal to the octet each could stand for any other, but each has its own date and flags. A message at which the
// source breaks off is not asked what it is before its turn. Until then its copy would be taken for that of an equal one, and it would be
// sent anew with its own date: that would be there twice, and the other's never.
//
// So as long as a message that was sent waits for its turn, what has its date is given to none of another date. What is not found
// for that reason is sent. A copy that we have sent has the date of its original, or that of its arrival, which is that of another message
// by chance only.

// heldDates returns the dates, in seconds, of the messages that were sent and wait for their turn, as far as the source tells them. src are
// those that have theirs.
func (j *mailboxJob) heldDates(ctx context.Context, src []entry) (map[int64]bool, error) {
	held := intersection(j.sent(), imap.NewUIDSet(slices.Collect(maps.Keys(j.row.Suspects))...)).Minus(uidsOf(src))
	if held.Empty() {
		return nil, nil
	}
	known := j.slice.memory.datesOf(j.pair.Source, j.srcBox.UIDValidity)
	if unknown := known.unasked(held); !unknown.Empty() {
		l := newListing(j.src, unknown)
		l.items = imap.FetchItems{InternalDate: true}
		_, err := l.ask(ctx)
		if errors.Is(err, imap.ErrAside) {
			return nil, err
		}
		var listed []entry
		if err == nil {
			listed, err = l.wait(ctx)
		}
		known.note(unknown, listed)
		if err != nil && j.src.Err() != nil { // what it refuses to tell, or breaks off at, stays unknown for this pass
			return nil, err
		}
	}
	return known.of(held), nil
}

// sent returns what was sent, was given up or is looked for now, and may be there.
func (j *mailboxJob) sent() imap.UIDSet {
	sent := union(j.sought)
	for _, v := range j.row.Voids {
		if suspected(v) && !v.Former {
			sent.AddSet(v.Sources)
		}
	}
	return sent
}

// knownDates are the dates of messages of one mailbox that were asked for in this pass. Only the mailbox's job uses them.
type knownDates struct {
	validity uint32
	asked    imap.UIDSet
	dates    map[imap.UID]time.Time
}

// datesOf returns those of a source mailbox.
func (m *memory) datesOf(source string, validity uint32) *knownDates {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.dates[source]; known != nil && known.validity == validity {
		return known
	}
	m.dates[source] = &knownDates{validity: validity, dates: map[imap.UID]time.Time{}}
	return m.dates[source]
}

func (k *knownDates) unasked(uids imap.UIDSet) imap.UIDSet { return uids.Minus(k.asked) }

func (k *knownDates) note(asked imap.UIDSet, listed []entry) {
	k.asked.AddSet(asked)
	for _, e := range listed {
		k.dates[e.uid] = e.date
	}
}

// of returns the dates of some messages, in seconds.
func (k *knownDates) of(uids imap.UIDSet) map[int64]bool {
	seconds := map[int64]bool{}
	for uid := range uids.All() {
		if date := k.dates[uid]; !date.IsZero() {
			seconds[date.Unix()] = true
		}
	}
	return seconds
}
