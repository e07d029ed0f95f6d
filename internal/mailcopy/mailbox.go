// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"maps"
	"math"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// sweepWindow is how many messages are listed at once: it bounds memory, whatever the mailbox holds.
const sweepWindow = 4000

// mailboxJob copies one mailbox.
type mailboxJob struct {
	slice    *slice
	pair     mapping.Pair
	src, dst *endpoint.Session

	srcBox, dstBox imap.Selected
	srcNewest      imap.Newest // message, see newest.go
	dstNewest      imap.Newest
	row            *ledger.Mailbox
	filter         flagFilter
	unknown        []entry // messages at the destination that the ledger does not know, and of kept
	kept           keptCopies
	keywords       keywordLosses
	triedAgain     imap.UIDSet           // refused alone with their keywords, and sent once more, see lastResort
	undated        imap.UIDSet           // copied without their dates, which no destination can be expected to keep
	listing        *listing              // of all the source's messages, when it was asked for with the opening; nil otherwise
	foreseen       *foresight            // nil when nothing was asked beforehand
	listed         []entry               // of the source, when wantAll has listed it already; nil otherwise
	unsure         imap.UIDSet           // of ours at the destination: missing, and nobody knows why
	held           bool                  // something is missing at the destination, and nobody knows why: see holdUnknown
	waits          bool                  // batches of this run are neither found nor void yet
	wound          bool                  // the work was stopped, and the source's connection may be closed
	doubted        bool                  // gaps were left out when rivals were looked for, see doubtfulGaps
	nextUID        imap.UID              // of the destination as last seen; 0 when it is not known
	sought         imap.UIDSet           // of the source: what intents that are looked for now have sent
	strangers      []entry               // what the last look for our messages has found besides
	twins          imap.UIDSet           // of these, what is there once more although it was written once
	groups         int                   // begun by this job
	wary           bool                  // what was refused before is tried now, see careful
	aged           bool                  // dstBox is older than what the ledger has adopted since: only a listing tells what is there
	inventory      inventory             // what was found when both mailboxes had been listed
	told           map[imap.UID][]string // flags of what has changed at the source since the last complete pass; nil when it cannot say
	shown          *imap.UIDSet          // the source's messages, listed with the opening; nil when they were not
	restored       restores
	mute           imap.UIDSet // asked for alone, and not delivered by the end that was asked
	silent         silence
	formerSilent   bool        // a copy of an earlier generation was not delivered, and nothing is booked of these
	returnedTwice  imap.UIDSet // copies that were taken back, are there again, and stay, see withdrawn.go
	veil           veil
	replaced       []ledger.Voided // see findReplaced
	flagsDue       bool            // of messages that were found at the destination, or copied without
	flagsUntold    bool            // of some messages, see listFlags
	flagsRefused   flagRefusals
	joined         int // of these, how many got the flags of both ends
	uids           uidKeeping
	there          *imap.UIDSet // the destination's messages, listed with the opening; nil when they were not
	aside          bool         // both sessions are imap.Aside once the mailboxes are open, see wave.go
	ahead          *headStart   // how the source was opened ahead; nil where it was not
}

// inventory is what a look at both mailboxes has shown.
type inventory struct {
	taken    bool
	wanted   imap.UIDSet // to be copied
	vanished imap.UIDSet // of those, gone from the source meanwhile
	short    imap.Count  // messages that the source holds and does not show
	hidden   imap.UIDSet // known from an earlier pass, and not shown: whether they are among those is not known
}

func (j *mailboxJob) ledger() Ledger { return j.slice.engine.options.Ledger }

// run brings the destination's mailbox up to date, as far as the budget allows.
func (j *mailboxJob) run(ctx context.Context) error {
	if err := j.open(ctx); err != nil {
		return err
	}
	defer func() { j.slice.noteCensus(j.pair.Source, j.census()) }()
	wanted, ready, err := j.prepare(ctx)
	if err != nil || !ready {
		return err
	}
	rest, suspects := j.setSuspectsAside(wanted)
	j.accuseEarlier(rest)
	accused := j.slice.memory.accusalsOf(j.pair.Source).all()
	done := true
	err = j.giveUpBad(ctx, wanted)
	if err == nil && j.uids.kept {
		suspects, done, err = j.bringSuspects(ctx, rest.Minus(accused), suspects)
	}
	if err == nil && done {
		done, err = j.copyAll(ctx, rest.Minus(accused))
	}
	if err == nil && done {
		done, err = j.copyAside(ctx)
	}
	if err == nil && done {
		done, err = j.tryAccused(ctx, wanted, rest)
	}
	if err == nil && done {
		done, err = j.trySuspects(ctx, suspects)
	}
	if err == nil && done {
		done, err = j.checkLeftovers(ctx, wanted)
	}
	j.tellCopied()
	if err != nil {
		return j.noteSuspect(ctx, j.tellVoided(ctx, err))
	}
	if !done {
		if !j.waits {
			j.slice.noteMore()
		}
		return nil
	}
	return j.finish(ctx)
}

