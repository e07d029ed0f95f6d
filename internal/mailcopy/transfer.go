// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// A group is what one FETCH asks for and one commit of intents covers: many batches, so that round
// trips and fsyncs cost next to nothing, and few enough that a crash leaves little to look up.
const (
	groupMessages = 2000
	groupOctets   = 64 << 20
	groupLine     = 7 << 10 // octets of the UIDs as text: one command line, which servers bound at 8 KiB
	sharedBatches = 2       // of a group where a mailbox has several writers
)

// transferAll copies batches until they are done (done) or the budget is spent. What the
// destination refuses is taken apart until the message to blame is alone.
func (j *mailboxJob) transferAll(ctx context.Context, batches []batch) (done bool, err error) {
	for len(batches) > 0 {
		if j.slice.spent() {
			return false, nil
		}
		var round [][]batch
		round, batches = takeGroups(batches, j.slice.meter.Left(), j.growth())
		refused, left, err := j.transferGroups(ctx, round)
		if err != nil {
			return false, err
		}
		batches = slices.Concat(slices.Concat(left...), batches)
		if err := j.isolate(ctx, refused); err != nil || j.waits || j.wound {
			return false, err
		}
	}
	return true, nil
}

// growth is how a mailbox begins: with small groups, so that little is there twice when somebody else turns
// out to copy the same. Without UIDPLUS, and as long as a mailbox has several writers, only a look tells that, which
// comes when a round is over: there the first one is a single group.
type growth struct {
	begun  int  // groups so far
	single bool // the round is one group
	alone  bool // and that one batch, see careful
	shared bool // for several writers: groups are so small that all have something to do to the end
}

func (j *mailboxJob) growth() growth {
	relaxed := j.relaxed()
	single := relaxed || !j.dst.Capabilities().Has("UIDPLUS")
	careful, _ := j.careful()
	return growth{begun: j.groups, single: careful || j.groups == 0 && single, alone: careful, shared: relaxed}
}

// messages is how many the next group may hold: some hundred, some hundred more, then all.
func (g growth) messages() int { return groupMessages >> max(0, 4-2*g.begun) }

// batches is how many it may consist of.
func (g growth) batches() int {
	switch {
	case g.alone:
		return 1
	case g.shared:
		return sharedBatches
	}
	return groupMessages
}

// takeGroups cuts as many batches as octets allow, but at least one group, into groups.
func takeGroups(batches []batch, octets int64, g growth) (groups [][]batch, rest []batch) {
	rest = batches
	for len(rest) > 0 && (len(groups) == 0 || octets > 0 && !g.single) {
		n, size := groupLength(rest, min(groupOctets, octets), g.messages())
		if most := g.batches(); n > most {
			n = most
			size = octetsIn(rest[:n])
		}
		g.begun++
		groups = append(groups, rest[:n])
		rest = rest[n:]
		octets -= size
	}
	return groups, rest
}

func octetsIn(batches []batch) (octets int64) {
	for _, b := range batches {
		octets += b.octets()
	}
	return octets
}

// groupLength returns how many of batches make one group of at most limit octets and most messages, at least
// one, and their octets.
func groupLength(batches []batch, limit int64, most int) (n int, octets int64) {
	messages := 0
	var uids imap.UIDSet
	for n < len(batches) {
		b := batches[n]
		uids.AddSet(uidsOf(b))
		full := messages+len(b) > most || octets+b.octets() > limit || len(uids.String()) > groupLine
		if n > 0 && full {
			break
		}
		messages += len(b)
		octets += b.octets()
		n++
	}
	return n, octets
}

// transferGroups streams groups one behind the other, or over several connections, and returns what the destination has refused,
// and the groups that were not begun because somebody else turned out to write into the mailbox.
// After an error whatever was under way is left to the next slice, which looks it up.
func (j *mailboxJob) transferGroups(ctx context.Context, groups [][]batch) (refused []refusedBatch, left [][]batch, err error) {
	return j.endGroups(ctx, j.beginGroups(ctx, groups, nil))
}

// floor is what no message that is sent now has a lower UID than at the destination.
func (j *mailboxJob) floor() imap.UID { return max(j.row.Ours.Max()+1, j.dstBox.UIDNext, 1) }

// beginGroups sends groups, one behind the other. The intents of the first are those of intended, unless that is nil. With intents
// that are there already nobody else helps.
func (j *mailboxJob) beginGroups(ctx context.Context, groups [][]batch, intended []int64) *load {
	j.slice.noteWritten(j.pair.Destination)
	l := j.newLoad(groups, intended)
	if intended == nil && j.relaxed() {
		j.slice.shares.offer(l)
	}
	l.own.send(ctx)
	return l
}

