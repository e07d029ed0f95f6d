// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"slices"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// orphanIntents notes that nobody works any more on what earlier runs and slices have begun: sessions of
// this account are opened by this slice only, and it has sent nothing yet.
func (s *slice) orphanIntents(ctx context.Context) error {
	for _, row := range s.view.rows {
		if row.Open {
			return s.engine.options.Ledger.Orphan(ctx, s.account.Address)
		}
	}
	return nil
}

// settleIntents finds out what became of batches that were begun and never answered, before anything
// else is sent to the mailbox. While something of them may still arrive the mailbox waits (settled is
// false), and everything else of the account goes on.
func (j *mailboxJob) settleIntents(ctx context.Context) (settled bool, err error) {
	if len(j.row.Intents) == 0 {
		return true, nil
	}
	intents := j.row.Intents
	j.row.Intents = nil
	return j.resolve(ctx, intents)
}

// resolve looks intents up at the destination: what is found there is adopted. What is not found is void
// if nothing of it can arrive any more, and otherwise waited for.
// A server with atomic MULTIAPPEND has all of a batch or nothing; others may have a part.
func (j *mailboxJob) resolve(ctx context.Context, intents []ledger.Intent) (settled bool, err error) {
	asked := time.Now() // before the look: it shows what had arrived by now
	open, found, err := j.lookUp(ctx, intents)
	if err != nil || len(open) > 0 {
		err = errors.Join(err, j.noteAnswered(ctx, intents))
	}
	if err != nil {
		return false, err
	}
	if found > 0 && len(open) > 0 {
		if err := j.ledger().Revive(ctx, j.slice.account.Address); err != nil {
			return false, err
		}
		for i := range open {
			open[i].Alive = asked
		}
	}
	void, wait := verdict(open, asked, j.slice.engine.options.Settle)
	if len(void) > 0 {
		j.slice.noteAdvance()
		if err := j.ledger().GiveUp(ctx, j.row, void...); err != nil {
			return false, err
		}
		j.noteOffered(void)
	}
	if len(void) == len(open) {
		return true, nil
	}
	wait.Mailbox = j.pair.Destination
	j.slice.noteWait(wait)
	return false, nil
}

// lookUp adopts what the destination shows of intents. It returns those, or the parts of them, that it does
// not show, and how many messages were found.
func (j *mailboxJob) lookUp(ctx context.Context, intents []ledger.Intent) (open []ledger.Intent, found int, err error) {
	// What is adopted here is younger than the opening: its numbers describe the mailbox no longer.
	j.aged = true
	src := intended(intents)
	j.sought = uidsOf(src)
	floor := intents[0].Floor
	for _, intent := range intents {
		floor = min(floor, intent.Floor)
	}
	pairs, err := j.arrived(ctx, j.withoutSuspects(src), floor)
	if err != nil {
		return nil, 0, err
	}
	if err := j.noteDoubles(ctx, intents, pairs, floor); err != nil { // before the receipts, which are the end of it
		return nil, 0, err
	}
	if err := j.noteStrangers(ctx); err != nil { // likewise
		return nil, 0, err
	}
	shown := j.accountedFor(pairs)
	for _, intent := range intents {
		rest, n, err := j.conclude(ctx, intent, pairs, shown)
		if err != nil {
			return nil, 0, err
		}
		found += n
		if len(rest.Items) > 0 || rest.Former {
			open = append(open, rest)
		}
	}
	return open, found, nil
}

// intended returns the messages of intents.
func intended(intents []ledger.Intent) (src []entry) {
	for _, intent := range intents {
		for _, item := range intent.Items {
			e := entry{uid: item.UID, size: item.Size, flags: item.Flags}
			if intent.Alive.IsZero() { // sent just now: the source may have another message under its UID later
				copy(e.digest[:], item.Digest) // known if the batch was streamed to its end
			}
			src = append(src, e)
		}
	}
	return src
}

// withoutSuspects leaves out the messages at which the source breaks off: each comes to its own chance once
// its intent is void.
func (j *mailboxJob) withoutSuspects(entries []entry) []entry {
	suspects := map[imap.UID]bool{}
	for uid := range j.row.Suspects {
		suspects[uid] = true
	}
	return without(entries, suspects)
}

// arrived finds messages of the source among those that the destination holds from floor upwards and the
// ledger does not know. It returns what was found by source UIDs, with dates, and with digests: what we have written
// is recognised by them for good.
func (j *mailboxJob) arrived(ctx context.Context, src []entry, floor imap.UID) (map[imap.UID]pairing, error) {
	if len(src) == 0 {
		return nil, nil
	}
	box, err := j.dst.Select(ctx, j.pair.Destination)
	if err != nil {
		return nil, faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	j.nextUID = box.UIDNext
	dst, err := j.newcomers(ctx, floor)
	if err != nil {
		return nil, err
	}
	if len(dst) > 0 {
		if src, err = j.dated(ctx, src); err != nil {
			return nil, err
		}
	}
	m, err := j.match(ctx, src, dst, likeness{})
	if err != nil {
		return nil, j.notCompared(err)
	}
	pairs := map[imap.UID]pairing{}
	used := map[imap.UID]bool{}
	for _, p := range m.pairs {
		pairs[p.src.uid], used[p.dst.uid] = p, true
	}
	j.strangers = without(dst, used)
	return pairs, nil
}

// dated asks the source for the dates of what was sent, which tell our copy from another one.
func (j *mailboxJob) dated(ctx context.Context, src []entry) ([]entry, error) {
	listed, err := sweep(ctx, j.src, uidsOf(src))
	if err != nil {
		return nil, faultOf(err, "list source mailbox", j.pair.Source)
	}
	dates := map[imap.UID]time.Time{}
	for _, e := range listed {
		dates[e.uid] = e.date
	}
	for i := range src {
		src[i].date = dates[src[i].uid]
	}
	return src, nil
}

// shownFrom returns the UIDs of the destination from floor upwards. It asks for all of them: whether a part is
// complete no number of the server tells.
func (j *mailboxJob) shownFrom(ctx context.Context, floor imap.UID) (imap.UIDSet, error) {
	all, short, err := everything(ctx, j.dst)
	if err != nil {
		return all, err
	}
	if !short.Is(0) {
		return all, shortAtDestination(j.pair.Destination, short)
	}
	if floor > 1 {
		var below imap.UIDSet
		below.AddRange(1, floor-1)
		all = all.Minus(below)
	}
	return all, nil
}

// newcomers lists what the destination holds from floor upwards that the ledger does not know.
func (j *mailboxJob) newcomers(ctx context.Context, floor imap.UID) ([]entry, error) {
	present, err := j.shownFrom(ctx, floor)
	if err != nil {
		return nil, faultOf(err, "list destination mailbox", j.pair.Destination)
	}
	present = present.Minus(j.row.Ours).Minus(j.row.Theirs)
	if present.Empty() {
		return nil, nil
	}
	entries, err := sweep(ctx, j.dst, present)
	if left := present.Minus(uidsOf(entries)); err == nil && !left.Empty() {
		err = shortAtDestination(j.pair.Destination, imap.CountOf(int64(left.Len())))
	}
	return entries, faultOf(err, "list destination mailbox", j.pair.Destination)
}

// noteWait says that a mailbox waits.
func (s *slice) noteWait(w pass.Wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits = append(s.waits, w)
}

// waiting reports whether a mailbox waits: then the account is not complete.
func (s *slice) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waits) > 0
}

// waitsFor reports whether a destination mailbox waits.
func (s *slice) waitsFor(destination string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.waits, func(w pass.Wait) bool { return w.Mailbox == destination })
}
