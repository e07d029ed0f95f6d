// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// What was deleted at the destination is there again when the destination is put back to an earlier state. It counts as
// deleted as long as it is not seen, and no longer: under its old UID there is, to the octet, what was brought.

// regain takes what is back at the destination out of what is lost there; present is what the open mailbox holds.
func (j *mailboxJob) regain(ctx context.Context, present imap.UIDSet) error {
	back, err := j.lostAmong(ctx, present.Minus(j.row.Ours).Minus(j.row.Theirs))
	if err != nil || len(back) == 0 {
		return err
	}
	entries := entriesOf(back, func(one claim) imap.UID { return one.uid })
	if err := j.slice.atDestination(j.dst, j.pair.Destination).bodies(ctx, entries, bodySeen); err != nil {
		return faultOf(err, "look again at destination mailbox", j.pair.Destination)
	}
	digests := map[imap.UID]message.Digest{}
	for _, e := range entries {
		digests[e.uid] = e.digest
	}
	sources, copies := regained(back, digests)
	if sources.Empty() {
		return nil
	}
	fate := j.row.Fate
	fate.Lost = fate.Lost.Minus(sources)
	j.row.Ours.AddSet(copies)
	j.slice.noteAdvance()
	return j.ledger().NoteFate(ctx, j.row, fate)
}

// regainDropped looks whether a mailbox that was deleted at the destination was put back there: it has new UIDs, so that what
// it holds of what was brought once is known by its content. Of that nothing is lost any more: it is returned, by source
// UIDs, to be found as what the destination has of its own is. So nobody knows any more who has written it, and it is never
// removed. What the source has no more (gone) is left to its fate.
func (j *mailboxJob) regainDropped(ctx context.Context, present, gone imap.UIDSet) (returned imap.UIDSet, err error) {
	lost := j.row.Lost.Minus(gone)
	strangers := present.Minus(j.row.Ours).Minus(j.row.Theirs)
	if lost.Empty() || strangers.Empty() {
		return returned, nil
	}
	var items []ledger.Item
	err = j.ledger().Dropped(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if lost.Contains(item.UID) && item.Digest != nil {
				items = append(items, item)
			}
		}
		return nil
	})
	if err != nil || len(items) == 0 {
		return returned, err
	}
	there, err := j.likeOurs(ctx, items, strangers)
	if err != nil {
		return returned, faultOf(err, "look again at destination mailbox", j.pair.Destination)
	}
	returned = foundAgain(items, there)
	return returned, j.disown(ctx, returned)
}

// foundAgain returns the source UIDs of items that are among entries, each of which is one of them.
func foundAgain(items []ledger.Item, entries []entry) (sources imap.UIDSet) {
	free := map[message.Digest]int{}
	for _, e := range entries {
		free[e.digest]++
	}
	for _, item := range items {
		if digest := message.Digest(item.Digest); free[digest] > 0 {
			free[digest]--
			sources.Add(item.UID)
		}
	}
	return sources
}

// lostAmong returns what the ledger says of messages that are lost, and whose UIDs are among those given.
func (j *mailboxJob) lostAmong(ctx context.Context, uids imap.UIDSet) (back []claim, err error) {
	if j.row.Lost.Empty() || uids.Empty() {
		return nil, nil
	}
	err = j.ledger().Stored(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if j.row.Lost.Contains(item.UID) && uids.Contains(item.DstUID) {
				back = append(back, claim{item.DstUID, item})
			}
		}
		return nil
	})
	return back, err
}

// regained returns which of some claims are what was brought, by the source's UIDs and by those of the destination.
func regained(back []claim, digests map[imap.UID]message.Digest) (sources, copies imap.UIDSet) {
	for _, one := range back {
		if digest := digests[one.uid]; digest != (message.Digest{}) && unchanged(one.item, digest) {
			sources.Add(one.item.UID)
			copies.Add(one.uid)
		}
	}
	return sources, copies
}
