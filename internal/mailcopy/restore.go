// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A mailbox that was put back from a backup has its old UIDVALIDITY, has lost its newest messages, and gives
// their UIDs to other ones. Either end may be put back.

const (
	probes      = 16   // of the newest messages of ours that are asked when the numbers have changed
	claimWindow = 1000 // messages that are asked at once
)

// restores is what checkIdentity has found out, for the finding at the end.
type restores struct {
	source imap.UIDSet              // source UIDs that are not believed any more because of the source
	former map[imap.UID]ledger.Item // what was known of their copies, by destination UID
}

// checkIdentity holds what the ledger says of both mailboxes against the messages that are there, as far as
// the numbers of the opening give reason to. What turns out to be another message, or lost in a restore, is
// neither done nor ours any more: it is matched by its content like everything that the ledger does not know.
func (j *mailboxJob) checkIdentity(ctx context.Context) error {
	if j.row.Fresh || j.row.Done.Empty() {
		return nil
	}
	if err := errors.Join(j.noteSourceFall(ctx), j.noteDestinationFall(ctx)); err != nil { // before either end is asked more
		return err
	}
	atSource, err := j.voidAtSource(ctx)
	if err != nil {
		return err
	}
	atDestination, err := j.voidAtDestination(ctx) // not at the same time: either end may be asked about the other
	if err != nil || j.held {
		return err
	}
	void, err := j.sourcesOf(ctx, atDestination)
	if err != nil {
		return err
	}
	if err := errors.Join(j.disbelieve(ctx, atSource, void), j.lookAnew(ctx), j.noteReplaced(ctx)); err != nil {
		return err
	}
	if !j.silent.copies.Empty() { // what was doubted stays so
		return nil
	}
	return j.ledger().Doubt(ctx, j.row, 0) // nothing is unknown, or somebody has said what it means
}

// lookAnew makes the numbers of now those that later ones are held against, where they have fallen or another message has
// become the newest: a restore is evidence of what is missing at this moment, and of nothing that is deleted later.
func (j *mailboxJob) lookAnew(ctx context.Context) error {
	now := sightOf(j.dstBox, "")
	seen := j.row.Seen
	lower := now.UIDNext != 0 && now.UIDNext < seen.UIDNext || fallen(seen.ModSeq, now.ModSeq)
	if !lower && !replaced(seen.Newest, markOf(j.dstNewest)) {
		return nil
	}
	now.Messages = ledger.Outdated
	j.row.Seen = now
	return j.ledger().Sighted(ctx, map[int64]ledger.Sight{j.row.ID: now})
}

// disbelieve makes the ledger forget what is not as it says, by source UIDs: atSource because of the source, void because
// of the destination.
func (j *mailboxJob) disbelieve(ctx context.Context, atSource, void imap.UIDSet) error {
	if void.Empty() && atSource.Empty() {
		return nil
	}
	if !void.Empty() {
		j.slice.find(destinationRestored.On(j.pair.Destination, rehome.Values{"n": void.Len()}))
		if len(j.replaced) == 0 || j.replaced[1].Sources.Empty() { // else the server changes what it stores
			if err := j.noteRestoredBeside(ctx); err != nil {
				return err
			}
		}
	}
	if err := j.disownSources(ctx, atSource.Minus(void)); err != nil {
		return err
	}
	j.restored.source = atSource
	return j.disown(ctx, void)
}

// disownSources takes messages that the source does not have any more, or has again, out of what is done. Their copies
// at the destination may be found to be those of others.
func (j *mailboxJob) disownSources(ctx context.Context, sources imap.UIDSet) error {
	former, err := j.copiesOf(ctx, sources)
	if err != nil {
		return err
	}
	if j.restored.former == nil {
		j.restored.former = map[imap.UID]ledger.Item{}
	}
	maps.Copy(j.restored.former, former)
	restored := union(j.row.Restored)
	var ours imap.UIDSet
	for uid, item := range former {
		restored.Add(uid)
		if !j.row.Adopted.Contains(item.UID) {
			ours.Add(uid)
		}
	}
	if err := j.ledger().NoteRestored(ctx, j.row, restored); err != nil {
		return err
	}
	if err := j.disown(ctx, sources); err != nil {
		return err
	}
	j.row.Formerly.AddSet(ours)
	return nil
}

