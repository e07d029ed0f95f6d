// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Two programs that copy the same messages into one mailbox at the same time, each with a ledger of its own,
// cannot know of each other. The destination's UIDs are the arbiter: they are given in the order in which
// messages arrive (RFC 9051, section 2.3.1.1), and APPENDUID (RFC 4315) tells ours. Where the first UID of an
// answer is above the one that was expected, somebody else has written in between. What that is, is looked at
// when the group is through: a message of the same content as ours, with a lower UID, was there first, and ours
// is taken back. Both sides go by the same rule, so that one of the two copies stays, whoever looks first. As
// long as nobody else writes, this costs nothing.
//
// Where the mailbox has several writers of our own, the messages of one are between those of another, and a UID that is not
// known yet may be that of a message under way. There only more of such UIDs than messages are under way tell that somebody
// else writes, and for certain only the end of the round does, when nothing is under way any more.

// rivals collects what an answer tells of others that write into the mailbox.
type rivals struct {
	next  imap.UID    // the next UID, as far as is known; 0 when it is not
	noted atomic.Bool // there was a gap

	sent   atomic.Int64 // messages under way: begun, and not answered
	shared bool         // there are several writers of ours
	before imap.UIDSet  // with shared: the gaps of earlier rounds
	open   imap.UIDSet  // likewise those of this round that are not ours yet
}

// send notes that a message is about to be sent.
func (r *rivals) send() { r.sent.Add(1) }

// answered notes that nothing of some messages is under way any more.
func (r *rivals) answered(messages int) { r.sent.Add(-int64(messages)) }

// share begins the time of several writers, with the gaps that are known.
func (r *rivals) share(known imap.UIDSet) {
	if !r.shared {
		r.shared = true
		r.before.AddSet(known)
	}
}

// note takes the answer for items that have just been stored, and returns which UIDs are between them and what
// was there before.
func (r *rivals) note(items []ledger.Item) (gaps imap.UIDSet) {
	var ours imap.UIDSet
	for _, item := range items {
		if r.next != 0 && item.DstUID > r.next {
			gaps.AddRange(r.next, item.DstUID-1)
		}
		r.next = max(r.next, item.DstUID+1)
		ours.Add(item.DstUID)
	}
	r.open = union(r.open, gaps).Minus(ours)
	if !r.shared && !gaps.Empty() || int64(r.open.Len()) > r.sent.Load() {
		r.noted.Store(true)
	}
	return gaps
}

// laterCopies returns which of our copies have a counterpart of the same content that was there before, by
// destination UIDs. The first copy of a message on one side is held against the first on the other.
func laterCopies(ours []ledger.Item, others []entry) imap.UIDSet {
	byDigest := map[message.Digest][]imap.UID{}
	for _, e := range others {
		byDigest[e.digest] = append(byDigest[e.digest], e.uid)
	}
	for _, uids := range byDigest {
		slices.Sort(uids)
	}
	sorted := slices.SortedFunc(slices.Values(ours), func(a, b ledger.Item) int { return cmp.Compare(a.DstUID, b.DstUID) })
	var later imap.UIDSet
	for _, item := range sorted {
		digest := message.Digest(item.Digest)
		if uids := byDigest[digest]; len(uids) > 0 {
			if uids[0] < item.DstUID {
				later.Add(item.DstUID)
			}
			byDigest[digest] = uids[1:]
		}
	}
	return later
}

