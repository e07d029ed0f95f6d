// SPDX-License-Identifier: Apache-2.0

// Package conductor decides which account is worked on when.
//
// It cuts a pass into slices and gives every account its turn, tries again what may be tried again, and keeps the account's
// row and findings in the ledger. It knows no protocol and no kind of work: Steps do the work, in the order in which they
// are given, and trouble with one does not keep the next one back. The runner here is the local one, goroutines in one
// process; the ledger makes the work durable, so after a crash or Ctrl-C the same call goes on.
package conductor

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// Ledger keeps where each account stands; *ledger.Accounts is one.
type Ledger interface {
	Save(ctx context.Context, a ledger.Account, findings map[rehome.Kind][]rehome.Finding) error
}

// Options of a Conductor. Steps and Ledger are required.
type Options struct {
	Steps   []pass.Step // in their order; all of them for each account
	Ledger  Ledger
	Workers int // accounts at work at once; 0 means 4
	Budget  pass.Budget
	Pass    rehome.Pass

	Progress *Progress    // told of accounts that begin and end; nil for nobody
	Log      *slog.Logger // nil discards

	// Expected is how large accounts were when a pass last saw them, by address, so that it is known how much there is to do
	// before their turns come. One that is not in it is not known.
	Expected map[string]pass.Size

	// Stop, when it is closed, lets nothing new begin: slices bring what is under way to its end. What has not
	// ended after Grace, 0 means DefaultGrace, is cut off. A nil Stop is never closed.
	Stop  <-chan struct{}
	Grace time.Duration
}

// DefaultGrace is enough for a destination that stands still for half a minute.
const DefaultGrace = time.Minute

// ErrCutOff says that what was under way when the pass was stopped has not ended in time.
var ErrCutOff = errors.New("the work in progress did not end in time")

// Outcome is how the pass over one account ended.
type Outcome struct {
	Account  string
	Counts   map[rehome.Kind]pass.Counts // of the steps that have counted anything
	Findings []rehome.Finding
	Err      error // why the account is not complete; nil when it is
	Blocked  error // what a person has to do before it counts as copied, although nothing has failed
}

// Conductor runs one pass over many accounts.
type Conductor struct {
	options Options
	log     *slog.Logger
	queue   chan *turn
	left    sync.WaitGroup // accounts that are not finished

	interrupted atomic.Bool // an account could have gone on
}

// turn is one account waiting for its next slice.
type turn struct {
	account  rehome.Account
	expected *pass.Size // nil when nobody knows
	started  time.Time
	budget   pass.Budget
	outcome  *Outcome
	failures int         // in a row, without a slice that advanced in between
	left     []pass.Step // what is still to be done, the one at work first
	seen     []*sight    // of the steps that have begun, in their order
	troubles []error     // why steps that are over are not complete

	begun   bool      // a slice has run
	stepped time.Time // when the step at work began
}

// New returns a Conductor for one pass.
func New(options Options) *Conductor {
	if options.Workers <= 0 {
		options.Workers = 4
	}
	if options.Budget == (pass.Budget{}) {
		options.Budget = pass.DefaultBudget
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
	return &Conductor{options: options, log: rehome.Logger(options.Log)}
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
	ended := c.tellPass(turns)
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
	err := c.verdict(ctx)
	ended(outcomes, err)
	return outcomes, err
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
		var expected *pass.Size
		if size, known := c.options.Expected[account.Address]; known {
			expected = &size
		}
		c.options.Progress.Expect(expected)
		turns = append(turns, &turn{
			account: account, expected: expected, started: time.Now(), budget: c.options.Budget,
			outcome: &Outcome{Account: account.Address, Counts: map[rehome.Kind]pass.Counts{}},
			left:    c.options.Steps,
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
	next, wait := decide(err, result, t.failures, time.Now())
	c.tellSlice(t, result, err, next, wait)
	if err != nil {
		t.failures++
	}
	if next == runAgain {
		c.options.Progress.Waiting(t.account.Address, result.Waits)
	}
	switch next {
	case stepOver:
		c.endStep(ctx, t, nil)
	case runAgain:
		if c.stopped(ctx) {
			c.interrupt(ctx, t)
			return
		}
		c.again(ctx, t, wait)
	case stepFailed:
		c.endStep(ctx, t, err)
	}
}

// runSlice runs one slice. A mistake in a step ends this account and leaves the others alone.
func (c *Conductor) runSlice(ctx context.Context, t *turn) (result pass.Result, err error) {
	c.tellBegin(t)
	c.begin(t)
	c.options.Progress.Waiting(t.account.Address, nil)
	err = rehome.Guarded(t.account.Address, func() (err error) {
		result, err = t.left[0].RunSlice(ctx, t.account, t.started, t.budget)
		return err
	})
	c.tellFindings(t.take(result))
	return result, err
}

// begin counts an account as one whose turn has come.
func (c *Conductor) begin(t *turn) {
	if !t.begun {
		t.begun = true
		c.options.Progress.Begin(t.account.Address, t.expected)
	}
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
	c.begin(t)
	c.options.Progress.Finished(t.account.Address, err != nil)
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
	c.tellEnd(t)
	for _, s := range t.seen {
		t.outcome.Findings = append(t.outcome.Findings, s.list()...)
	}
	c.left.Done()
}
