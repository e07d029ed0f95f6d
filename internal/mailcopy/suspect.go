// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"maps"
	"slices"

	"rehome/internal/protocol/imap"
)

// Some servers end the connection when they meet a damaged message, and would do so each time. The
// message that was being read becomes a suspect; the next slice copies everything else first and then
// gives each suspect a connection's chance of its own. One that fails alone too is left behind.
const maxSuspicions = 2

// readError says at which message the source broke off, or the destination.
type readError struct {
	uid   imap.UID
	err   error
	there bool // at the destination
}

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// noteSuspect books the message at which the source broke off, if that is what happened.
func (j *mailboxJob) noteSuspect(ctx context.Context, err error) error {
	var broke *readError
	if !errors.As(err, &broke) || broke.there || ctx.Err() != nil {
		return err
	}
	j.slice.noteAdvance()
	return errors.Join(err, j.ledger().Suspect(ctx, j.row, broke.uid))
}

// setSuspectsAside splits what is wanted into the inconspicuous and the suspects, in UID order.
func (j *mailboxJob) setSuspectsAside(wanted imap.UIDSet) (rest imap.UIDSet, suspects []imap.UID) {
	var aside imap.UIDSet
	for _, uid := range slices.Sorted(maps.Keys(j.row.Suspects)) {
		if wanted.Contains(uid) {
			aside.Add(uid)
			suspects = append(suspects, uid)
		}
	}
	return wanted.Minus(aside), suspects
}

// bringSuspects gives each suspect its chance in its turn, behind all that come before it: a message keeps its UID only as long as
// no higher one is there. Those that cannot have theirs any more are returned.
func (j *mailboxJob) bringSuspects(ctx context.Context, rest imap.UIDSet, suspects []imap.UID) (late []imap.UID, done bool, err error) {
	for i, uid := range suspects {
		if uid < j.nextUID {
			late = append(late, uid)
			continue
		}
		var before imap.UIDSet
		before.AddRange(1, uid)
		if done, err := j.copyAll(ctx, intersection(rest, before)); err != nil || !done {
			return nil, false, err
		}
		if !j.uids.kept {
			return append(late, suspects[i:]...), true, nil
		}
		if done, err := j.trySuspects(ctx, []imap.UID{uid}); err != nil || !done {
			return nil, false, err
		}
	}
	return late, true, nil
}

// trySuspects copies suspects one by one; done is false when the budget ended.
func (j *mailboxJob) trySuspects(ctx context.Context, suspects []imap.UID) (done bool, err error) {
	for _, uid := range suspects { // in each pass one has a chance: it may have been suspected by mistake
		if j.slice.memory.tryAlone(j.pair.Source, uid) && j.row.Suspects[uid] >= maxSuspicions {
			why := unreadable("the source closes the connection each time this message is fetched")
			if err := j.refuse(ctx, entry{uid: uid}, why); err != nil {
				return false, err
			}
			continue
		}
		if done, err := j.copyAll(ctx, imap.NewUIDSet(uid)); err != nil || !done {
			return done, err
		}
	}
	return true, nil
}

// firstMissing returns the lowest of uids that entries, in whatever order, lack; 0 when all are there.
func firstMissing(uids imap.UIDSet, entries []entry) imap.UID {
	left := uids.Minus(uidsOf(sortUnique(slices.Clone(entries))))
	for uid := range left.All() {
		return uid
	}
	return 0
}