// checkRivals looks at what others have written among our messages, if somebody has, and takes back those of
// ours that they had written before. It returns how many that concerns, be they taken back or not. Ordinary mail
// costs a small listing.
//
// What others have written is held against all that we write behind it, and not only against what we had written by
// then: the gaps stay until the mailbox is through, see closeGaps.
func (j *mailboxJob) checkRivals(ctx context.Context) (taken int, err error) {
	doubtful := j.doubtfulGaps()
	j.doubted = !doubtful.Empty()
	gaps := j.row.Gaps.Minus(j.row.Ours).Minus(j.row.Theirs).Minus(doubtful)
	if gaps.Empty() {
		return 0, nil
	}
	if _, err := j.dst.Select(ctx, j.pair.Destination); err != nil {
		return 0, faultOf(err, "open destination mailbox", j.pair.Destination)
	}
	ours, err := j.writtenFrom(ctx, first(gaps))
	if err != nil {
		return 0, err
	}
	later, gone, err := j.outrun(ctx, ours, gaps)
	if err != nil {
		return 0, faultOf(err, "look for copies by other tools in", j.pair.Destination)
	}
	taken = later.Len() + gone.Len()
	if !later.Empty() && !j.dst.Capabilities().Has("UIDPLUS") { // without UID EXPUNGE a copy cannot be taken back alone
		if err := j.ledger().NoteDoubles(ctx, j.row, ledger.Voided{Floor: first(gaps), Sources: sourcesAt(ours, later)}); err != nil {
			return 0, err
		}
		j.slice.find(surplus(arrivedTwice, j.pair.Destination, later))
		later = imap.UIDSet{}
	}
	return taken, j.withdraw(ctx, ours, later, gone)
}

// doubtfulGaps are the gaps in which there may be what was given up and is not through since: a message at which the source
// breaks off is not looked for before its turn. Such a copy is ours, and the one of an equal message behind it is no copy too many.
func (j *mailboxJob) doubtfulGaps() (doubtful imap.UIDSet) {
	for _, v := range j.row.Voids {
		if suspected(v) && !v.Former && !v.Sources.Minus(j.row.Done).Empty() {
			var above imap.UIDSet
			above.AddRange(v.Floor, math.MaxUint32)
			doubtful.AddSet(intersection(j.row.Gaps, above))
		}
	}
	return doubtful
}

// endGaps looks at what was left out of the gaps, once everything has had its turn, and forgets all of them.
func (j *mailboxJob) endGaps(ctx context.Context) error {
	if j.doubted {
		if _, err := j.checkRivals(ctx); err != nil {
			return err
		}
	}
	return j.closeGaps(ctx, imap.UIDSet{})
}

// closeGaps forgets the gaps but some, when nothing more is written that what is in them could be held against, or when all of
// the destination is compared with what is to be written.
func (j *mailboxJob) closeGaps(ctx context.Context, but imap.UIDSet) error {
	if j.row.Gaps.Minus(but).Empty() {
		return nil
	}
	return j.ledger().CloseGaps(ctx, j.row, but)
}

// writtenFrom returns what we have written from a destination UID upwards.
func (j *mailboxJob) writtenFrom(ctx context.Context, floor imap.UID) (ours []ledger.Item, err error) {
	err = j.ledger().Stored(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if item.DstUID > floor && item.Digest != nil && !j.row.Adopted.Contains(item.UID) {
				ours = append(ours, item)
			}
		}
		return nil
	})
	return ours, err
}

// meetRivals does that behind a round. Another copier that is at work ends the work on the account, in order:
// other mailboxes bring to its end what is under way, and look likewise.
func (j *mailboxJob) meetRivals(ctx context.Context) error {
	if j.row.Gaps.Empty() {
		return nil
	}
	taken, err := j.checkRivals(ctx)
	if err != nil {
		return err
	}
	if taken == 0 {
		return j.leaveDestination(ctx)
	}
	j.wound = true
	j.slice.halt(rivalFault(j.pair.Destination, fmt.Sprintf("%s there twice", wasWere(taken))))
	return nil
}