// prepare holds what was said of the mailbox so far against what is there, and returns the source UIDs that have to be copied. It
// is not ready where nothing may be sent now.
func (j *mailboxJob) prepare(ctx context.Context) (wanted imap.UIDSet, ready bool, err error) {
	if err := j.checkIdentity(ctx); err != nil || j.held {
		return wanted, false, err
	}
	settled, err := j.settleIntents(ctx)
	if err != nil {
		return wanted, false, j.noteSuspect(ctx, err)
	}
	if !settled {
		j.slice.notePresent(int64(j.row.Done.Minus(j.row.Gone).Len()))
		return wanted, false, nil
	}
	if _, err := j.checkRivals(ctx); err != nil { // of a run that did not come to it
		return wanted, false, err
	}
	if err := j.closeGaps(ctx, j.doubtfulGaps()); err != nil { // what is in them is compared with what is wanted now
		return wanted, false, err
	}
	wanted, err = j.takeStock(ctx)
	if err != nil || j.held {
		return wanted, false, err
	}
	return wanted, true, j.learnIdentifiers(ctx, wanted)
}

// tellCopied tells what is to be said of messages that were copied.
func (j *mailboxJob) tellCopied() {
	j.slice.find(j.keywords.finding(j.pair.Source)...)
	j.slice.find(j.undatedFinding()...)
	j.slice.find(j.veiledFinding()...)
	j.slice.find(j.uidsFinding()...)
	j.slice.find(j.identifiersFinding()...)
}

// finish does what has to wait until all is copied that can be, and notes what both ends look like.
func (j *mailboxJob) finish(ctx context.Context) error {
	if err := errors.Join(j.endGaps(ctx), j.ledger().ForgetSuspects(ctx, j.row)); err != nil {
		return err
	}
	if err := j.checkReturned(ctx); err != nil {
		return err
	}
	if err := j.checkVoided(ctx); err != nil {
		return err
	}
	if err := j.noteFormer(ctx); err != nil {
		return err
	}
	if err := j.noteRestored(ctx); err != nil {
		return err
	}
	j.noteJoined()
	if err := j.updateFlags(ctx); err != nil {
		return err
	}
	j.noteSight()
	j.slice.find(unlisted(j.pair.Source, j.inventory.short)...)
	j.slice.find(j.untoldFinding()...)
	return j.settle(ctx)
}

