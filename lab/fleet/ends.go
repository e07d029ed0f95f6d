// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/endpoint"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// Shape is what a pass over an account takes.
type Shape struct {
	Slices  int           // so many
	Long    bool          // a slice goes on with the next one as long as its budget lets it: each of them uses one up
	Takes   time.Duration // each; real time is shorter by the speed
	Batches int           // of messages, over all slices, with their rows in the ledger
	Bare    bool          // without these rows
	Speed   float64       // of the simulated time; 0 takes none
	Midway  bool          // accounts are somewhere within their pass when their first turn comes, as in the middle of a long move
}

// messagesPerBatch are in a batch, and of this size, where nothing else is known.
const (
	messagesPerBatch = 100
	messageOctets    = 75_000
)

// ends are a source and a destination that nobody runs. They know what every server would see, over all workers: who is logged in, and
// how far each account is.
type ends struct {
	mu       sync.Mutex
	shape    Shape
	work     int           // how many there have been
	wanted   int           // accounts that are to be over
	limit    int64         // slices that are to begin
	enough   chan struct{} // closed when they are, or have
	open     int           // connections, to each end
	most     int           // of them at once
	accounts map[string]*seen
	over     int
	began    []string // accounts in the order of their first slices
	mistakes []string
	refuses  func(account string) bool
	gaps     time.Duration // between slices of accounts, all together
	between  int           // how many of them
	used     time.Duration // of connections, all together
	trouble  bool          // faults are still to come: no account is over before
	room     bool          // although they are, accounts may be over

	slices, batches atomic.Int64
	ledgers         sync.Map // of the workers, *ledger.Ledger
}

// seen is what the ends have seen of an account.
type seen struct {
	work    int // the one that it was in last, see ends
	turns   int // in that one
	at      int // slices of the pass that is under way
	passes  int // that have come to their end
	working bool
	by      *process       // who had it last; nil where workers live for ever
	may     func() error   // nil while he may send
	since   time.Time      // the slice that is under way began
	ended   time.Time      // the last slice
	brought map[string]int // batches by mailbox, where workers die
}

func newEnds() *ends { return &ends{accounts: map[string]*seen{}} }

// begin has passes be of a shape from now on; the channel is closed when so many accounts are through, or so many slices have begun.
func (e *ends) begin(shape Shape, wanted int, limit int64) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shape, e.wanted, e.limit, e.over, e.enough = shape, wanted, limit, 0, make(chan struct{})
	e.slices.Store(0)
	e.batches.Store(0)
	e.gaps, e.between, e.used, e.most, e.began = 0, 0, 0, e.open, nil
	now := time.Now()
	for _, s := range e.accounts {
		s.since, s.ended = now, time.Time{}
	}
	return e.enough
}

// full waits until so many workers have begun, and so many connections to each end have been used at once, and then for until.Warm. It is an
// error when that does not come about early.
func (e *ends) full(ctx context.Context, workers int, until Until, early <-chan struct{}) error {
	pause := 10 * time.Millisecond
	for {
		joined := 0
		e.ledgers.Range(func(any, any) bool {
			joined++
			return true
		})
		e.mu.Lock()
		most := e.most
		e.mu.Unlock()
		full := joined >= workers && most >= until.Full
		if full {
			pause = until.Warm
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-early:
			return errNoneLeft
		case <-time.After(pause):
		}
		if full {
			return nil
		}
	}
}

// wrong notes what must not be. The caller holds the lock.
func (e *ends) wrong(format string, values ...any) {
	if len(e.mistakes) < 20 {
		e.mistakes = append(e.mistakes, fmt.Sprintf(format, values...))
	}
}

// stepOf is what a worker does at them; its process is nil where it lives for ever.
func (e *ends) stepOf(p *process) journey.Simulated {
	return func(store *ledger.Ledger, source, destination *endpoint.Host, progress *conductor.Progress) pass.Step {
		e.ledgers.Store(store, true)
		return &step{e, p, store, source, destination, progress}
	}
}

type step struct {
	ends        *ends
	process     *process
	store       *ledger.Ledger
	source, dst *endpoint.Host
	progress    *conductor.Progress
}

// Kind implements pass.Step.
func (*step) Kind() rehome.Kind { return rehome.KindMail }