// endGroups waits for the answers, with the results of transferGroups.
func (j *mailboxJob) endGroups(ctx context.Context, l *load) (refused []refusedBatch, left [][]batch, err error) {
	l.own.receive(ctx)
	l.end()
	j.slice.shares.withdraw(l)
	sum, err := l.gather()
	if err != nil {
		return nil, nil, faultOf(err, "copy mailbox", j.pair.Source)
	}
	j.groups += len(sum.flows)
	if err := l.settleGaps(ctx, len(sum.unnamed) > 0); err != nil {
		return nil, nil, err
	}
	if l.reused { // what was known of the mailbox when the round began is known no more: the next slice looks
		j.wound = true
		return sum.refused, l.groups, nil
	}
	return sum.refused, l.groups, j.afterGroups(ctx, l.floor, sum)
}

// moreTelling prefers the destination's words to the error that they caused on the source side.
func moreTelling(streamErr, answerErr error) error {
	var status *imap.StatusError
	var bad *badAnswer
	if errors.As(streamErr, &bad) {
		return streamErr
	}
	if answerErr != nil && (streamErr == nil || errors.As(answerErr, &status)) {
		return answerErr
	}
	return streamErr
}

// breakOff ends both connections, the destination's first: a callback of the source's reader may be
// waiting for it.
func (n *lane) breakOff() {
	_ = n.dst.Client.Close() // closing a broken connection has nothing to tell
	_ = n.src.Client.Close()
}

// errStopped ends a stream when nothing new may begin.
var errStopped = errors.New("stopped on request")

// windUp ends a stream that was stopped at a message: what was sent is complete and will be answered. The
// source is only read, so that its connection may go at once. Of the transfers that are left not an octet
// was sent, and their intents are void.
func (n *lane) windUp() error {
	n.wound = true
	_ = n.src.Client.Close() // no callback runs behind this
	for _, f := range n.answers.flows {
		if err := f.advance(len(f.transfers)); err != nil {
			return err
		}
	}
	return nil
}

// afterGroups does what has to wait until nothing is under way any more. When the work was stopped the source
// is closed: the next run looks up what has no UIDs, and finds it at once.
func (j *mailboxJob) afterGroups(ctx context.Context, floor imap.UID, a *answers) error {
	if err := j.meetRivals(ctx); err != nil || j.wound {
		return err
	}
	for i := range a.unnamed {
		a.unnamed[i].Floor, a.unnamed[i].Answered = floor, true
	}
	if len(a.unnamed) > 0 {
		settled, err := j.resolve(ctx, a.unnamed)
		if err != nil {
			return err
		}
		j.waits = !settled
		if j.checkTwins(); j.wound {
			return nil
		}
		if err := j.meetRivals(ctx); err != nil || j.wound {
			return err
		}
	}
	for _, e := range a.empty {
		if err := j.refuse(ctx, e, refusal{kind: messageEmpty, words: "it is empty, and IMAP cannot store an empty message"}); err != nil {
			return err
		}
	}
	return nil
}

// stream runs the FETCH of each group. The next one is sent while the last message of the one before
// arrives, and not earlier: a server may answer two of them at the same time, and then messages of
// two batches would come mixed.
func (n *lane) stream(ctx context.Context) error {
	var previous *flow
	for group := n.load.next(); group != nil; group = n.load.next() {
		ids, err := n.intend(ctx, group)
		if err != nil {
			return err
		}
		f := n.newFlow(ctx, group, ids)
		n.answers.flows = append(n.answers.flows, f)
		if previous != nil {
			if err := previous.untilLast(); err != nil {
				return err
			}
		}
		if err := f.start(); err != nil {
			return err
		}
		if previous != nil {
			if err := previous.finish(); err != nil {
				return err
			}
		}
		previous = f
	}
	if previous == nil { // the others were faster
		return nil
	}
	return previous.finish()
}

// flow is one group on its way. Its fields belong to the source's reader while the FETCH runs, and
// to the caller of finish afterwards.
type flow struct {
	lane      *lane
	job       *mailboxJob
	ctx       context.Context
	transfers []*transfer
	current   int         // index of the transfer that is being written
	came      imap.UIDSet // what has begun to arrive
	latest    imap.UID    // of that, the last
	digester  *message.Digester
	header    *message.Header
	notes     io.Writer // what is taken down of a message on its way: both
	fetch     *imap.FetchCommand
	last      chan struct{} // closed when the last message has begun to arrive
	stopped   chan struct{} // closed when body has met a request to stop
}

// transfer is one batch of a flow.
type transfer struct {
	batch   batch
	id      int64       // of its intent
	sent    []*appended // in the order of their commands
	began   time.Time   // when its first octet was sent
	next    int         // index of the first entry that has not come yet
	empty   []entry     // without a single octet, which cannot be appended
	refused bool        // the destination said no before the batch was complete
}

// appended is one APPEND command and the messages in it.
type appended struct {
	command *imap.AppendCommand
	entries []entry
	items   []ledger.Item
}