func (j *mailboxJob) disown(ctx context.Context, sources imap.UIDSet) error {
	if sources.Empty() {
		return nil
	}
	j.slice.noteAdvance()
	j.told = nil
	return j.ledger().Disown(ctx, j.row, sources)
}

// takeBack looks at what has come back at the source. A UID that had vanished is never given out again (RFC 9051,
// section 2.3.1.1), so the source was put back to an earlier state: it has messages again that its user had deleted, or
// others under their UIDs. What is not proved to be what was copied, or whose copy is gone, is returned: it is neither
// done any more nor ours, and matched anew. The copies of removed are gone, too: by a removal of which the answer was lost.
func (j *mailboxJob) takeBack(ctx context.Context, back, removed imap.UIDSet) (anew imap.UIDSet, err error) {
	if back.Empty() {
		return anew, nil
	}
	c := claimant{job: j, session: j.src, atSource: true, box: j.srcBox, claims: func(item ledger.Item) (imap.UID, bool) {
		return item.UID, back.Contains(item.UID)
	}}
	s, err := c.examineAll(ctx)
	if err != nil {
		return anew, faultOf(err, "look again at source mailbox", j.pair.Source)
	}
	anew = union(back.Minus(s.same), intersection(back, union(j.row.Lost, removed)))
	j.restored.source = union(j.restored.source, anew)
	return anew, j.disownSources(ctx, anew)
}

// voidAtSource returns the source UIDs that are not those of the messages which were copied.
func (j *mailboxJob) voidAtSource(ctx context.Context) (imap.UIDSet, error) {
	box := j.srcBox
	state := j.row.State
	known := j.row.Done.Minus(j.row.Gone)
	quiet := asLeft(j.row, box, markOf(j.srcNewest)) && state.SrcModSeq <= box.HighestModSeq && !j.hasFallen()
	if known.Empty() || quiet && j.untold().Empty() && sameOctets(state, j.slice.view.src[j.pair.Source].Status) {
		return imap.UIDSet{}, j.ledger().NoteUntold(ctx, j.row, imap.UIDSet{})
	}
	// Where nothing tells whether somebody has deleted a message or a restore has taken it, it stays at the
	// destination: any UIDNEXT below it counts as fallen.
	c := claimant{
		job: j, session: j.src, atSource: true, box: box, claims: atSource(*j.row),
		seen: math.MaxUint32, fallen: fallen(state.SrcModSeq, box.HighestModSeq) || j.hasFallen() || replaced(state.SrcNewest, markOf(j.srcNewest)),
	}
	s, err := c.examine(ctx, known.Max())
	if err != nil {
		return imap.UIDSet{}, faultOf(err, "look again at source mailbox", j.pair.Source)
	}
	void := s.void()
	open := j.untold().Minus(s.same).Minus(s.absent)
	return void, j.ledger().NoteUntold(ctx, j.row, union(open, s.untold()).Minus(void))
}

// asLeft says that the source's mailbox has the numbers of the last complete pass, and the same newest message. What was
// copied in a pass that was broken off afterwards is above them: then they do not mean that nothing has happened.
func asLeft(row *ledger.Mailbox, box imap.Selected, mark string) bool {
	state := row.State
	return state.SrcUIDNext != 0 && state.SrcUIDNext == box.UIDNext && row.Done.Minus(row.Gone).Max() < box.UIDNext &&
		box.Messages.Is(state.SrcMessages) && (box.Messages.Is(0) || unmoved(state.SrcNewest, mark))
}

// fallen says that a HIGHESTMODSEQ is lower than it was.
func fallen(before, now uint64) bool { return now != 0 && now < before }