// noteStrangers makes a gap of what a look for our messages has shown besides. Where an answer was lost, or has told no UID, that is all that
// is ever seen of what another copier has written among ours: the next UID that is told proves nothing then.
//
// The rule: whenever the destination is looked at from where ours begin, what is there and not ours is held against all that is, also what
// was confirmed, be it that the look was for something else, and in a later run.
func (j *mailboxJob) noteStrangers(ctx context.Context) error {
	gaps := uidsOf(j.strangers).Minus(j.row.Gaps)
	if gaps.Empty() {
		return nil
	}
	return j.ledger().NoteGaps(ctx, j.row, gaps)
}

// halt ends the slice in order, with a fault that concerns the account.
func (s *slice) halt(fault error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		s.fault = fault
	}
}

// halted returns the fault of halt.
func (s *slice) halted() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// outrun returns those of ours, by destination UIDs, that others have written before us, and that are still
// what we wrote. Of those that are not there any more (gone) the copy was taken back before, and the answer to that
// was lost, or a user has deleted it: either way the message is there by the hand of others.
func (j *mailboxJob) outrun(ctx context.Context, ours []ledger.Item, gaps imap.UIDSet) (later, gone imap.UIDSet, err error) {
	present, err := j.shownFrom(ctx, first(gaps))
	if err != nil {
		return later, gone, err
	}
	others, err := j.likeOurs(ctx, ours, intersection(present, gaps))
	if err != nil {
		return later, gone, err
	}
	all := laterCopies(ours, others)
	gone = all.Minus(present)
	var copies []*entry
	for uid := range all.Minus(gone).All() {
		copies = append(copies, &entry{uid: uid})
	}
	if err := digests(ctx, j.dst, copies); err != nil { // ours by receipt; and looked at, before it goes
		return later, gone, err
	}
	for _, item := range ours {
		for _, e := range copies {
			if e.uid == item.DstUID && e.digest == message.Digest(item.Digest) {
				later.Add(e.uid)
			}
		}
	}
	return later, gone, nil
}

// likeOurs reads those of others' messages that may be the same as ours.
func (j *mailboxJob) likeOurs(ctx context.Context, ours []ledger.Item, theirs imap.UIDSet) ([]entry, error) {
	var others []entry
	err := j.listWhole(ctx, theirs, func(listed []entry) error {
		alike, err := alike(ctx, j.slice.strict(j.dst), ours, listed)
		others = append(others, alike...)
		return err
	})
	return others, err
}

// listWhole lists messages of the destination, a window at a time. That one of them is not listed is an error.
func (j *mailboxJob) listWhole(ctx context.Context, uids imap.UIDSet, each func(listed []entry) error) error {
	for rest := uids; !rest.Empty(); {
		var window imap.UIDSet
		window, rest = head(rest, sweepWindow)
		listed, err := sweep(ctx, j.dst, window)
		if left := window.Minus(uidsOf(listed)); err == nil && !left.Empty() {
			err = shortAtDestination(j.pair.Destination, imap.CountOf(int64(left.Len())))
		}
		if err != nil {
			return err
		}
		if err := each(listed); err != nil {
			return err
		}
	}
	return nil
}

// alike keeps what has the header of one of ours, and reads it. What is marked for removal does not count:
// another copier may be taking it back at this moment.
func alike(ctx context.Context, there asker, ours []ledger.Item, listed []entry) ([]entry, error) {
	listed = slices.DeleteFunc(listed, func(e entry) bool { return slices.Contains(e.flags, deleted) })
	if err := there.headers(ctx, pointers(listed)); err != nil {
		return nil, err
	}
	origins := map[string]bool{} // "" is what has none
	for _, item := range ours {
		origins[string(item.Origin)] = true
	}
	alike := slices.DeleteFunc(listed, func(e entry) bool {
		if !e.original {
			return !origins[""]
		}
		return !origins[string(e.origin[:])]
	})
	return alike, there.bodies(ctx, pointers(alike), bodySeen)
}

