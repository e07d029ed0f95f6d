// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// What was taken back from the destination, because somebody else had brought the same before (see rival.go), is there again when the
// destination is put back to a state from before that. The ledger remembers it for as long as the mailbox has its UIDVALIDITY.
//
// The rule: what comes back is ours if under its old UID there is, to the octet, what was brought, as in regain.go. It is taken back again
// for the reason that there was then: a message of the same content with a lower UID is there, both are looked at, and nobody has changed
// its flags. Of two who go by this rule neither takes the first one. What else is there twice stays, and is named as long as that lasts.

// checkReturned does that when all that the mailbox is to hold is there: what is still wanted was compared with it before.
func (j *mailboxJob) checkReturned(ctx context.Context) error {
	back := j.returned()
	if back.Empty() {
		return nil
	}
	if _, err := j.dst.Select(ctx, j.pair.Destination); err != nil {
		return faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	again, others, err := j.lookAtReturned(ctx, back)
	if err != nil {
		return faultOf(err, "look again at destination mailbox", j.pair.Destination)
	}
	surplus, twice := j.surplusOf(again, others)
	if !surplus.Empty() {
		j.aged = true
		if err := j.removeCopies(ctx, surplus); err != nil {
			return err
		}
	}
	j.nameReturned(twice.Minus(surplus))
	return nil
}

// returned are the UIDs of copies that were taken back and are there again, as far as they are not booked by now.
func (j *mailboxJob) returned() (back imap.UIDSet) {
	for uid := range j.row.Withdrawn {
		if j.uids.stock.Contains(uid) {
			back.Add(uid)
		}
	}
	return back.Minus(j.row.Ours).Minus(j.row.Theirs)
}

// lookAtReturned reads what is under the UIDs that are back, and returns what of it is as it was, and what else there is of the same content:
// copies that the ledger knows, and what it does not know.
func (j *mailboxJob) lookAtReturned(ctx context.Context, back imap.UIDSet) (again, others []entry, err error) {
	there, err := j.readAgain(ctx, back)
	if err != nil {
		return nil, nil, err
	}
	var items []ledger.Item
	contents := map[message.Digest]bool{}
	for _, e := range there {
		if unchanged(j.row.Withdrawn[e.uid], e.digest) {
			again = append(again, e)
			items = append(items, ledger.Item{DstUID: e.uid, Digest: e.digest[:], Origin: e.item().Origin})
			contents[e.digest] = true
		}
	}
	booked, err := j.bookedOf(ctx, contents)
	if err != nil || len(again) == 0 {
		return nil, nil, err
	}
	strangers := j.uids.stock.Minus(j.row.Ours).Minus(j.row.Theirs).Minus(back)
	for rest := union(booked, strangers); !rest.Empty(); {
		var window imap.UIDSet
		window, rest = head(rest, sweepWindow)
		listed, err := sweep(ctx, j.dst, window)
		if err != nil {
			return nil, nil, err
		}
		like, err := alike(ctx, j.slice.atDestination(j.dst, j.pair.Destination), items, listed)
		if err != nil {
			return nil, nil, err
		}
		others = append(others, like...)
	}
	return again, others, nil
}

// readAgain reads messages of the destination that are there.
func (j *mailboxJob) readAgain(ctx context.Context, uids imap.UIDSet) (there []entry, err error) {
	err = j.listWhole(ctx, uids, func(listed []entry) error {
		there = append(there, listed...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return there, j.slice.atDestination(j.dst, j.pair.Destination).bodies(ctx, pointers(there), bodySeen)
}

// bookedOf returns the destination UIDs under which the ledger has some contents.
func (j *mailboxJob) bookedOf(ctx context.Context, contents map[message.Digest]bool) (uids imap.UIDSet, err error) {
	live, err := j.itemsOf(ctx, j.row.Live())
	for _, item := range live {
		if contents[message.Digest(item.Digest)] {
			uids.Add(item.DstUID)
		}
	}
	return uids, err
}

// surplusOf returns which of what is back is to be taken back again, and what of it is there twice at all.
func (j *mailboxJob) surplusOf(again, others []entry) (surplus, twice imap.UIDSet) {
	contents := map[message.Digest]bool{}
	for _, e := range others {
		contents[e.digest] = true
	}
	removable := j.dst.Capabilities().Has("UIDPLUS") && !j.dstBox.ReadOnly
	var untouched []ledger.Item
	for _, e := range again {
		if contents[e.digest] {
			twice.Add(e.uid)
		}
		if removable && j.untouched(e) {
			untouched = append(untouched, ledger.Item{DstUID: e.uid, Digest: e.digest[:]})
		}
	}
	return laterCopies(untouched, others), twice
}

// untouched says that the flags of a copy that is back are those that it was given.
func (j *mailboxJob) untouched(e entry) bool {
	given, _ := j.filter.split(j.row.Withdrawn[e.uid].Flags)
	flags := e.flags
	if !isDeleted(given) { // a mark of ours, as it was about to go
		flags = minus(flags, []string{deleted})
	}
	return e.flags != nil && sameFlags(flags, given)
}

// nameReturned names what is there twice and stays. The mailbox is opened in each pass as long as that lasts.
func (j *mailboxJob) nameReturned(twice imap.UIDSet) {
	j.returnedTwice = twice
	if !twice.Empty() {
		j.slice.find(surplus(arrivedReturned, j.pair.Destination, twice))
	}
}
