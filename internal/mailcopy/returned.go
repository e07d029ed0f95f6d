// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// What has vanished at the source, and whose copy stays, is known by the UID that it had there. Where the source has renumbered the
// mailbox since, nothing has that UID any more: a stand-in is booked (see noteFormer), and takeBack does not see it come back.
//
// The rule: before a message is sent that may have been there before, the copies that are kept are looked through for it, as what
// the destination holds of others is. It may have been there before where it has a UID below those that are new (RFC 9051,
// section 2.3.1.1), or where nobody knows which are.

// keptCopies are copies of messages that have vanished, by destination UIDs.
type keptCopies map[imap.UID]ledger.Item

// mayBeBack returns which of wanted are known neither to be new nor to have been there all the time.
func (j *mailboxJob) mayBeBack(wanted imap.UIDSet) imap.UIDSet {
	if j.row.State.SrcUIDNext == 0 || j.hasFallen() {
		return wanted
	}
	known := wanted.Minus(above(wanted, j.row.State.SrcUIDNext))
	for uid := range j.row.Refused { // it was there then
		known = known.Minus(imap.NewUIDSet(uid))
	}
	return known
}

// loadKept lists the copies of what has vanished and can come back under another UID only, where something may have.
func (j *mailboxJob) loadKept(ctx context.Context, wanted, present imap.UIDSet) error {
	j.kept = keptCopies{}
	next := max(j.srcBox.UIDNext, wanted.Max()+1, j.row.Done.Minus(j.row.Gone).Max()+1)
	kept := above(j.row.Kept(), next)
	if kept.Empty() || j.mayBeBack(wanted).Empty() {
		return nil
	}
	err := j.ledger().Stored(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if kept.Contains(item.UID) && present.Contains(item.DstUID) {
				j.kept[item.DstUID] = item
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.listUnknown(ctx, j.kept.uids())
}

func (k keptCopies) uids() (uids imap.UIDSet) {
	for uid := range k {
		uids.Add(uid)
	}
	return uids
}

// disownKept takes those of found that are copies of what had vanished off that, and lets what is known of their flags count: they are
// booked anew.
func (j *mailboxJob) disownKept(ctx context.Context, found []pairing, former map[imap.UID]ledger.Item) error {
	var vanished imap.UIDSet
	for _, p := range found {
		if item, is := j.kept[p.dst.uid]; is {
			former[p.dst.uid] = item
			vanished.Add(item.UID)
		}
	}
	return j.disown(ctx, vanished)
}
