// SPDX-License-Identifier: Apache-2.0

// Package conductor decides which account is worked on when.
//
// It cuts a pass into slices and gives every account its turn, tries again what may be tried again,
// and keeps the account's row and findings in the ledger. It knows no protocol: a Slicer does the
// work, one for mail and one for contacts and calendars. These come first, because they are small and
// missed at once; trouble with them does not keep the mail back. The runner here is the local one, goroutines in one process; the ledger makes the work
// durable, so after a crash or Ctrl-C the same call goes on.
package conductor

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/davcopy"
	"rehome/internal/ledger"
	"rehome/internal/mailcopy"
)

// Slicer does a part of a pass over one account; *mailcopy.Engine is one.
type Slicer interface {
	RunSlice(ctx context.Context, account rehome.Account, started time.Time, budget mailcopy.Budget) (mailcopy.Result, error)
}

// Book keeps what operators see of an account; *ledger.Ledger is one.
type Book interface {
	SaveAccount(ctx context.Context, a ledger.Account) error
	ReplaceFindings(ctx context.Context, address string, origin ledger.Origin, findings []rehome.Finding) error
}

// Options of a Conductor. Book is required, and one of Slicer and PIM.
type Options struct {
	Slicer  Slicer    // mail; nil when no mail moves
	PIM     PIMSlicer // contacts and calendars; nil when none move
	Book    Book
	Workers int // accounts at work at once; 0 means 4
	Budget  mailcopy.Budget
	Pass    rehome.Pass

	Progress *Progress // told of accounts that end; nil for nobody

	// Stop, when it is closed, lets nothing new begin: slices bring what is under way to its end. What has not
	// ended after Grace, 0 means DefaultGrace, is cut off. A nil Stop is never closed.
	Stop  <-chan struct{}
	Grace time.Duration
}

// DefaultGrace is enough for a destination that stands still for half a minute.
const DefaultGrace = time.Minute

// ErrCutOff says that what was under way when the pass was stopped has not ended in time.
var ErrCutOff = errors.New("what was under way did not end in time")

// Outcome is how the pass over one account ended.
type Outcome struct {
	Account  string
	Tally    mailcopy.Tally
	Census   mailcopy.Census // of the source's messages
	PIM      map[ledger.CollectionKind]davcopy.Tally
	Findings []rehome.Finding
	Err      error // why the account is not complete; nil when it is
}

// Unchanged counts the messages that were at the destination before this pass.
func (o Outcome) Unchanged() int64 {
	return max(o.Census.There-int64(o.Tally.Copied)-int64(o.Tally.Adopted), 0) // some may have vanished meanwhile
}

// Conductor runs one pass over many accounts.
type Conductor struct {
	options Options
	queue   chan *turn
	left    sync.WaitGroup // accounts that are not finished

	interrupted atomic.Bool // an account could have gone on
}

// turn is one account waiting for its next slice.
type turn struct {
	account  rehome.Account
	started  time.Time
	budget   mailcopy.Budget
	outcome  *Outcome
	findings map[string]rehome.Finding // by code and object
	failures int                       // in a row, without a slice that advanced in between
	stages   []stage                   // what is still to be done, the one at work first
	troubles []error                   // why stages that are over are not complete
	pim      pimTurn

	begun     bool // a slice has run
	looked    bool // a slice has seen both ends
	mailboxes int64
	octets    int64
}

// New returns a Conductor for one pass.
func New(options Options) *Conductor {
	if options.Workers <= 0 {
		options.Workers = 4
	}
	if options.Budget == (mailcopy.Budget{}) {
		options.Budget = mailcopy.DefaultBudget
	}
	if options.Progress == nil {
		options.Progress = NewProgress()
	}
	if options.Grace <= 0 {
		options.Grace = DefaultGrace
	}
	options.Budget.Stop = options.Stop
	if options.Pass == "" {
		options.Pass = rehome.PassPreStage
	}
	return &Conductor{options: options}
}

// Run works until every account is finished or failed, and returns the outcomes in the order of
// accounts; an account that is named twice has one. When ctx ends first, or the pass is stopped, it
// returns what there is together with ctx's error, or context.Canceled; accounts that are not complete then
// carry that error, also those whose turn never came. ErrCutOff is joined to it where it applies.
func (c *Conductor) Run(ctx context.Context, accounts []rehome.Account) ([]Outcome, error) {
	ctx, over := c.withGrace(ctx)
	defer over(nil)
	turns := c.turns(accounts)
	c.queue = make(chan *turn, len(turns))
	c.left.Add(len(turns))
	for _, t := range turns {
		c.queue <- t
	}
	var workers sync.WaitGroup
	for range min(c.options.Workers, len(turns)) {
		workers.Go(func() { c.work(ctx) })
	}
	c.left.Wait()
	close(c.queue)
	workers.Wait()
	outcomes := make([]Outcome, len(turns))
	for i, t := range turns {
		outcomes[i] = *t.outcome
	}
	return outcomes, c.verdict(ctx)
}