// withdraw takes back copies that somebody else had written before, and forgets those that are gone already. The
// gaps stay in the ledger until that is through: whatever breaks off in between is found again by them.
func (j *mailboxJob) withdraw(ctx context.Context, ours []ledger.Item, later, gone imap.UIDSet) error {
	all := union(later, gone)
	if all.Empty() {
		return nil
	}
	if err := j.ledger().NoteWithdrawn(ctx, j.row, copiesAt(ours, all)); err != nil { // see withdrawn.go
		return err
	}
	if !later.Empty() {
		if err := j.removeCopies(ctx, later); err != nil {
			return err
		}
	}
	if err := j.ledger().Disown(ctx, j.row, sourcesAt(ours, all)); err != nil {
		return err
	}
	j.aged = true
	j.slice.noteAdvance()
	j.slice.count(func(t *Tally) { t.Copied = max(t.Copied-all.Len(), 0) })
	return nil
}

// sourcesAt returns the source UIDs of items that are at some destination UIDs.
func sourcesAt(items []ledger.Item, uids imap.UIDSet) imap.UIDSet {
	var sources imap.UIDSet
	for _, item := range items {
		if uids.Contains(item.DstUID) {
			sources.Add(item.UID)
		}
	}
	return sources
}

// copiesAt returns the items that are at some destination UIDs.
func copiesAt(items []ledger.Item, uids imap.UIDSet) (copies []ledger.Item) {
	for _, item := range items {
		if uids.Contains(item.DstUID) {
			copies = append(copies, item)
		}
	}
	return copies
}

// removeCopies takes copies back. The numbers of the opening are not those that the mailbox is left with: one that is put back to them has
// to look changed.
func (j *mailboxJob) removeCopies(ctx context.Context, uids imap.UIDSet) error {
	j.slice.noteWritten(j.pair.Destination)
	err := j.dst.Store(ctx, uids, imap.StoreAdd, []string{deleted})
	if err == nil {
		err = j.dst.Expunge(ctx, uids)
	}
	return faultOf(err, "take copies back from", j.pair.Destination)
}

// rivalFault ends the work on an account that somebody else copies, too.
func rivalFault(mailbox, what string) error {
	return &rehome.Fault{
		Class: rehome.ClassOperator, Op: "copy to", Object: fmt.Sprintf("%q", mailbox),
		Cause: errors.New("another rehome, or another tool, is copying the same messages there: " + what),
		Hint:  "let only one of them copy this account; when the other one has finished, run the same command again",
	}
}

// findTwins looks, where an answer has not told the UIDs of what was stored, whether what was found of it is there
// once more, and returns the source UIDs of what is. Which copy is whose cannot be told then, so that both stay, and
// are named as long as that lasts.
func (j *mailboxJob) findTwins(ctx context.Context, found []entry) (sources imap.UIDSet, err error) {
	if len(found) == 0 || len(j.strangers) == 0 {
		return sources, nil
	}
	m, err := j.match(ctx, found, j.strangers, likeness{})
	m, err = m.strict(err)
	if err != nil {
		return sources, j.notCompared(err)
	}
	for _, p := range m.pairs {
		sources.Add(p.src.uid)
		j.twins.Add(p.dst.uid)
	}
	return sources, nil
}

// checkTwins ends the work on the account when something that this run has written is there once more.
func (j *mailboxJob) checkTwins() {
	if j.twins.Empty() {
		return
	}
	j.slice.find(surplus(arrivedTwice, j.pair.Destination, j.twins))
	j.wound = true
	j.slice.halt(rivalFault(j.pair.Destination, fmt.Sprintf("%s there twice", wasWere(j.twins.Len()))))
}

// surplus names messages of which the destination has one copy too many.
func surplus(d rehome.Declared, mailbox string, uids imap.UIDSet) rehome.Finding {
	return d.On(mailbox, rehome.Values{"n": uids.Len(), "uids": shorten(uids.String())})
}

// shorten cuts a list that nobody reads to its end.
func shorten(list string) string {
	const most = 120
	if len(list) <= most {
		return list
	}
	return list[:most] + "..."
}
