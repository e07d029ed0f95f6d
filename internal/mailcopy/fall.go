// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"maps"
	"slices"
	"strings"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A destination that was put back to an earlier state has a UIDNEXT below what it has given to our messages. That alone
// tells what it has lost from what its user has deleted, and the next mail that arrives there writes it over: it is booked
// the moment that it is seen, before a connection can break. A server that has said it by mistake has all our messages,
// and nothing comes of it.

// noteFalls books the falls that the destination's listing shows.
func (s *slice) noteFalls(ctx context.Context, rows map[string]ledger.Mailbox, entries map[string]imap.ListEntry) error {
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		status := entries[row.Anchor.Destination].Status
		if status == nil || status.UIDValidity != row.Anchor.DstUIDValidity || row.Live().Empty() {
			continue
		}
		newest := imap.UID(0)
		if row.Seen.UIDNext == 0 { // no look has been noted: what we know of is what it has given
			claims, err := newestClaims(ctx, s.engine.options.Ledger, row, atDestination(row))
			if err != nil {
				return err
			}
			if len(claims) > 0 {
				newest = claims[0].uid
			}
		}
		if err := s.noteFall(ctx, &row, status.UIDNext, newest); err != nil {
			return err
		}
	}
	return nil
}

// noteFall books one fall, if it is one and says more than the last: newest is the newest UID that is known to be of ours.
func (s *slice) noteFall(ctx context.Context, row *ledger.Mailbox, uidNext, newest imap.UID) error {
	fallen := uidNext != 0 && uidNext < max(row.Seen.UIDNext, newest+1)
	if !fallen || row.Doubted != 0 && row.Doubted <= uidNext {
		return nil
	}
	return s.engine.options.Ledger.Doubt(ctx, row, uidNext)
}

// restoredBeside returns the rows whose mailboxes have to be looked into although nothing speaks against them: a backup is
// one of an account, so where one mailbox shows that the source was put back the others were, too. One of them may have
// every number that it had, and the newest message, when one has come back that was deleted and another was deleted since.
func restoredBeside(rows map[string]ledger.Mailbox, entries map[string]imap.ListEntry, shown marks) []int64 {
	var beside []int64
	restored := false
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		status := entries[name].Status
		switch {
		case status != nil && status.UIDValidity != row.Anchor.SrcUIDValidity:
		case hasFallen(row.State, status), replaced(row.State.SrcNewest, shown[name]):
			restored = true
		case row.State.SrcModSeq != 0:
			beside = append(beside, row.ID)
		}
	}
	if !restored {
		return nil
	}
	return beside
}

// replaced says that another message has the UID that the newest one had.
func replaced(before, now string) bool {
	was, _, _ := strings.Cut(before, " ")
	is, _, _ := strings.Cut(now, " ")
	return before != "" && was == is && before != now
}
