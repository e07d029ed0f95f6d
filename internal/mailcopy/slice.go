// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// slice is one RunSlice under way.
type slice struct {
	engine   *Engine
	account  rehome.Account
	started  time.Time // of the pass
	meter    *pass.Meter
	src, dst *endpoint.Session

	mu       sync.Mutex
	more     bool
	tally    Tally
	findings []rehome.Finding
	view     accountView
	held     map[string]bool // destination mailboxes that have lost something, and nobody knows why: not touched
	looked   bool
	advanced bool
	waits    []pass.Wait
	fault    error // see halt
	sights   sights
	boxes    map[string]Census // of the source mailboxes that were opened
	lost     map[string]int64  // of what was brought to the held destination mailboxes, so much is gone
	barred   map[string]bool   // source mailboxes that cannot be made or opened; repeating does not help
	present  map[string]bool   // source mailboxes whose messages at the destination are told
	begun    map[string]bool   // source mailboxes that have left a wave: some of their messages may be done already
	broken   map[string]bool   // source mailboxes that end the connection each time: left to a later pass

	annotating annotating

	trouble error // of the first mailbox that was set aside
	memory  *memory
	shares  *shares

	line                     *line           // with the destination's dsync-server
	made                     map[string]bool // destination mailboxes that this slice has made
	aligned                  map[string]bool // of these and of others that nobody has used: they have taken the source's UIDVALIDITY
	srcEvidence, dstEvidence evidence
	foreign                  bool // the source's account has become another person's: nothing is done
}

func newSlice(e *Engine, account rehome.Account, started time.Time, budget pass.Budget) *slice {
	return &slice{engine: e, account: account, started: started, meter: budget.Begin(), held: map[string]bool{},
		boxes: map[string]Census{}, lost: map[string]int64{}, barred: map[string]bool{},
		begun: map[string]bool{}, broken: map[string]bool{}, present: map[string]bool{},
		sights: newSights(), line: newLine(e.options.Importer, account), made: map[string]bool{}, aligned: map[string]bool{},
		shares: newShares(false, 0), memory: e.memoryOf(account.Address, started)}
}

// open logs in at both ends at the same time. That two accounts each hold one end and wait for the other for ever cannot
// happen: places are taken source first, destination second, and extra connections only when they are free. That a caller
// runs no more slices at once than either end has connections is not enough: hosts that ask to go slower have fewer.
//
// beside, if not nil, is done when both have given their places.
func (s *slice) open(ctx context.Context, beside func(context.Context) error) error {
	src, err := s.engine.options.Source.Reserve(ctx, s.account)
	if err != nil {
		return err
	}
	dst, err := s.engine.options.Destination.Reserve(ctx, s.account)
	if err != nil {
		src.Free()
		return err
	}
	if beside != nil {
		if err := beside(ctx); err != nil {
			src.Free()
			dst.Free()
			return err
		}
	}
	return pass.BothEnds(s.account.Address,
		func() (err error) { s.src, err = src.Open(ctx); return err },
		func() (err error) { s.dst, err = dst.Open(ctx); return err },
	)
}

// close logs out at both ends.
func (s *slice) close() { leave(s.src, s.dst) }

// leave logs out of sessions at the same time; those that never came are nil.
func leave(sessions ...*endpoint.Session) {
	var all sync.WaitGroup
	for _, session := range sessions {
		if session != nil {
			all.Go(session.Close)
		}
	}
	all.Wait()
}