// verdict says whether the pass came to its end by itself.
func (c *Conductor) verdict(ctx context.Context) error {
	switch {
	case errors.Is(context.Cause(ctx), ErrCutOff):
		return errors.Join(context.Canceled, ErrCutOff)
	case ctx.Err() == nil && c.interrupted.Load():
		return context.Canceled
	}
	return ctx.Err()
}

// withGrace returns a context that ends some time after the pass was stopped.
func (c *Conductor) withGrace(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-c.options.Stop:
		case <-ctx.Done():
			return
		}
		timer := time.NewTimer(c.options.Grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(ErrCutOff)
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// stopped reports whether nothing new may begin.
func (c *Conductor) stopped(ctx context.Context) bool {
	select {
	case <-c.options.Stop:
		return true
	default:
		return ctx.Err() != nil
	}
}

// turns makes one turn for each account: two at once would both copy what neither has booked yet.
func (c *Conductor) turns(accounts []rehome.Account) []*turn {
	seen := make(map[string]bool, len(accounts))
	turns := make([]*turn, 0, len(accounts))
	for _, account := range accounts {
		if seen[account.Address] {
			continue
		}
		seen[account.Address] = true
		turns = append(turns, &turn{
			account: account, started: time.Now(), budget: c.options.Budget,
			outcome: &Outcome{Account: account.Address}, findings: map[string]rehome.Finding{},
			stages: c.stages(),
		})
	}
	return turns
}

// work runs slices; an account that has more to do goes to the end of the queue.
func (c *Conductor) work(ctx context.Context) {
	for t := range c.queue {
		if c.stopped(ctx) {
			c.interrupt(ctx, t)
			continue
		}
		c.takeTurn(ctx, t)
	}
}

func (c *Conductor) takeTurn(ctx context.Context, t *turn) {
	if err := c.save(ctx, t, ledger.AccountPreStaging, nil); err != nil {
		c.end(t, err)
		return
	}
	result, err := c.runSlice(ctx, t)
	t.budget = nextBudget(t.budget, c.options.Budget, result)
	if err != nil && ctx.Err() != nil {
		c.interrupt(ctx, t)
		return
	}
	step, wait := decide(err, result, t.failures, time.Now())
	if err != nil {
		t.failures++
	}
	if step == stepAgain {
		c.options.Progress.Waiting(t.account.Address, result.Waits)
	}
	switch step {
	case stepDone:
		c.endStage(ctx, t, nil)
	case stepAgain:
		if c.stopped(ctx) {
			c.interrupt(ctx, t)
			return
		}
		c.again(ctx, t, wait)
	case stepStop:
		c.endStage(ctx, t, err)
	}
}

// runSlice runs one slice. A mistake in the engine ends this account and leaves the others alone.
func (c *Conductor) runSlice(ctx context.Context, t *turn) (result mailcopy.Result, err error) {
	t.begun = true
	c.options.Progress.Waiting(t.account.Address, nil)
	defer func() {
		if cause := recover(); cause != nil {
			err = rehome.Recovered("copy", t.account.Address, cause)
		}
	}()
	if t.stages[0] == stagePIM {
		found, err := c.options.PIM.RunSlice(ctx, t.account, t.started, davcopy.Budget(t.budget))
		t.takePIM(found)
		return mailcopy.Result{More: found.More, Advanced: found.Advanced}, err
	}
	result, err = c.options.Slicer.RunSlice(ctx, t.account, t.started, t.budget)
	t.take(result)
	return result, err
}

// again queues the account for another slice, after a pause that costs no worker.
func (c *Conductor) again(ctx context.Context, t *turn, wait time.Duration) {
	if wait == 0 {
		c.queue <- t // never blocks: the queue has room for every account
		return
	}
	c.left.Add(1) // the pause itself
	go func() {
		defer c.left.Done()
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.options.Stop:
		case <-ctx.Done():
		}
		c.queue <- t
	}()
}

// end finishes an account that is complete, or that cannot be completed.
func (c *Conductor) end(t *turn, err error) {
	c.options.Progress.Finished(err != nil)
	c.conclude(t, err)
}

// interrupt finishes an account that could have gone on. It is neither complete nor blocked: the next
// run takes it up where it is.
func (c *Conductor) interrupt(ctx context.Context, t *turn) {
	c.interrupted.Store(true)
	err := cmp.Or(ctx.Err(), context.Canceled)
	if t.begun {
		err = errors.Join(err, c.save(ctx, t, ledger.AccountPreStaging, nil))
	}
	c.conclude(t, err)
}

func (c *Conductor) conclude(t *turn, err error) {
	t.outcome.Err = err
	t.outcome.Findings = append(listOf(t.findings), listOf(t.pim.findings)...)
	c.left.Done()
}

// take adds a slice's result to the account's.
func (t *turn) take(r mailcopy.Result) {
	before := t.outcome.Tally
	t.outcome.Tally.Add(r.Tally)
	if r.Looked {
		t.looked, t.mailboxes, t.octets = true, int64(r.Mailboxes), max(r.Octets, 0)
		t.outcome.Census = r.Census
	} else {
		t.outcome.Tally.Restore(before) // the slice cannot know of any
	}
	for _, f := range r.Findings {
		t.findings[f.Code+"\x00"+f.Object] = f
	}
	if r.Advanced {
		t.failures = 0
	}
}
