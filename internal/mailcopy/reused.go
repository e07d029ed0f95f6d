// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A UID is never given out twice (RFC 9051, section 2.3.1.1). Where a receipt has one that the ledger has for another copy, the
// destination was put back to an earlier state since that was booked, in the middle of this very round perhaps.
//
// The rule: no two messages of a mailbox have a claim to one UID. What is there would confirm one of them, and with it the other, which
// would count as there for ever. So what was booked from there on is disowned before the receipt is written: a mailbox that gives out
// a UID has no message above it. What was booked since the restore is among that, and is found again by its content like all the rest.

// noteReused disowns what was booked under the UIDs of what is stored now, and all above, and says whether there was any. Below nobody
// knows what a restore has taken.
func (j *mailboxJob) noteReused(ctx context.Context, stored []ledger.Item) (reused bool, err error) {
	again := intersection(destinationsOf(stored), union(j.row.Ours, j.row.Theirs))
	if again.Empty() {
		return false, nil
	}
	void, err := j.sourcesOf(ctx, above(j.row.Ours, first(again)))
	if err != nil {
		return true, err
	}
	if !void.Empty() {
		j.slice.find(destinationRestored.On(j.pair.Destination, rehome.Values{"n": void.Len()}))
	}
	return true, errors.Join(j.slice.doubtThere(ctx, j.row), j.disown(ctx, void))
}

// doubtThere doubts all that the ledger says of the destination's mailbox of a row, whichever source mailboxes it came from, and
// lets all others of the account be looked at: a backup is one of an account.
func (s *slice) doubtThere(ctx context.Context, doubted *ledger.Mailbox) error {
	store := s.engine.options.Ledger
	if err := store.Doubt(ctx, doubted, 1); err != nil {
		return err
	}
	rows, err := store.Mailboxes(ctx, s.account.Address)
	if err != nil {
		return err
	}
	for name, row := range rows {
		same := row.Anchor.Destination == doubted.Anchor.Destination && row.Anchor.DstUIDValidity == doubted.Anchor.DstUIDValidity
		if row.ID == doubted.ID || !same {
			continue
		}
		if err := store.Doubt(ctx, &row, 1); err != nil {
			return err
		}
		rows[name] = row
	}
	return s.lookBeside(ctx, rows)
}

func destinationsOf(items []ledger.Item) (uids imap.UIDSet) {
	for _, item := range items {
		uids.Add(item.DstUID)
	}
	return uids
}
