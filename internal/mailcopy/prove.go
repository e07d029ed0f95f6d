// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"slices"
	"time"

	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A header is a hint like any number: mail merges and scanners write the same one over many bodies, and a mailbox that
// was put back gives the UID of one of them to another. So what is claimed of a mailbox is proved by content: by the
// newest message that is there, because a restore takes the upper end, and when that one is not what was copied, or a
// restore is suspected for another reason, downwards until all that was asked is.

// proofOctets bounds the message that is read each time a mailbox has changed.
const proofOctets = 1 << 20

// asker asks at the claimant's end.
func (c claimant) asker() asker {
	if c.atSource {
		a := c.job.slice.atSource(c.session, c.job.pair.Source)
		a.known = c.job.foreseen
		return a
	}
	return c.job.slice.atDestination(c.session, c.job.pair.Destination)
}

// doubtfulAmong returns the newest of some claims that is confirmed by its header, and those that theirs say nothing
// about: unless they are too large to be read each time a mailbox has changed.
func doubtfulAmong(claims []claim, s endState) (doubtful []claim) {
	confirmed := false
	for _, one := range claims {
		switch {
		case one.item.Size > proofOctets:
		case s.unproved.Contains(one.uid):
			doubtful = append(doubtful, one)
		case s.same.Contains(one.uid) && !confirmed:
			doubtful, confirmed = append(doubtful, one), true
		}
	}
	return doubtful
}

// prove reads the bodies of those of claims that their headers confirm, or say nothing about, and sorts them again.
func (c claimant) prove(ctx context.Context, claims []claim, s *endState) error {
	claims = slices.DeleteFunc(slices.Clone(claims), func(one claim) bool {
		return one.item.Digest == nil || !s.same.Contains(one.uid) && !s.unproved.Contains(one.uid)
	})
	entries := entriesOf(claims, func(one claim) imap.UID { return one.uid })
	if err := c.asker().bodies(ctx, entries, bodySeen); err != nil {
		return err
	}
	var doubtful []claim
	var shown []*entry
	var read, silent imap.UIDSet
	for i, one := range claims {
		e := entries[i]
		if !bodySeen(e) { // its header alone proves nothing
			silent.Add(one.uid)
			continue
		}
		read.Add(one.uid)
		if !unchanged(one.item, e.digest) {
			doubtful, shown = append(doubtful, one), append(shown, e)
		}
	}
	others, unlike, err := c.others(ctx, doubtful, shown)
	if err != nil {
		return err
	}
	s.same, s.unproved = union(s.same, read).Minus(others).Minus(silent), s.unproved.Minus(read)
	s.silent = union(s.silent, silent).Minus(read)
	s.other.AddSet(others)
	s.differing.AddSet(unlike)
	s.unlike.AddSet(unlike)
	return nil
}

// proveNewest proves claims from the newest up to top downwards, until all of what is asked at once speaks, and is no other
// message: then nothing below is one either. What is unlike what was copied confirms nothing.
func (c claimant) proveNewest(ctx context.Context, s *endState, top imap.UID) error {
	var asked imap.UIDSet
	for {
		claims, err := newestClaims(ctx, c.job.ledger(), *c.job.row, func(item ledger.Item) (imap.UID, bool) {
			uid, is := c.claims(item)
			return uid, is && uid <= top && (s.same.Contains(uid) || s.unproved.Contains(uid)) && !asked.Contains(uid)
		})
		if err != nil || len(claims) == 0 {
			return err
		}
		if err := c.prove(ctx, claims, s); err != nil {
			return err
		}
		confirmed := true
		for _, one := range claims {
			asked.Add(one.uid)
			confirmed = confirmed && !union(s.other, s.silent, s.unlike).Contains(one.uid)
		}
		if confirmed {
			return nil
		}
	}
}

// others returns which of the messages that have the header of what was copied, or none, and not its octets, are other ones.
// Servers change what they store, and some give it out in a new form one day; the date that we have given to a copy
// is that of its original all the same. Where dates tell nothing, a copy is held against its original by what servers
// are known to leave alone.
//
// What nothing can be held against, because the source has it no more, is unlike what was copied: not believed where the
// mailbox was put back, or where what is missing is copied again.
func (c claimant) others(ctx context.Context, claims []claim, shown []*entry) (others, unlike imap.UIDSet, err error) {
	if len(claims) == 0 {
		return others, unlike, nil
	}
	sources := entriesOf(claims, func(one claim) imap.UID { return one.item.UID })
	original, err := datesOf(ctx, c.job.src, sources)
	if err != nil {
		return others, unlike, err
	}
	copied, err := datesOf(ctx, c.job.dst, entriesOf(claims, func(one claim) imap.UID { return one.item.DstUID }))
	if err != nil {
		return others, unlike, err
	}
	if !c.atSource {
		if err := c.job.slice.atSource(c.job.src, c.job.pair.Source).bodies(ctx, sources, kinSeen); err != nil {
			return others, unlike, err
		}
	}
	for i, one := range claims {
		date := original[one.item.UID]
		switch {
		case !date.IsZero() && date.Equal(copied[one.item.DstUID]):
		case !c.atSource && !kinSeen(sources[i]):
			unlike.Add(one.uid)
		case !c.atSource && sources[i].kin == shown[i].kin:
		default:
			others.Add(one.uid)
		}
	}
	return others, unlike, nil
}

func entriesOf(claims []claim, uid func(claim) imap.UID) []*entry {
	entries := make([]*entry, len(claims))
	for i, one := range claims {
		entries[i] = &entry{uid: uid(one)}
	}
	return entries
}

// datesOf returns the dates of messages in the open mailbox, as far as the server tells them.
func datesOf(ctx context.Context, session *endpoint.Session, entries []*entry) (map[imap.UID]time.Time, error) {
	var uids imap.UIDSet
	for _, e := range entries {
		uids.Add(e.uid)
	}
	listed, err := sweep(ctx, session, uids)
	dates := make(map[imap.UID]time.Time, len(listed))
	for _, e := range listed {
		dates[e.uid] = e.date
	}
	return dates, err
}