// RunSlice implements pass.Step.
func (s *step) RunSlice(ctx context.Context, account rehome.Account, _ time.Time, budget pass.Budget) (result pass.Result, err error) {
	for _, host := range []*endpoint.Host{s.source, s.dst} {
		leave, err := host.Enter(ctx)
		if err != nil {
			return result, err
		}
		defer leave()
	}
	s.process.wait()
	if err := s.permitted(); err != nil {
		return result, err
	}
	shape, at, turn, refused := s.ends.enter(account.Address, s.process, s.permitted)
	end := sliceCut
	defer func() { s.ends.leave(account.Address, s.process, end) }()
	if refused {
		return result, &rehome.Fault{Class: rehome.ClassAuth, Op: "log in as", Object: account.Address, Cause: errors.New("the password is wrong")}
	}
	messages := int64(shape.Batches * messagesPerBatch)
	s.progress.Looked(account.Address, messages, messages*messageOctets)
	s.progress.Present(account.Address, int64(shape.batches(at)*messagesPerBatch))
	meter := budget.Begin()
	if turn == 2 && shape.Midway && shape.Long { // the first one of an account is short
		meter.Spend(rand.Int64N(longestSlice) * budget.Octets)
	}
	batches, more := 0, true
	for ; ; at = s.ends.goOn(account.Address) {
		brought, err := s.part(ctx, account.Address, shape, at, turn == 1 && batches == 0)
		if err != nil {
			return result, err
		}
		batches += brought
		more = at+1 < shape.Slices
		if meter.Spend(budget.Octets); !more || !shape.Long || meter.Over() {
			break
		}
	}
	if end = sliceDone; !more {
		more, end = s.ends.last(account.Address, s.process)
	}
	there := int64(shape.batches(at+1) * messagesPerBatch)
	return pass.Result{More: more, Advanced: batches > 0, Worked: true, Looked: true, Counts: mailcopy.Counts{
		Tally:  mailcopy.Tally{Copied: batches * messagesPerBatch, Octets: int64(batches) * messagesPerBatch * messageOctets},
		Census: mailcopy.Census{There: there, Left: messages - there}, Mailboxes: mailboxes, Octets: messages * messageOctets,
	}}, nil
}

// longestSlice is how many budgets a slice takes at most, see pass.Budget.
const longestSlice = 10

// batches are there after so many slices.
func (s Shape) batches(at int) int { return at * s.Batches / s.Slices }

// part is one slice of the shape.
func (s *step) part(ctx context.Context, account string, shape Shape, at int, first bool) (batches int, err error) {
	from, to := shape.batches(at), shape.batches(at+1)
	if !shape.Bare {
		if err := s.bring(ctx, account, from, to, shape.Batches); err != nil {
			return 0, err
		}
	}
	if err := s.pause(ctx, shape, first); err != nil {
		s.process.awake(ctx, s, account)
		return 0, err
	}
	s.progress.Copied(account, (to-from)*messagesPerBatch, int64(to-from)*messagesPerBatch*messageOctets)
	return to - from, nil
}

// pause takes the time of a slice.
func (s *step) pause(ctx context.Context, shape Shape, first bool) error {
	if shape.Speed <= 0 {
		return nil
	}
	takes := shape.Takes
	if first && shape.Midway {
		takes = rand.N(takes)
	}
	timer := time.NewTimer(time.Duration(float64(takes) / shape.Speed))
	defer timer.Stop()
	select {
	case <-timer.C:
		return s.process.stopped()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// last says how the last slice of an account ends.
func (e *ends) last(account string, p *process) (more bool, end sliceEnd) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case p != nil && e.accounts[account].passes > 0:
		return false, sliceLook
	case e.trouble && !e.room:
		return true, sliceAgain
	}
	return false, sliceDone
}

// working is for how long connections were used, all together.
func (e *ends) working() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	sum := e.used
	for _, s := range e.accounts {
		if s.working {
			sum += time.Since(s.since)
		}
	}
	return sum
}

// sliceEnd is how a slice has ended.
type sliceEnd int

const (
	sliceCut   sliceEnd = iota
	sliceDone           // it counts
	sliceAgain          // it is done once more, for the time that it takes
	sliceLook           // the account was through, but the worker that knew has died
)

// goOn is the next slice of the shape within the one that is under way.
func (e *ends) goOn(account string) (at int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.accounts[account]
	s.at++
	return s.at
}

