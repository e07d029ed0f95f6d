// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// An end that was put back to an earlier state shows lower numbers than it had, or another message under the UID of the
// newest one. That alone tells what it has lost, or has again, from what its user has done, and what happens there next
// writes it over, a mail that arrives or one that is deleted: it is booked the moment that it is seen, before a connection
// can break. A server that has said it by mistake has all the messages, and nothing comes of
// it but a look.

// noteFalls books what a listing of the destination, or a survey, shows of an earlier state, and says whether it does.
func (s *slice) noteFalls(ctx context.Context, rows map[string]ledger.Mailbox, entries map[string]imap.ListEntry, shown marks) (fell bool,
	err error) {
	rows = maps.Clone(rows) // the other end is told of the same ones
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
				return fell, err
			}
			if len(claims) > 0 {
				newest = claims[0].uid
			}
		}
		booked, err := s.noteFall(ctx, &row, status.UIDNext, newest, shown[row.Anchor.Destination])
		if err != nil {
			return fell, err
		}
		rows[name] = row
		fell = fell || booked
	}
	if !fell {
		return false, nil
	}
	return true, s.lookBeside(ctx, rows)
}

// noteFall books one fall, if it is one and says more than the last: newest is the newest UID that is known to be of ours,
// and mark that of the newest message there.
func (s *slice) noteFall(ctx context.Context, row *ledger.Mailbox, uidNext, newest imap.UID, mark string) (booked bool, err error) {
	from := doubtfulFrom(row.Seen, uidNext, newest, mark)
	if from == 0 || row.Doubted != 0 && row.Doubted <= from {
		return false, nil
	}
	return true, s.engine.options.Ledger.Doubt(ctx, row, from)
}

// doubtedBeside is from where a mailbox is doubted because another one of its account was put back: it has no UID that high, and what is
// missing of it is judged as ever. But if all of it is gone, the restore may have taken it, and its user is not known to have.
const doubtedBeside = math.MaxUint32

// lookBeside lets all mailboxes of an account be opened, because one of them was put back: a backup is one of an
// account. One that has a message again that was deleted, and has lost another since, has the numbers that it had; and one that was made
// after the backup is gone. That is known until each was looked at, see settleEmptied.
func (s *slice) lookBeside(ctx context.Context, rows map[string]ledger.Mailbox) error {
	store := s.engine.options.Ledger
	outdated := map[int64]ledger.Sight{}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		if dropped(row) {
			continue
		}
		seen := row.Seen
		seen.Messages = ledger.Outdated
		outdated[row.ID] = seen
		if row.Doubted == 0 && !row.Live().Empty() {
			if err := store.Doubt(ctx, &row, doubtedBeside); err != nil {
				return err
			}
		}
	}
	return store.Sighted(ctx, outdated)
}

// noteRestoredBeside does that when a job has found out that its mailbox was put back.
func (j *mailboxJob) noteRestoredBeside(ctx context.Context) error {
	rows, err := j.ledger().Mailboxes(ctx, j.slice.account.Address)
	if err != nil {
		return err
	}
	maps.DeleteFunc(rows, func(_ string, row ledger.Mailbox) bool { return row.ID == j.row.ID })
	return j.slice.lookBeside(ctx, rows)
}

// doubtfulFrom returns from which UID on a fall may have taken messages, 0 when there is none. One that is known only by
// the message that has replaced the newest does not tell how far down it went.
func doubtfulFrom(seen ledger.Sight, uidNext, newest imap.UID, mark string) imap.UID {
	switch {
	case replaced(seen.Newest, mark):
		return 1
	case uidNext != 0 && uidNext < max(seen.UIDNext, newest+1):
		return uidNext
	}
	return 0
}

// noteDestinationFall books what the opening of a destination mailbox shows of an earlier state.
func (j *mailboxJob) noteDestinationFall(ctx context.Context) error {
	if j.quietAtDestination() {
		return nil
	}
	booked, err := j.slice.noteFall(ctx, j.row, j.dstBox.UIDNext, j.row.Ours.Max(), markOf(j.dstNewest))
	if err != nil || !booked {
		return err
	}
	return j.noteRestoredBeside(ctx)
}

// hasFallen says that the source's mailbox was listed with lower numbers than at the end of the last complete pass. By the
// time that it was opened it may have got as many messages and changes as it had: that it had fewer is evidence all the same.
func (j *mailboxJob) hasFallen() bool {
	return hasFallen(j.row.State, j.slice.view.src[j.pair.Source].Status)
}

func hasFallen(state ledger.State, status *imap.Status) bool {
	return state.SrcModSeq == ledger.Fallen || status != nil && lower(state, status.UIDNext, status.HighestModSeq)
}

func lower(state ledger.State, uidNext imap.UID, modSeq uint64) bool {
	return fallen(state.SrcModSeq, modSeq) || uidNext != 0 && uidNext < state.SrcUIDNext
}

// noteSourceFall books the fall that the opening of a source mailbox shows.
func (j *mailboxJob) noteSourceFall(ctx context.Context) error {
	state := j.row.State
	fell := lower(state, j.srcBox.UIDNext, j.srcBox.HighestModSeq) || replaced(state.SrcNewest, markOf(j.srcNewest))
	if state.SrcModSeq == 0 || state.SrcModSeq == ledger.Fallen || !fell {
		return nil
	}
	j.row.State.SrcModSeq = ledger.Fallen
	return j.ledger().Unsettle(ctx, ledger.Fallen, j.row.ID)
}

// noteRestoredSource books what a listing of the source, or a survey, shows of an earlier state, and says whether it does.
func (s *slice) noteRestoredSource(ctx context.Context, rows map[string]ledger.Mailbox, entries map[string]imap.ListEntry,
	shown marks) (is bool, err error) {
	restored, beside := restoredAtSource(rows, entries, shown)
	if len(restored) == 0 {
		return false, nil
	}
	store := s.engine.options.Ledger
	return true, errors.Join(store.Unsettle(ctx, ledger.Fallen, restored...), store.Unsettle(ctx, 0, beside...))
}

// restoredAtSource returns the rows whose mailboxes the source shows in an earlier state, as far as that was not known, and
// those that have to be looked into although nothing speaks against them: a backup is one of an account, so where one
// mailbox was put back the others were, too. One of them may have every number that it had, and the newest message, when
// one has come back that was deleted and another was deleted since.
func restoredAtSource(rows map[string]ledger.Mailbox, entries map[string]imap.ListEntry, shown marks) (restored, beside []int64) {
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		status := entries[name].Status
		switch {
		case row.State.SrcModSeq == 0 || row.State.SrcModSeq == ledger.Fallen: // opened and listed in any case
		case status != nil && status.UIDValidity != row.Anchor.SrcUIDValidity:
		case hasFallen(row.State, status), replaced(row.State.SrcNewest, shown[name]):
			restored = append(restored, row.ID)
		default:
			beside = append(beside, row.ID)
		}
	}
	if len(restored) == 0 {
		return nil, nil
	}
	return restored, beside
}

// replaced says that another message has the UID that the newest one had.
func replaced(before, now string) bool {
	was, _, _ := strings.Cut(before, " ")
	is, _, _ := strings.Cut(now, " ")
	return before != "" && was == is && before != now
}
