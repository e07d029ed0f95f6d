// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"math"
	"slices"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// noteFormer books what we have brought from the former self of a mailbox that was renumbered, or was
// deleted and made anew, and that is not in it any more: it has vanished like any deleted message, and
// the policy decides about the copy.
//
// The former source UIDs may be those of other messages now. Stand-ins from the upper end of what a UID
// can be (RFC 9051, section 2.3.1.1) take their place, where no mailbox ever gets to.
//
// That is booked when the mailbox has been looked through once, and all of it was shown and read; until then the former
// generations are kept, see ledger.Mailbox.Formerly. What was not read may be any of them.
func (j *mailboxJob) noteFormer(ctx context.Context) error {
	switch {
	case j.row.Generation == 1:
		return nil
	case !j.inventory.short.Is(0):
		return nil // what the source does not show has not vanished: its copy is taken over when it is shown again
	case j.unread():
		return nil
	}
	var left imap.UIDSet
	for _, e := range j.unknown {
		left.Add(e.uid)
	}
	left = intersection(left, j.row.Formerly)
	for uid := range j.restored.former { // a restored source, whose losses nobody has wished for: see noteRestored
		left = left.Minus(imap.NewUIDSet(uid))
	}
	if left.Empty() {
		return j.forgetFormer(ctx)
	}
	first := imap.UID(math.MaxUint32 - left.Len())
	if j.srcBox.UIDNext >= first {
		return nil
	}
	left, err := j.stillOurs(ctx, left)
	if err != nil {
		return err
	}
	former := map[imap.UID]ledger.Item{}
	err = j.ledger().StoredFormerly(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if left.Contains(item.DstUID) {
				former[item.DstUID] = item
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var items []ledger.Item
	var gone imap.UIDSet
	for _, uid := range slices.Sorted(maps.Keys(former)) {
		item := former[uid]
		item.UID = first + imap.UID(len(items))
		items = append(items, item)
		gone.Add(item.UID)
	}
	if len(items) > 0 {
		if err := j.ledger().Adopt(ctx, j.row, items); err != nil {
			return err
		}
		if err := j.noteFate(ctx, union(j.row.Gone, gone), imap.UIDSet{}); err != nil {
			return err
		}
	}
	return j.forgetFormer(ctx)
}

// unread says that the source has a message of which nobody knows what it is, because it was not delivered in this pass.
func (j *mailboxJob) unread() bool {
	for uid := range refusedOf(j.row, j.slice.started).now.All() {
		if j.row.Refused[uid].Code == messageUnreadable.Code {
			return true
		}
	}
	return !j.untold().Empty()
}

// forgetFormer ends the time in which former generations count, if they do.
func (j *mailboxJob) forgetFormer(ctx context.Context) error {
	if !j.row.Fresh && j.row.State != (ledger.State{}) && j.row.Formerly.Empty() {
		return nil // it was done when the mailbox was looked through
	}
	return j.ledger().ForgetFormer(ctx, j.row)
}

// stillOurs returns those of some destination UIDs whose messages are the ones that we have brought: a
// destination that was put back to an earlier state has given their UIDs to others.
func (j *mailboxJob) stillOurs(ctx context.Context, uids imap.UIDSet) (imap.UIDSet, error) {
	var s endState
	if _, err := j.dst.Select(ctx, j.pair.Destination); err != nil {
		return s.same, faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	ask := func(claims []claim) error {
		return faultOf(examineClaims(ctx, j.slice.strict(j.dst), claims, &s), "look again at destination mailbox", j.pair.Destination)
	}
	var claims []claim
	err := j.ledger().StoredFormerly(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if uids.Contains(item.DstUID) {
				claims = append(claims, claim{item.DstUID, item})
			}
		}
		if len(claims) < claimWindow {
			return nil
		}
		err := ask(claims)
		claims = claims[:0]
		return err
	})
	if err == nil {
		err = ask(claims)
	}
	return s.same, err
}