// enter logs in, and says how far the account is, and how many slices it has had in this work, with this one.
func (e *ends) enter(account string, p *process, may func() error) (shape Shape, at, turn int, refused bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.accounts[account]
	if s == nil {
		s = &seen{}
		e.accounts[account] = s
	}
	if s.work != e.work {
		s.work, s.turns = e.work, 0
		if e.shape.Midway && s.at == 0 {
			s.at = rand.IntN(e.shape.Slices)
		}
	}
	if s.working && s.may() == nil {
		e.wrong("%s is worked on twice at the same time", account)
	}
	s.by, s.may = p, may
	p.enter()
	if p != nil && s.passes > 0 {
		s.at = e.shape.Slices - 1 // all of it is there
	}
	if s.turns++; s.at == 0 || s.turns == 1 {
		e.began = append(e.began, account)
	}
	if !s.ended.IsZero() && s.at > 0 {
		e.gaps += time.Since(s.ended)
		e.between++
	}
	s.working, s.since = true, time.Now()
	e.open++
	e.most = max(e.most, e.open)
	if e.slices.Add(1) == e.limit {
		close(e.enough)
	}
	return e.shape, s.at, s.turns, e.refuses != nil && e.refuses(account)
}

func (e *ends) leave(account string, p *process, end sliceEnd) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open--
	p.leave(end)
	s := e.accounts[account]
	if s.by != p {
		if end != sliceCut {
			e.wrong("a slice of %s was done by a worker that had lost it", account)
		}
		return
	}
	s.working, s.ended = false, time.Now()
	e.used += s.ended.Sub(s.since)
	if end != sliceDone {
		return
	}
	if s.at++; s.at < e.shape.Slices {
		return
	}
	s.at, s.ended = 0, time.Time{}
	s.passes++
	if e.over++; e.over == e.wanted {
		close(e.enough)
	}
}

// mailboxes of an account, as scale of what a pass reads.
const mailboxes = 20

// bring has the ledger note some batches of an account as a copy does, one mailbox behind the other: the mailbox is read, an intent waits
// for the disk, the destination takes the batch, and a receipt follows. Where workers die each batch has a mailbox of its own.
func (s *step) bring(ctx context.Context, account string, from, to, all int) error {
	var mailbox *ledger.Mailbox
	for i := from; i < to; i++ {
		name := fmt.Sprintf("Folder %d", i*mailboxes/all)
		if mailbox == nil || mailbox.Anchor.Source != name {
			var err error
			mailbox, err = s.store.Mail.Mailbox(ctx, ledger.Anchor{Address: account, Source: name, Destination: name, SrcUIDValidity: 1, DstUIDValidity: 1})
			if err != nil {
				return err
			}
		}
		there, err := s.settle(ctx, account, name, mailbox)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		items := messages(mailbox.Done.Max())
		ids, err := s.store.Mail.Intend(ctx, mailbox, items[0].UID, items)
		if err != nil {
			return err
		}
		if err := s.put(account, name); err != nil {
			return err
		}
		if err := s.store.Mail.Receive(ctx, mailbox, ids[0], arrived(items)); err != nil {
			return err
		}
		s.ends.batches.Add(1)
	}
	return nil
}

// arrived are messages as the destination has them.
func arrived(items []ledger.Item) []ledger.Item {
	for k := range items {
		items[k].DstUID = items[k].UID
	}
	return items
}

// permitted returns an error where this process may send nothing any more.
func (s *step) permitted() error {
	if permit := s.dst.Settings().Permit; permit != nil {
		return permit()
	}
	return nil
}

// put has the destination take a batch, as far as this process may still send anything.
func (s *step) put(account, mailbox string) error {
	s.process.wait() // one that is stopped asks when it is woken up
	if err := s.permitted(); err != nil {
		return err
	}
	if s.process != nil {
		s.ends.take(account, mailbox)
	}
	return nil
}

// messages are those of a batch, behind the last UID.
func messages(last imap.UID) []ledger.Item {
	items := make([]ledger.Item, messagesPerBatch)
	for i := range items {
		digest, origin := make([]byte, 32), make([]byte, 16)
		_, _ = cryptorand.Read(digest) // which never fails
		copy(origin, digest)
		items[i] = ledger.Item{UID: last + 1 + imap.UID(i), Size: messageOctets - int64(rand.IntN(50_000)), Flags: []string{`\Seen`},
			Digest: digest, Origin: origin}
	}
	return items
}
