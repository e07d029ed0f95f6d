// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A session that was cut may still be committing what it had received. An intent younger than
// youngIntent is therefore believed void only after a second look some time later.
const (
	youngIntent = 60 // seconds
	secondLook  = 2 * time.Second
)

// settleIntents finds out what became of batches that were begun and never answered, before
// anything else is sent to the mailbox.
func (j *mailboxJob) settleIntents(ctx context.Context) error {
	intents := j.row.Intents
	if len(intents) == 0 {
		return nil
	}
	if young(intents) {
		if err := sleep(ctx, secondLook); err != nil {
			return err
		}
		if err := j.dst.Noop(ctx); err != nil { // lets the open mailbox show what has arrived
			return faultOf(err, "look again at", j.pair.Destination)
		}
	}
	j.row.Intents = nil
	return j.resolve(ctx, intents)
}

func young(intents []ledger.Intent) bool {
	for _, i := range intents {
		if i.Age < youngIntent {
			return true
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// resolve looks intents up at the destination: what is found there is adopted, the rest is void.
// A server with atomic MULTIAPPEND has all of a batch or nothing; others may have a part.
func (j *mailboxJob) resolve(ctx context.Context, intents []ledger.Intent) error {
	if _, err := j.dst.Select(ctx, j.pair.Destination); err != nil {
		return faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	floor := intents[0].Floor
	var src []entry
	for _, intent := range intents {
		floor = min(floor, intent.Floor)
		for _, item := range intent.Items {
			src = append(src, entry{uid: item.UID, size: item.Size, flags: item.Flags})
		}
	}
	dst, err := j.newcomers(ctx, floor)
	if err != nil {
		return err
	}
	found, err := match(ctx, j.src, j.dst, src, dst, false)
	if err != nil {
		return faultOf(err, "compare both mailboxes of", j.pair.Source)
	}
	dstOf := map[imap.UID]imap.UID{}
	for _, p := range found {
		dstOf[p.src.uid] = p.dst.uid
	}
	for _, intent := range intents {
		if err := j.conclude(ctx, intent, dstOf); err != nil {
			return err
		}
	}
	return nil
}

// newcomers lists what the destination holds from floor upwards that the ledger does not know.
func (j *mailboxJob) newcomers(ctx context.Context, floor imap.UID) ([]entry, error) {
	present, err := j.dst.SearchAll(ctx, max(floor, 1))
	if err != nil {
		return nil, faultOf(err, "list destination mailbox", j.pair.Destination)
	}
	present = present.Minus(j.row.Ours).Minus(j.row.Theirs)
	if present.Empty() {
		return nil, nil
	}
	entries, err := sweep(ctx, j.dst, present)
	return entries, faultOf(err, "list destination mailbox", j.pair.Destination)
}

// conclude turns one intent into an adoption of what was found of it, or drops it.
func (j *mailboxJob) conclude(ctx context.Context, intent ledger.Intent, dstOf map[imap.UID]imap.UID) error {
	var stored []ledger.Item
	for _, item := range intent.Items {
		if uid, ok := dstOf[item.UID]; ok {
			item.DstUID = uid
			stored = append(stored, item)
		}
	}
	if len(stored) == 0 {
		return j.ledger().Void(ctx, intent.ID)
	}
	if err := j.ledger().Recover(ctx, j.row, intent.ID, stored); err != nil {
		return err
	}
	j.slice.observe(len(stored), octetsOf(stored))
	return nil
}
