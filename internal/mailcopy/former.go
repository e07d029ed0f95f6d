// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"math"
	"slices"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// noteFormer books what we have brought from the former self of a mailbox that was renumbered, or was
// deleted and made anew, and that is not in it any more: it has vanished like any deleted message, and
// the policy decides about the copy. The rule: a copy counts as long as it is there, whoever has put it there; so what was
// found then, and adopted, is booked as well, and is adopted still.
//
// The former source UIDs may be those of other messages now. Stand-ins from the upper end of what a UID
// can be (RFC 9051, section 2.3.1.1) take their place, where no mailbox ever gets to.
//
// That is booked when the mailbox has been looked through once, and all of it was shown and read; until then the former
// generations are kept, see ledger.Mailbox.Formerly. What was not shown or read may be any of them: a finding says so, as what
// is unknown has a name.
func (j *mailboxJob) noteFormer(ctx context.Context) error {
	if j.row.Generation == 1 {
		return nil
	}
	left := j.leftOfFormer()
	first := imap.UID(math.MaxUint32 - left.Len())
	why, said := "", formerUnknown
	switch {
	case !j.inventory.short.Is(0): // what the source does not show has not vanished: its copy is taken over when it is shown again
		why = "it does not show all of its messages"
	case j.unread():
		why = "it does not deliver all of its messages"
	case !j.veil.left.Empty() || !j.leftNow(messageMaybeThere).Empty():
		why, said = unreadThere, formerUnreadThere
	case left.Empty():
		return j.forgetFormer(ctx)
	case j.srcBox.UIDNext >= first:
		why = "it has used up its UIDs"
	}
	if why == "" {
		ours, unread, err := j.stillOurs(ctx, left)
		if err != nil {
			return err
		}
		if unread.Empty() {
			return j.bookFormer(ctx, ours, first)
		}
		j.formerSilent = true
		left, why, said = unread, unreadThere, formerUnreadThere
	}
	if n := left.Len(); n > 0 {
		j.slice.find(said.On(j.pair.Destination, rehome.Values{"n": n, "why": why}))
	}
	return nil
}

const unreadThere = "the destination does not deliver all of its messages"

// leftOfFormer returns the destination UIDs that former generations have brought and that nothing was found for.
func (j *mailboxJob) leftOfFormer() (left imap.UIDSet) {
	left = intersection(uidsOf(j.unknown), union(j.row.Formerly, j.row.FoundThen))
	for uid := range j.restored.former { // a restored source, whose losses nobody has wished for: see noteRestored
		left = left.Minus(imap.NewUIDSet(uid))
	}
	return left
}

// bookFormer books messages, by their destination UIDs, as vanished, with stand-ins for source UIDs from first on.
func (j *mailboxJob) bookFormer(ctx context.Context, left imap.UIDSet, first imap.UID) error {
	former := map[imap.UID]ledger.Item{}
	err := j.ledger().StoredFormerly(ctx, j.row, func(batch ledger.Stored) error {
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
func (j *mailboxJob) unread() bool { return !j.withheld().Empty() || !j.untold().Empty() }

// withheld returns the messages that the source has not delivered in this pass.
func (j *mailboxJob) withheld() imap.UIDSet { return j.leftNow(messageUnreadable) }

// leftNow returns the messages that this pass has left for a reason, be it when the mailbox was open before.
func (j *mailboxJob) leftNow(why rehome.Declared) (uids imap.UIDSet) {
	for uid := range refusedOf(j.row, j.slice.started).now.All() {
		if j.row.Refused[uid].Code == why.Code {
			uids.Add(uid)
		}
	}
	return uids
}

// forgetFormer ends the time in which former generations count, if they do.
func (j *mailboxJob) forgetFormer(ctx context.Context) error {
	if !j.row.Fresh && j.row.State != (ledger.State{}) && j.row.Formerly.Empty() && j.row.FoundThen.Empty() {
		return nil // it was done when the mailbox was looked through
	}
	return j.ledger().ForgetFormer(ctx, j.row)
}

// stillOurs returns those of some destination UIDs whose messages are the ones that we have brought or found, and those whose messages are
// not delivered: a destination that was put back to an earlier state has given their UIDs to others.
func (j *mailboxJob) stillOurs(ctx context.Context, uids imap.UIDSet) (ours, unread imap.UIDSet, err error) {
	var s endState
	if uids.Empty() {
		return ours, unread, nil
	}
	if _, err := j.dst.Select(ctx, j.pair.Destination); err != nil {
		return ours, unread, faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	ask := func(claims []claim) error {
		a := j.slice.atDestination(j.dst, j.pair.Destination)
		return faultOf(examineClaims(ctx, a, claims, &s), "look again at destination mailbox", j.pair.Destination)
	}
	var claims []claim
	err = j.ledger().StoredFormerly(ctx, j.row, func(batch ledger.Stored) error {
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
	return s.same, s.silent, err
}