// voidAtDestination returns the destination UIDs that are not those of the messages which we brought. While nothing
// tells what has become of some, the mailbox is held.
//
// The rule: where what is missing is copied again, what was read, is not what was written, and has no original that it could
// be held against is no claim. Another copier may have put there, under the UID of a message that a restore has taken, the
// very message that is missed: so it belongs to what the destination holds of others, with which that is compared first.
func (j *mailboxJob) voidAtDestination(ctx context.Context) (imap.UIDSet, error) {
	if j.quietAtDestination() {
		return imap.UIDSet{}, nil
	}
	box, err := j.confirmFall(ctx, j.dstBox)
	if err != nil {
		return imap.UIDSet{}, err
	}
	c := claimant{
		job: j, session: j.dst, box: box, claims: atDestination(*j.row),
		seen: j.row.Seen.UIDNext, fallen: fallen(j.row.Seen.ModSeq, box.HighestModSeq), doubted: j.row.Doubted,
	}
	s, err := c.examine(ctx, j.row.Ours.Max())
	if err != nil {
		return imap.UIDSet{}, faultOf(err, "look again at destination mailbox", j.pair.Destination)
	}
	void, unknown := s.void(), s.unknown()
	fell := c.fallen || box.UIDNext != 0 && box.UIDNext < j.row.Seen.UIDNext
	err = errors.Join(j.noteSilence(ctx, s.untold()), j.findReplaced(ctx, intersection(void, union(s.other, s.differing)), fell))
	if err != nil {
		return void, err
	}
	if j.slice.engine.options.CopyAgain {
		return union(void, unknown, s.unlike), nil
	}
	j.unsure = unknown
	return void, j.holdUnknown(ctx, imap.UIDSet{})
}

// quietAtDestination says that nothing speaks against what the ledger says of the destination's mailbox.
func (j *mailboxJob) quietAtDestination() bool {
	return j.row.Ours.Empty() ||
		j.row.Doubted == 0 && steady(j.row.Seen, sightOf(j.dstBox, markOf(j.dstNewest))) && j.slice.view.steadyThere(*j.row)
}

// fallAsked is how often a server is asked again when its UIDNEXT has fallen.
const fallAsked = 2

// confirmFall opens the destination's mailbox again when its UIDNEXT is lower than it was: that makes messages be copied
// again, and some servers say once what is not true. A higher one that is said later shows that nothing was put back.
func (j *mailboxJob) confirmFall(ctx context.Context, box imap.Selected) (imap.Selected, error) {
	for range fallAsked {
		if box.UIDNext == 0 || box.UIDNext >= j.row.Seen.UIDNext {
			break
		}
		again, err := j.dst.Select(ctx, j.pair.Destination)
		if err != nil {
			return box, faultOf(err, "open destination mailbox", j.pair.Destination)
		}
		box.UIDNext = max(box.UIDNext, again.UIDNext)
	}
	return box, nil
}

// holdUnknown leaves the mailbox alone while nobody has said what has become of some of our messages there: its user
// may have deleted them, and the destination may have been put back to an earlier state. Neither are they copied
// again, nor do they count as there. Nothing else may be copied there either: it would get their UIDs, or look as if
// they had been missing before it came.
//
// A copy whose original is gone, too, is missed by nobody: until the source is put back and has the original again (back).
func (j *mailboxJob) holdUnknown(ctx context.Context, back imap.UIDSet) error {
	sources, err := j.sourcesOf(ctx, j.unsure)
	missing := sources.Minus(j.row.Gone.Minus(back)).Len()
	if err != nil || missing == 0 || j.slice.engine.options.ConfirmDeletions {
		return err
	}
	j.held = true
	if err := j.ledger().Doubt(ctx, j.row, first(j.unsure)); err != nil {
		return err
	}
	live := j.row.Live().Len()
	j.slice.hold(emptied{destination: j.pair.Destination, live: live, found: live - missing})
	return nil
}

// holdAlarming leaves the mailbox alone when more of it is gone at the destination than a user is believed to delete at
// once, by the source UIDs. The listing of the account has told it (see settleEmptied), where the destination says there
// what is true.
func (j *mailboxJob) holdAlarming(missing imap.UIDSet) bool {
	options, live := j.slice.engine.options, j.row.Live().Len()
	if options.ConfirmDeletions || options.CopyAgain || emptiedOften(j.pair) || !alarming(missing.Len(), live) {
		return false
	}
	j.held = true
	j.slice.hold(emptied{destination: j.pair.Destination, live: live, found: live - missing.Len()})
	return true
}

// claimant asks one end.
type claimant struct {
	job      *mailboxJob
	session  *endpoint.Session
	atSource bool
	box      imap.Selected
	claims   side
	seen     imap.UID // see endState
	fallen   bool
	doubted  imap.UID
}