// do runs the slice: look at both ends, make what is missing, copy mailbox by mailbox.
func (s *slice) do(ctx context.Context) error {
	defer s.line.close()
	if err := s.open(ctx, s.callEarly); err != nil {
		return err
	}
	view, err := s.look(ctx)
	if err != nil {
		return err
	}
	s.view = view
	if err := s.survey(ctx); err != nil {
		return err
	}
	s.looked = true
	if err := s.orphanIntents(ctx); err != nil {
		return err
	}
	if err := s.recognise(ctx); err != nil || s.foreign {
		return err
	}
	if err := s.alignNames(ctx); err != nil {
		return err
	}
	_, messages, octets := s.view.totals()
	s.engine.options.Observer.Looked(s.account.Address, messages, octets)
	if err := errors.Join(s.copy(ctx), s.saveTrust(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	if err := s.halted(); err != nil {
		return err
	}
	if err := s.finish(ctx); err != nil {
		return err
	}
	return s.noteSights(ctx)
}

// alignNames brings the ledger's and the destination's mailboxes in line with what the source lists.
func (s *slice) alignNames(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.followRenames, s.rematchDisplaced, s.settleEmptied, s.noteDeleted, s.reviveDropped} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.find(s.view.plan.Findings...)
	s.find(s.view.leftOut()...)
	return nil
}

// copy makes what is missing and copies mailbox by mailbox.
func (s *slice) copy(ctx context.Context) error {
	if err := s.view.checkRoom(s.account.Address); err != nil {
		return err
	}
	jobs, err := s.ride(ctx, s.jobs())
	if err != nil {
		return err
	}
	defer s.line.close()
	if err := s.callAhead(ctx, jobs); err != nil {
		return err
	}
	missing, err := s.intendCreations(ctx)
	if err != nil {
		return err
	}
	jobs, made, err := s.rideFirst(ctx, s.possible(jobs), missing)
	if err != nil {
		return err
	}
	extras, err := s.openExtras(ctx, jobs)
	if err != nil {
		return err
	}
	defer extras.close()
	create, q := nothingToMake, newQueue(jobs, nil)
	if !made {
		q = newQueue(jobs, missing)
		create = func(ctx context.Context) error { return s.createMissing(ctx, missing, q.made) }
	}
	if s.engine.options.Importer == nil && len(jobs) > 0 {
		return s.copyMailboxes(ctx, q, create, extras, nil)
	}
	head := s.headOf(jobs)
	err = pass.BothEnds(s.account.Address,
		func() error { head.openSource(ctx); return nil },
		func() (err error) { jobs, err = s.makeReady(ctx, jobs, create); return err },
	)
	if err != nil || len(jobs) == 0 {
		return cmp.Or(err, s.trouble)
	}
	return s.copyMailboxes(ctx, newQueue(jobs, nil), nothingToMake, extras, head)
}

// finish does what has to wait until all is copied, and tells where both ends differ on purpose.
func (s *slice) finish(ctx context.Context) error {
	if s.more || s.waiting() {
		return nil
	}
	if err := s.settleOrphans(ctx); err != nil || s.waiting() {
		return err
	}
	if err := s.removeVanished(ctx); err != nil || s.more {
		return err
	}
	if err := s.annotate(ctx); err != nil {
		return err
	}
	if err := s.remember(ctx, &s.view); err != nil {
		return err
	}
	s.reportFate()
	return nil
}

// jobs returns the pairs that need to be opened, in the plan's order. Pairs that go to one
// destination mailbox are one job: nobody else writes there meanwhile, but who helps with it (see shares).
func (s *slice) jobs() [][]mapping.Pair {
	var jobs [][]mapping.Pair
	place := map[string]int{}
	for _, pair := range s.view.plan.Pairs {
		at, known := place[pair.Destination]
		switch {
		case pair.Container || s.held[pair.Destination]:
		case s.view.needsWork(pair) && known:
			jobs[at] = append(jobs[at], pair)
		case s.view.needsWork(pair):
			place[pair.Destination] = len(jobs)
			jobs = append(jobs, []mapping.Pair{pair})
		default:
			messages, _ := s.view.src[pair.Source].Status.Messages.Told()
			s.notePresent(messages)
		}
	}
	return jobs
}

// possible leaves out the jobs whose mailboxes could not be made.
func (s *slice) possible(jobs [][]mapping.Pair) [][]mapping.Pair {
	return slices.DeleteFunc(jobs, func(pairs []mapping.Pair) bool { return s.isBarred(pairs[0].Source) })
}

// copyMailboxes works on several mailboxes at once. The first worker uses the sessions of the slice,
// the others the extra ones. Over the slice's own connection the missing mailboxes are made first, in the order in which they are
// copied; the others begin with those that are there.
//
// head, if not nil, is the first job: its source is open already, over the slice's own connection.
func (s *slice) copyMailboxes(ctx context.Context, q *queue, create func(context.Context) error, extras *extraSessions, head *headStart) error {
	s.shares = newShares(s.engine.options.Relaxed, q.len())
	first := &seat{slice: s, src: s.src, dst: s.dst, first: true, head: head}
	if head != nil {
		first.pairs = <-q.ready
	}
	group, ctx := pass.NewGroup(ctx, s.account.Address)
	var unmade error
	group.Go(func() error {
		if unmade = s.makeAll(ctx, q, create); unmade != nil {
			return nil //nolint:nilerr // the others bring to its end what they have begun; it is told then
		}
		return s.work(ctx, q.ready, first)
	})
	for n := range extras.size {
		group.Go(func() error {
			s.engine.options.Pace(fmt.Sprintf("worker %d", n))
			extra, err := extras.next(ctx)
			if err != nil || extra == nil {
				return s.extraFailed(err)
			}
			t := &seat{slice: s, src: extra.src, dst: extra.dst}
			defer func() { leave(t.src, t.dst) }()
			return s.work(ctx, q.ready, t)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return cmp.Or(unmade, s.trouble)
}

// extraFailed turns a refused extra connection into a finding: the account goes on with fewer.
func (s *slice) extraFailed(err error) error {
	if err == nil || rehome.ClassOf(err) == rehome.ClassBug {
		return err
	}
	s.find(fewerConnections.On("", rehome.Values{"why": err}))
	return nil
}

func (s *slice) work(ctx context.Context, queue <-chan []mapping.Pair, t *seat) error {
	if err := s.resyncable(ctx, t.src); err != nil {
		return err
	}
	for pairs := range t.turns(queue) {
		on, err := s.workJob(ctx, t, pairs)
		s.shares.through()
		if err != nil || !on {
			return err
		}
	}
	return s.assist(ctx, t)
}

// workJob copies the mailboxes that go to one. It reports whether these sessions can go on.
func (s *slice) workJob(ctx context.Context, t *seat, pairs []mapping.Pair) (on bool, err error) {
	for _, pair := range pairs {
		if s.spent() {
			s.noteMore()
			s.shares.close()
			return false, nil
		}
		job := t.job(pair)
		err := s.endJob(ctx, t, pair, job.runLogged(ctx))
		if errors.Is(err, errNoSeat) {
			s.noteMore() // for what is left of this job; the first seat does the others
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if s.waitsFor(pair.Destination) || s.isHeld(pair.Destination) {
			break // what may still arrive is a writer that nobody knows of
		}
	}
	return true, nil
}

// spent reports whether the budget is used up.
func (s *slice) spent() bool { return s.meter.Over() || s.halted() != nil }

// stopping reports whether nothing new may begin.
func (s *slice) stopping() bool { return s.meter.Stopped() || s.halted() != nil }

func (s *slice) noteMore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more = true
}

// noteAdvance says that the slice has learnt something, even if it copied nothing.
func (s *slice) noteAdvance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advanced = true
}

func (s *slice) find(findings ...rehome.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range findings {
		f.Account = s.account.Address
		s.findings = append(s.findings, f)
	}
}

func (s *slice) count(add func(*Tally)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	add(&s.tally)
}

func (s *slice) result() pass.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Counts{Tally: s.tally, Census: s.takeCensus()}
	c.Mailboxes, _, c.Octets = s.view.totals()
	c.Tally.Failed = int(c.Census.Failed)
	return pass.Result{
		More: s.more, Findings: s.findings, Looked: s.looked, Waits: s.waits, Counts: c, Blocked: pass.Blocked(s.account.Address, s.findings),
		Advanced: s.advanced || c.Tally.Copied+c.Tally.Adopted > 0, Worked: c.Tally.Flagged+c.Tally.Removed > 0,
	}
}

// noteCensus notes what has become of the messages of one mailbox.
func (s *slice) noteCensus(source string, c Census) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boxes[source] = c
}

// counted notes that the messages of a source mailbox that are at the destination are told, and says whether they were before.
func (s *slice) counted(source string) (before bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.present[source]
	s.present[source] = true
	return before
}

// notePresent tells of messages that are at the destination without this slice's copying.
func (s *slice) notePresent(messages int64) {
	s.engine.options.Observer.Present(s.account.Address, messages)
}

// observe tells the outside of confirmed messages and takes them off the budget.
func (s *slice) observe(messages int, octets int64) {
	s.meter.Spend(octets)
	s.count(func(t *Tally) { t.Copied += messages; t.Octets += octets })
	s.engine.options.Observer.Copied(s.account.Address, messages, octets)
}

// selectable reports whether an entry can be opened.
func selectable(entry imap.ListEntry, listed bool) bool { return listed && entry.Selectable() }