// copyAll copies wanted window by window; done is false when the budget ended. A message may be wanted for several
// reasons, as one of a group that was refused and as one at which the source broke off: what has been settled in
// this pass is left alone.
func (j *mailboxJob) copyAll(ctx context.Context, wanted imap.UIDSet) (done bool, err error) {
	for rest := j.undone(wanted); !rest.Empty(); {
		if j.slice.spent() {
			return false, nil
		}
		var window imap.UIDSet
		window, rest = head(rest, sweepWindow)
		if done, err := j.copyWindow(ctx, window); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// open opens both mailboxes and the ledger's row.
func (j *mailboxJob) open(ctx context.Context) (err error) {
	err = pass.BothEnds(j.slice.account.Address,
		func() error { return j.openSource(ctx) },
		func() (err error) {
			opening, err := j.dst.SelectAhead(ctx, j.pair.Destination)
			j.dstBox, j.dstNewest, err = j.peeked(ctx, rehome.Destination, j.pair.Destination, opening, err)
			return faultOf(err, "open destination mailbox", j.pair.Destination)
		},
	)
	if err != nil {
		return err
	}
	return j.opened(ctx)
}

// opened does what is to be done once both mailboxes are open.
func (j *mailboxJob) opened(ctx context.Context) (err error) {
	if err := j.alignUIDs(ctx); err != nil { // before the row, which is about this UIDVALIDITY
		return err
	}
	j.nextUID = j.dstBox.UIDNext
	j.slice.weighSource(j.srcBox)
	j.slice.weighDestination(j.dstBox)
	j.filter = newFlagFilter(j.dstBox)
	j.row, err = j.ledger().Mailbox(ctx, ledger.Anchor{
		Address: j.slice.account.Address, Source: j.pair.Source, Destination: j.pair.Destination,
		SrcUIDValidity: j.srcBox.UIDValidity, DstUIDValidity: j.dstBox.UIDValidity,
	})
	if err != nil {
		return err
	}
	if j.row.Reanchored {
		j.slice.find(mailboxRenumbered.On(j.pair.Source, nil))
	}
	return nil
}

// takeStock finds out what both ends hold by now, notes the fate of what was copied, and returns the
// source UIDs that have to be copied.
func (j *mailboxJob) takeStock(ctx context.Context) (imap.UIDSet, error) {
	var n sourceChanges
	var present, lost imap.UIDSet
	err := pass.BothEnds(j.slice.account.Address,
		func() (err error) { n, err = j.sourceNews(ctx); return err },
		func() (err error) { present, lost, err = j.missingThere(ctx); return err },
	)
	if err != nil {
		return imap.UIDSet{}, err
	}
	if err := j.regain(ctx, present); err != nil {
		return imap.UIDSet{}, err
	}
	back := j.row.Gone.Minus(n.gone)
	if err := j.holdUnknown(ctx, back); err != nil || j.held {
		return imap.UIDSet{}, err
	}
	anew, err := j.takeBack(ctx, back, intersection(lost, j.row.Removed()))
	if err != nil {
		return imap.UIDSet{}, err
	}
	returned, err := j.regainDropped(ctx, present, n.gone)
	if err != nil {
		return imap.UIDSet{}, err
	}
	anew.AddSet(returned)
	j.uids.stock = present
	j.nextUID = max(j.nextUID, present.Max()+1) // also where no UIDNEXT is told, or one that stands still
	n.wanted, lost = union(n.wanted, anew), lost.Minus(anew)
	if j.holdAlarming(lost.Minus(n.gone)) {
		return imap.UIDSet{}, nil
	}
	if err := j.readyDestination(ctx, n.wanted, present); err != nil {
		return imap.UIDSet{}, err
	}
	j.inventory = inventory{taken: true, wanted: n.wanted, short: n.short, hidden: n.hidden}
	err = j.noteFate(ctx, n.gone, lost)
	if !j.slice.counted(j.pair.Source) { // by a job that has begun anew
		j.slice.notePresent(j.census().There)
	}
	return n.wanted, err
}

// listAhead asks for all messages of the mailbox that is being opened.
func (j *mailboxJob) listAhead(ctx context.Context, opening *imap.Opening) error {
	l := j.newListing()
	err := l.askAhead(ctx, opening)
	j.listing = l
	return faultOf(err, "list source mailbox", j.pair.Source)
}

// newListing is a listing of all messages of the source's mailbox.
func (j *mailboxJob) newListing() *listing {
	var all imap.UIDSet
	all.AddRange(1, math.MaxUint32)
	l := newListing(j.src, all)
	l.items.SaveDate = j.slice.mayKeepUIDs(j.pair) && tellsSaved(j.src)
	return l
}

// wantAll lists a mailbox that fits into one window and of which nothing is done: that tells the
// UIDs too and spares a round trip.
func (j *mailboxJob) wantAll(ctx context.Context) (all imap.UIDSet, short imap.Count, err error) {
	if j.listing == nil {
		if j.listing, err = j.newListing().ask(ctx); err != nil {
			return all, short, faultOf(err, "list source mailbox", j.pair.Source)
		}
	}
	if j.listed, err = j.listing.wait(ctx); err != nil {
		var broke *readError
		if errors.As(err, &broke) {
			// Which message it was cannot be told without the UIDs. The next slice asks for them first,
			// because the row is not fresh any more.
			err = broke.err
			j.slice.noteAdvance()
		}
		return all, short, faultOf(err, "list source mailbox", j.pair.Source)
	}
	return j.listRest(ctx)
}

// listRest finds what the listing has left out of the messages that the mailbox holds.
func (j *mailboxJob) listRest(ctx context.Context) (all imap.UIDSet, short imap.Count, err error) {
	all = uidsOf(j.listed)
	if short = shortage(j.src, all); short.Is(0) {
		j.srcNewest = newestOf(j.listed)
		return all, short, nil
	}
	found, short, err := everything(ctx, j.src)
	if err != nil {
		return all, short, faultOf(err, "list source mailbox", j.pair.Source)
	}
	more, err := sweep(ctx, j.src, found.Minus(all))
	if err != nil {
		return all, short, faultOf(err, "list source mailbox", j.pair.Source)
	}
	j.listed = completed(sortUnique(append(j.listed, more...)), found)
	all = uidsOf(j.listed)
	return all, shortage(j.src, all), nil
}

// missingThere returns the UIDs of all messages of the destination, and the messages, by their source UIDs,
// that have vanished there since they were copied.
func (j *mailboxJob) missingThere(ctx context.Context) (present, lost imap.UIDSet, err error) {
	if present, err = j.atDestination(ctx); err != nil {
		return present, lost, err
	}
	if lost, err = j.sourcesOf(ctx, j.row.Ours.Minus(present)); err != nil {
		return present, lost, err
	}
	j.row.Ours = intersection(j.row.Ours, present)
	return present, lost, nil
}

// readyDestination brings the destination to the state in which the copy can begin. What it holds of others
// matters only where there is something that may be among it.
func (j *mailboxJob) readyDestination(ctx context.Context, wanted, present imap.UIDSet) error {
	if !wanted.Empty() || !j.row.Formerly.Empty() || !j.row.FoundThen.Empty() || !j.row.Restored.Empty() {
		if err := j.loadUnknown(ctx, present); err != nil {
			return err
		}
	}
	if err := j.loadKept(ctx, wanted, present); err != nil {
		return err
	}
	return j.leaveDestination(ctx)
}

// atDestination returns the UIDs of all messages of the destination mailbox. One that we alone have
// filled, and where nobody has deleted anything, costs nothing here.
//
// As many messages as ours are ours only where no UID is left for another one: below a gap, or in it, may be what its
// user had there before, in the place of one that was deleted.
//
// The numbers of the opening may only be held against what the ledger knew then: a message that was adopted
// since would look deleted at the destination.
func (j *mailboxJob) atDestination(ctx context.Context) (imap.UIDSet, error) {
	ours := union(j.row.Ours, j.row.Theirs)
	switch {
	case j.aged:
	case j.dstBox.Messages.Is(0):
		return imap.UIDSet{}, nil
	case j.dstBox.Messages.Is(int64(ours.Len())) && j.dstBox.UIDNext == ours.Max()+1 && gapless(ours):
		return ours, nil
	case j.there != nil && shortage(j.dst, *j.there).Is(0):
		return *j.there, nil
	}
	return j.allThere(ctx)
}

// gapless says that a set holds every UID from 1 to its last.
func gapless(set imap.UIDSet) bool { return set.Len() == int(set.Max()) }

// loadUnknown lists what the destination holds besides our own messages: those of its user, of an
// earlier tool, or of a ledger that was lost.
func (j *mailboxJob) loadUnknown(ctx context.Context, present imap.UIDSet) error {
	return j.listUnknown(ctx, present.Minus(j.row.Ours).Minus(j.row.Theirs))
}

// listUnknown lists messages of the destination with which what is wanted is compared.
func (j *mailboxJob) listUnknown(ctx context.Context, rest imap.UIDSet) error {
	for !rest.Empty() {
		var window imap.UIDSet
		window, rest = head(rest, sweepWindow)
		entries, err := sweep(ctx, j.dst, window)
		if err != nil {
			return faultOf(err, "list destination mailbox", j.pair.Destination)
		}
		if left := window.Minus(uidsOf(entries)); !left.Empty() {
			return shortAtDestination(j.pair.Destination, imap.CountOf(int64(left.Len())))
		}
		j.unknown = append(j.unknown, entries...)
	}
	return nil
}

// leaveDestination closes the destination mailbox before the copy when it is not needed any more: a
// server that has it open reports every single append back.
func (j *mailboxJob) leaveDestination(ctx context.Context) error {
	if len(j.unknown) > 0 || j.aside {
		return nil
	}
	return faultOf(j.dst.UnselectAhead(ctx), "close destination mailbox", j.pair.Destination)
}

// copyWindow lists, matches and copies some thousand messages; done is false when the budget ended.
func (j *mailboxJob) copyWindow(ctx context.Context, window imap.UIDSet) (done bool, err error) {
	entries, err := j.sift(ctx, window)
	if err != nil {
		return false, err
	}
	atSource, kept := splitKept(entries)
	if j.uids.kept {
		return j.bringWindow(ctx, atSource, kept)
	}
	if done, err := j.transferAll(ctx, planBatches(atSource, j.batchLimits())); err != nil || !done {
		return false, err
	}
	return j.offerKept(ctx, kept)
}

func (j *mailboxJob) batchLimits() batchLimits {
	limits := batchLimits{messages: j.slice.engine.options.BatchMessages, octets: j.slice.engine.options.BatchOctets}
	if careful, most := j.careful(); careful && most > 0 {
		limits.messages = most
	}
	return limits
}

// sift lists some thousand messages and returns those that have to be sent.
func (j *mailboxJob) sift(ctx context.Context, window imap.UIDSet) ([]entry, error) {
	entries, err := j.list(ctx, window)
	if err != nil {
		return nil, err
	}
	entries = j.strip(entries)
	for _, step := range []func(context.Context, []entry) ([]entry, error){j.adopt, j.markKept, j.refuseOversize, j.leaveAltered, j.leaveVeiled} {
		if entries, err = step(ctx, entries); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// markKept is noteKept of all.
func (j *mailboxJob) markKept(ctx context.Context, entries []entry) ([]entry, error) {
	return entries, j.noteKept(ctx, entries)
}

// list returns the source's entries of a window.
func (j *mailboxJob) list(ctx context.Context, window imap.UIDSet) ([]entry, error) {
	if j.listed != nil {
		entries := j.listed
		j.listed = nil
		return j.retold(ctx, entries)
	}
	foreseen := j.foreseen.listed(window)
	rest := window.Minus(uidsOf(foreseen))
	if rest.Empty() {
		return j.retold(ctx, foreseen)
	}
	entries, err := j.sweepSource(ctx, rest)
	if err != nil {
		return nil, faultOf(err, "list source mailbox", j.pair.Source)
	}
	if len(foreseen) > 0 {
		entries = sortUnique(append(foreseen, entries...))
	}
	return j.retold(ctx, completed(entries, window))
}

// settle notes the state in which a complete pass has left both ends, so that the next one can tell
// from a listing that nothing has happened. It is the state from before the copy: what arrived
// meanwhile must look new. Of a mailbox that has not shown all it holds, or not said what it is, nothing is noted: the next
// pass looks again.
func (j *mailboxJob) settle(ctx context.Context) error {
	messages, told := j.srcBox.Messages.Told()
	if !told || !j.inventory.short.Is(0) || !j.untold().Empty() {
		return j.ledger().Settle(ctx, j.row, ledger.State{})
	}
	var octets int64
	status := j.slice.view.src[j.pair.Source].Status
	if status != nil && status.UIDNext == j.srcBox.UIDNext && status.Messages == j.srcBox.Messages {
		octets = max(status.Size, 0)
	}
	modSeq := j.srcBox.HighestModSeq
	if j.flagsUntold || len(j.flagsRefused.changes) > 0 {
		modSeq = 0
	}
	return j.ledger().Settle(ctx, j.row, ledger.State{
		SrcUIDNext: j.srcBox.UIDNext, SrcMessages: messages, SrcModSeq: modSeq,
		SrcSize: octets, SrcMailboxID: j.srcBox.MailboxID, SrcNewest: markOf(j.srcNewest),
	})
}

// keywordLosses collects which keywords the destination cannot hold.
type keywordLosses struct {
	messages imap.UIDSet // at the source; one that is tried several times is one message
	flags    map[string]bool
}

func (k *keywordLosses) note(uid imap.UID, flags []string) {
	if len(flags) == 0 {
		return
	}
	if k.flags == nil {
		k.flags = map[string]bool{}
	}
	k.messages.Add(uid)
	for _, f := range flags {
		k.flags[f] = true
	}
}

// add takes over what another one has collected.
func (k *keywordLosses) add(other keywordLosses) {
	k.messages.AddSet(other.messages)
	if k.flags == nil {
		k.flags = other.flags
		return
	}
	maps.Copy(k.flags, other.flags)
}

func (k *keywordLosses) finding(mailbox string) []rehome.Finding {
	if k.messages.Empty() {
		return nil
	}
	return []rehome.Finding{flagsDropped.On(mailbox, rehome.Values{"flags": joinNames(k.flags), "n": k.messages.Len()})}
}