// examine asks the newest message, then a few, and all of them if these do not tell that all is as it was, or that
// somebody has deleted what is missing. One that is there and silent tells nothing.
func (c claimant) examine(ctx context.Context, newest imap.UID) (endState, error) {
	claims, err := newestClaims(ctx, c.job.ledger(), *c.job.row, c.claims)
	if err != nil {
		return endState{}, err
	}
	if c.doubted != 0 || c.atSource && !c.job.untold().Empty() {
		return c.examineAll(ctx)
	}
	few := endState{atSource: c.atSource}
	if err := examineClaims(ctx, c.asker(), claims, &few); err != nil {
		return endState{}, err
	}
	if err := c.prove(ctx, doubtfulAmong(claims, few), &few); err != nil {
		return endState{}, err
	}
	if few.other.Empty() && few.unlike.Empty() && few.untold().Empty() && (few.same.Contains(newest) || !c.fallen && c.box.UIDNext > newest) {
		return endState{}, nil
	}
	return c.examineAll(ctx)
}

// newestClaims returns the claims with the highest UIDs.
func newestClaims(ctx context.Context, store Ledger, row ledger.Mailbox, expected side) ([]claim, error) {
	var claims []claim
	var lowest imap.UID // of those that count, once there are enough
	trim := func() {
		slices.SortFunc(claims, func(a, b claim) int { return cmp.Compare(b.uid, a.uid) })
		if claims = claims[:min(len(claims), probes)]; len(claims) == probes {
			lowest = claims[probes-1].uid
		}
	}
	err := store.Brought(ctx, &row, func(batch ledger.Stored) error {
		for _, item := range slices.Backward(batch.Items) { // most batches rise, and so the first few of them leave none of the others
			uid, is := expected(item)
			if !is || uid < lowest {
				continue
			}
			if claims = append(claims, claim{uid, item}); len(claims) >= 2*probes {
				trim()
			}
		}
		return nil
	})
	trim()
	return claims, err
}

// examineAll asks every message that the ledger claims.
func (c claimant) examineAll(ctx context.Context) (endState, error) {
	s := endState{atSource: c.atSource, uidNext: c.box.UIDNext, seen: c.seen, fallen: c.fallen, doubted: c.doubted}
	present, short, err := everything(ctx, c.session)
	if err == nil && !c.atSource && !short.Is(0) {
		err = shortAtDestination(c.job.pair.Destination, short)
	}
	if err != nil {
		return s, err
	}
	s.highest = present.Max()
	var window []claim
	flush := func() error {
		err := examineClaims(ctx, c.asker(), window, &s)
		window = window[:0]
		return err
	}
	err = c.job.ledger().Brought(ctx, c.job.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			uid, is := c.claims(item)
			switch {
			case !is, !present.Contains(uid) && !short.Is(0): // what the source does not show may be there
			case !present.Contains(uid):
				s.absent.Add(uid)
			default:
				window = append(window, claim{uid, item})
			}
		}
		if len(window) >= claimWindow {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = c.proveNewest(ctx, &s, math.MaxUint32)
	}
	if untold := c.job.untold(); err == nil && c.atSource && !untold.Empty() { // what is above was copied since, and tells nothing of it
		err = c.proveNewest(ctx, &s, untold.Max())
	}
	if err == nil {
		err = c.askAlone(ctx, &s)
	}
	return s, err
}

// copiesOf returns, by destination UID, what the ledger knows of some messages, given by their source UIDs:
// those that are there as far as is known.
func (j *mailboxJob) copiesOf(ctx context.Context, sources imap.UIDSet) (map[imap.UID]ledger.Item, error) {
	copies := map[imap.UID]ledger.Item{}
	if sources = sources.Minus(j.row.Lost); sources.Empty() {
		return copies, nil
	}
	err := j.ledger().Stored(ctx, j.row, func(batch ledger.Stored) error {
		for _, item := range batch.Items {
			if sources.Contains(item.UID) {
				copies[item.DstUID] = item
			}
		}
		return nil
	})
	return copies, err
}

// noteRestored tells what a source that was put back to an earlier state has lost: nobody has deleted it,
// so it stays at the destination, under either policy. An earlier pass may have broken off before it could tell. As long as the
// destination does not show what may be the copies, a later pass tells it.
func (j *mailboxJob) noteRestored(ctx context.Context) error {
	if !j.veil.left.Empty() || j.restored.source.Empty() && j.row.Restored.Empty() {
		return nil
	}
	var left imap.UIDSet
	for _, e := range j.unknown {
		left.Add(e.uid)
	}
	lost := intersection(left, j.row.Restored).Len()
	j.slice.find(sourceRestored.On(j.pair.Source, rehome.Values{"n": lost}))
	return j.ledger().NoteRestored(ctx, j.row, imap.UIDSet{})
}
