// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"errors"
	"sync"

	"rehome/internal/endpoint"
	"rehome/internal/protocol/imap"
)

// A mailbox has one writer, so that the destination's UIDs rise in the order of the source's. Who does not need that
// (Options.Relaxed) has several: workers that have no mailbox left join one that is at work, each with a pair of sessions of
// its own. Nothing else changes. Every group has its intents before its first octet is sent, APPENDUID says of each command
// where its own messages are, and what has become of all of them is looked at when the last writer is through.

// load is groups of one mailbox that lanes take one by one.
type load struct {
	job    *mailboxJob
	own    *lane // with the job's own sessions
	floor  imap.UID
	rivals rivals

	booking sync.Mutex // one receipt at a time: they change the mailbox's row
	reused  bool       // the destination has given out UIDs anew, see noteReused

	mu     sync.Mutex
	groups [][]batch      // that nobody has begun
	lanes  []*lane        // the job's own first
	closed bool           // nobody joins any more
	failed bool           // nothing more is begun
	joined sync.WaitGroup // the others
}

// lane is what one pair of sessions writes of a load.
type lane struct {
	load     *load
	job      *mailboxJob
	src, dst *endpoint.Session
	intended []int64 // the intents of its first group, where the ledger has them already
	late     bool    // nobody waits for answers before all is sent: there are few
	answers  *answers
	unsent   error // not all was sent
	wound    bool  // it was stopped, and the source's connection may be closed
	undated  imap.UIDSet
	keywords keywordLosses
	err      error
}

func (j *mailboxJob) newLoad(groups [][]batch, intended []int64) *load {
	l := &load{job: j, floor: j.floor(), rivals: rivals{next: j.nextUID}, groups: groups}
	l.own = &lane{load: l, job: j, src: j.src, dst: j.dst, intended: intended, late: intended != nil}
	l.lanes = []*lane{l.own}
	return l
}

// join adds a lane to the job's own; nil when it comes too late. Each is to run, and only once.
func (l *load) join(src, dst *endpoint.Session) *lane {
	n := &lane{load: l, job: l.job, src: src, dst: dst}
	if !l.add(n) {
		return nil
	}
	l.share() // not of a load that may have ended: its job reads what this changes
	return n
}

func (l *load) add(n *lane) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.openLocked() {
		return false
	}
	l.lanes = append(l.lanes, n)
	l.joined.Add(1)
	return true
}

// joinable says that there is something to join for.
func (l *load) joinable() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.openLocked()
}

func (l *load) openLocked() bool {
	return !l.closed && !l.failed && len(l.groups) > 0 && !l.rivals.noted.Load()
}

// share makes ready for several lanes: from now on an answer does not tell whether somebody else has written before it.
func (l *load) share() {
	l.booking.Lock()
	defer l.booking.Unlock()
	l.rivals.share(l.job.row.Gaps)
}

// settleGaps leaves of the gaps what nobody of us has got. It is behind the last receipt; if the work breaks off before, all of them
// are looked at. Where some answers have told no UIDs (unnamed), a gap may be ours, and what is there is looked at in any case.
func (l *load) settleGaps(ctx context.Context, unnamed bool) error {
	if !l.rivals.shared || l.job.row.Gaps.Empty() {
		return nil
	}
	left := l.rivals.before
	if !unnamed {
		left = union(left, l.rivals.open)
	}
	return l.job.ledger().CloseGaps(ctx, l.job.row, left)
}

// next takes the next group; nil when nothing more may begin.
func (l *load) next() []batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed || len(l.groups) == 0 || l.rivals.noted.Load() { // see checkRivals
		return nil
	}
	group := l.groups[0]
	l.groups = l.groups[1:]
	return group
}

// fail keeps all lanes from beginning more. What they have begun they bring to its end.
func (l *load) fail() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = true
}

// end waits for all lanes. Nobody joins any more.
func (l *load) end() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.joined.Wait()
}

// gather hands over to the job what the lanes have found, and returns the first error, that of the job's own lane before the
// others'.
func (l *load) gather() (sum *answers, err error) {
	sum = &answers{}
	for _, n := range l.lanes {
		if err == nil {
			err = n.err
		}
		if n.answers != nil {
			sum.flows = append(sum.flows, n.answers.flows...)
			sum.refused = append(sum.refused, n.answers.refused...)
			sum.unnamed = append(sum.unnamed, n.answers.unnamed...)
			sum.empty = append(sum.empty, n.answers.empty...)
		}
		l.job.wound = l.job.wound || n.wound
		l.job.undated.AddSet(n.undated)
		l.job.keywords.add(n.keywords)
	}
	l.job.nextUID = max(l.job.nextUID, l.rivals.next)
	return sum, err
}

// run is send and receive of a lane that has joined.
func (n *lane) run(ctx context.Context) {
	defer n.load.joined.Done()
	n.send(ctx)
	n.receive(ctx)
}

// send writes groups until none is left. After an error both connections are closed, and whatever was under way on them is left to
// the next slice, which looks it up.
func (n *lane) send(ctx context.Context) {
	n.answers = newAnswers(ctx, n)
	if !n.late {
		n.answers.start()
	}
	n.unsent = n.stream(ctx)
	switch {
	case errors.Is(n.unsent, errStopped):
		n.unsent = n.windUp()
	case n.unsent != nil:
		n.breakOff()
	}
}

// receive waits for the answers. After an error it is as after one of send.
func (n *lane) receive(ctx context.Context) {
	if n.late {
		n.answers.start()
	}
	if n.err = moreTelling(n.unsent, n.answers.wait()); n.err == nil {
		return
	}
	n.breakOff()
	n.load.fail()
	var bad *badAnswer
	if errors.As(n.err, &bad) && bad.void != 0 {
		if err := n.job.ledger().Void(ctx, bad.void); err != nil {
			n.err = err
		}
	}
}

// intend writes the intents of a group, unless the ledger has them.
func (n *lane) intend(ctx context.Context, group []batch) (ids []int64, err error) {
	if ids, n.intended = n.intended, nil; ids != nil {
		return ids, nil
	}
	return n.job.ledger().Intend(ctx, n.job.row, n.load.floor, itemsOf(group)...)
}