// itemsOf returns the messages of batches in the ledger's words.
func itemsOf(batches []batch) [][]ledger.Item {
	all := make([][]ledger.Item, len(batches))
	for i, b := range batches {
		all[i] = items(b)
	}
	return all
}

// newFlow makes the flow of a group, whose intents are in the ledger.
func (n *lane) newFlow(ctx context.Context, group []batch, ids []int64) *flow {
	f := &flow{lane: n, job: n.job, ctx: ctx, digester: message.NewDigester(), header: message.NewHeader(headerLimit),
		last: make(chan struct{}), stopped: make(chan struct{})}
	f.notes = io.MultiWriter(f.digester, f.header)
	for i, b := range group {
		f.transfers = append(f.transfers, &transfer{batch: b, id: ids[i]})
	}
	return f
}

// start asks the source for the bodies. One that was kept is handed out at once.
func (f *flow) start() (err error) {
	if e := f.transfers[0].batch[0]; e.kept != "" {
		return f.replay(e)
	}
	var uids imap.UIDSet
	for _, t := range f.transfers {
		uids.AddSet(uidsOf(t.batch))
	}
	if f.lane == f.lane.load.own && f.job.foreseen.holds(uids) {
		return f.handOut(uids)
	}
	f.fetch, err = f.lane.src.Fetch(f.ctx, uids, imap.FetchItems{Body: true},
		imap.FetchHandler{Literal: f.body})
	return err
}

// handOut hands out what was brought together with the opening, as the source's reader would.
func (f *flow) handOut(uids imap.UIDSet) error {
	for uid := range uids.All() {
		body := f.job.foreseen.bodies[uid]
		if err := f.body(&imap.Literal{UID: uid, Size: int64(len(body)), Reader: bytes.NewReader(body)}); err != nil {
			return err
		}
	}
	return nil
}

// untilLast waits until the last message has begun to arrive, or the FETCH is over without it.
func (f *flow) untilLast() error {
	if f.fetch == nil { // it was handed out
		return f.finish()
	}
	select {
	case <-f.last: // also where the FETCH is over by now: what comes first does not hang on who looks first
		return nil
	default:
	}
	select {
	case <-f.last:
		return nil
	case <-f.fetch.Done():
		return f.finish()
	case <-f.stopped:
		return errStopped
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// finish waits for the source and hands the transfers that are left to answers. A source that says
// NO could not give all messages: the others are complete, and what is missing is looked at when the
// mailbox is done.
func (f *flow) finish() error {
	if f.fetch == nil {
		return f.advance(len(f.transfers))
	}
	select {
	case <-f.stopped:
		return errStopped
	case <-f.fetch.Done():
	case <-f.ctx.Done():
	}
	err := f.fetch.Wait(f.ctx)
	if errors.Is(err, errStopped) {
		return err
	}
	if err != nil && f.lane.src.Err() != nil {
		return f.broke(err)
	}
	if err != nil && !imap.IsStatus(err, "NO") {
		return err
	}
	return f.advance(len(f.transfers))
}

// broke names the message that the source was reading when it ended the connection: the one whose
// body was cut, or else the first that never came. Others behind it may have come: a server may answer
// in any order (RFC 9051, section 7.5.2).
func (f *flow) broke(err error) error {
	var cut *imap.BodyError
	if errors.As(err, &cut) && f.latest != 0 {
		return &readError{uid: f.latest, err: err}
	}
	var asked imap.UIDSet
	for _, t := range f.transfers {
		asked.AddSet(uidsOf(t.batch))
	}
	if missing := first(asked.Minus(f.came)); missing != 0 {
		return &readError{uid: missing, err: err}
	}
	return err
}

// advance ends the transfers before index and hands them to answers.
func (f *flow) advance(index int) error {
	for ; f.current < index; f.current++ {
		t := f.transfers[f.current]
		if err := f.ended(t, t.end()); err != nil {
			return err
		}
		if err := f.lane.answers.expect(t); err != nil {
			return err
		}
	}
	return nil
}

var errNoUID = errors.New("the source sends message bodies before their UIDs")

// began notes that a body has begun to arrive.
func (f *flow) began(uid imap.UID) {
	f.came.Add(uid)
	f.latest = uid
}

// body runs on the source's reader for every message that arrives, and streams it on.
func (f *flow) body(l *imap.Literal) error {
	if l.UID == 0 {
		return errNoUID
	}
	f.began(l.UID)
	e, ok, err := f.take(l.UID)
	if err != nil || !ok {
		return err
	}
	t := f.transfers[f.current]
	switch {
	case f.job.slice.stopping():
		close(f.stopped) // once: after an error no further message is handed out
		return errors.Join(f.advance(f.current+1), errStopped)
	case l.Size == 0:
		t.empty = append(t.empty, e)
	case !t.refused:
		err = f.write(t, e, l)
	}
	if err == nil && t.next == len(t.batch) {
		err = f.advance(f.current + 1) // at once: the destination commits while the source goes on
	}
	return err
}
