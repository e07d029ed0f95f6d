// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"math"
	"slices"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// checkVoided looks whether a batch that was given up, and sent again, has arrived all the same, and whether what
// had a twin when it was found still has: then its messages are there once more than they should be. That they
// are ours is likely and not proved, so that nothing is removed; it is said in every pass, as long as it lasts
// and the batch is remembered.
//
// What has vanished at the source before it was found, or is not delivered any more, cannot be recognised: it is said which
// messages may be it. So has a message whose UID another one has by now, as after a restore of the source.
func (j *mailboxJob) checkVoided(ctx context.Context) error {
	if !slices.ContainsFunc(j.row.Voids, suspected) {
		return nil
	}
	floor, sources, copies := suspectedOf(j.row)
	withheld := intersection(sources, j.withheld()).Minus(j.row.Done)
	var lost imap.UIDSet // where the source does not show all, it may still show them
	if j.inventory.short.Is(0) {
		lost = j.undone(sources).Minus(j.inventory.wanted.Minus(j.inventory.vanished))
	}
	ours, err := j.itemsOf(ctx, copies)
	lost.AddSet(exchanged(j.row.Voids, ours))
	if err != nil || len(ours) == 0 && lost.Empty() && withheld.Empty() {
		return err
	}
	if _, err := j.dst.Select(ctx, j.pair.Destination); err != nil {
		return faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	listed, err := j.newcomers(ctx, floor)
	if err != nil {
		return err
	}
	unknown := uidsOf(listed)
	others, err := alike(ctx, j.slice.atDestination(j.dst, j.pair.Destination), ours, listed)
	if err != nil {
		return faultOf(err, "list destination mailbox", j.pair.Destination)
	}
	twice := spare(ours, others).Minus(j.returnedTwice)
	if !twice.Empty() {
		j.slice.find(surplus(arrivedLate, j.pair.Destination, twice))
	}
	if unknown = unknown.Minus(twice).Minus(j.returnedTwice); unknown.Empty() {
		return nil
	}
	for _, maybe := range []struct {
		said rehome.Declared
		of   imap.UIDSet
	}{{arrivalUnknown, lost}, {arrivalUnreadable, withheld}} {
		if n := maybe.of.Len(); n > 0 {
			j.slice.find(maybe.said.On(j.pair.Destination, rehome.Values{"n": n, "found": unknown.Len(), "uids": shorten(unknown.String())}))
		}
	}
	return nil
}

// tellVoided does that for a mailbox that is left behind because of err, and returns what ends its job. The rule: what can be
// told of a mailbox is told, whether the rest of it can be done or not. No later pass may come any further.
func (j *mailboxJob) tellVoided(ctx context.Context, err error) error {
	if !bars(err) {
		return err
	}
	if broke := j.checkVoided(ctx); broke != nil && !bars(broke) { // the mailbox is tried again
		return broke
	}
	return err
}

// suspectedOf sums up what was given up of a mailbox: from which destination UID on it may be, which messages of the source
// it is, and which of those that are there, by source UIDs, there may be once more. Of what was given up before the source had
// renumbered the mailbox that may be all of them.
func suspectedOf(row *ledger.Mailbox) (floor imap.UID, sources, copies imap.UIDSet) {
	floor = math.MaxUint32
	former := false
	for _, v := range row.Voids {
		if !suspected(v) {
			continue
		}
		floor = min(floor, v.Floor)
		sources.AddSet(v.Sources)
		former = former || v.Former
	}
	if former {
		return floor, sources, row.Live()
	}
	return floor, sources, intersection(sources, row.Live())
}

// exchanged returns the source UIDs under which something was given up and another message is booked by now.
func exchanged(voids []ledger.Voided, booked []ledger.Item) (uids imap.UIDSet) {
	for _, item := range booked {
		if slices.ContainsFunc(voids, func(v ledger.Voided) bool { return suspected(v) && !sameItem(v.Sent[item.UID], item) }) {
			uids.Add(item.UID)
		}
	}
	return uids
}

// suspected says that what was given up may still arrive, or be there once more.
func suspected(v ledger.Voided) bool { return !v.Replaced }

// itemsOf returns what the ledger knows of messages that were written, by their source UIDs.
func (j *mailboxJob) itemsOf(ctx context.Context, sources imap.UIDSet) (items []ledger.Item, err error) {
	err = j.ledger().Stored(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if sources.Contains(item.UID) && item.Digest != nil {
				items = append(items, item)
			}
		}
		return nil
	})
	return items, err
}

// spare returns which of others have the content of ours, each of ours used once.
func spare(ours []ledger.Item, others []entry) imap.UIDSet {
	left := map[message.Digest]int{}
	for _, item := range ours {
		left[message.Digest(item.Digest)]++
	}
	var uids imap.UIDSet
	for _, e := range others {
		if left[e.digest] > 0 {
			left[e.digest]--
			uids.Add(e.uid)
		}
	}
	return uids
}
