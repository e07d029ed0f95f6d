// SPDX-License-Identifier: Apache-2.0

// Package conductor decides which account is worked on when.
//
// It cuts a pass into slices and gives every account its turn, tries again what may be tried again,
// and keeps the account's row and findings in the ledger. It knows no protocol: a Slicer does the
// work. The runner here is the local one, goroutines in one process; the ledger makes the work
// durable, so after a crash or Ctrl-C the same call goes on.
package conductor

import (
	"context"
	"errors"
	"sync"
	"time"

	"rehome"
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

// Options of a Conductor. Slicer and Book are required.
type Options struct {
	Slicer  Slicer
	Book    Book
	Workers int // accounts at work at once; 0 means 4
	Budget  mailcopy.Budget
	Pass    rehome.Pass

	Progress *Progress // told of accounts that end; nil for nobody
}

// Outcome is how the pass over one account ended.
type Outcome struct {
	Account   string
	Tally     mailcopy.Tally
	Messages  int64 // at the source
	Remaining int64 // of those, not at the destination and not refused
	Findings  []rehome.Finding
	Err       error // why the account is not complete; nil when it is
}

// Unchanged counts the messages that were at the destination before this pass.
func (o Outcome) Unchanged() int64 {
	return max(o.Messages-o.Remaining-int64(o.Tally.Copied)-int64(o.Tally.Adopted)-int64(o.Tally.Failed), 0)
}

// Conductor runs one pass over many accounts.
type Conductor struct {
	options Options
	queue   chan *turn
	left    sync.WaitGroup // accounts that are not finished

	mu       sync.Mutex
	outcomes map[string]*Outcome
}

// turn is one account waiting for its next slice.
type turn struct {
	account  rehome.Account
	started  time.Time
	outcome  *Outcome
	findings map[string]rehome.Finding // by code and object
	failures int                       // in a row, without a message copied in between

	looked    bool // a slice has seen both ends
	mailboxes int64
	octets    int64
}

// present counts the source's messages that are at the destination, as far as is known.
func (t *turn) present() int64 {
	return max(t.outcome.Messages-t.outcome.Remaining-int64(t.outcome.Tally.Failed), 0)
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
	if options.Pass == "" {
		options.Pass = rehome.PassPreStage
	}
	return &Conductor{options: options, outcomes: map[string]*Outcome{}}
}

// Run works until every account is finished or failed, and returns the outcomes in the order of
// accounts. When ctx ends first it returns what there is together with ctx's error; accounts whose
// turn never came then carry that error.
func (c *Conductor) Run(ctx context.Context, accounts []rehome.Account) ([]Outcome, error) {
	c.queue = make(chan *turn, len(accounts))
	for _, account := range accounts {
		c.left.Add(1)
		outcome := &Outcome{Account: account.Address}
		c.outcomes[account.Address] = outcome
		c.queue <- &turn{account: account, started: time.Now(), outcome: outcome, findings: map[string]rehome.Finding{}}
	}
	var workers sync.WaitGroup
	for range min(c.options.Workers, len(accounts)) {
		workers.Go(func() { c.work(ctx) })
	}
	c.left.Wait()
	close(c.queue)
	workers.Wait()
	return c.collect(accounts), ctx.Err()
}

func (c *Conductor) collect(accounts []rehome.Account) []Outcome {
	all := make([]Outcome, 0, len(accounts))
	for _, account := range accounts {
		all = append(all, *c.outcomes[account.Address])
	}
	return all
}

// work runs slices; an account that has more to do goes to the end of the queue.
func (c *Conductor) work(ctx context.Context) {
	for t := range c.queue {
		if ctx.Err() != nil {
			t.outcome.Err = ctx.Err()
			c.left.Done()
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
	result, err := c.options.Slicer.RunSlice(ctx, t.account, t.started, c.options.Budget)
	t.take(result)
	step, wait := decide(err, result.More, t.failures)
	if err != nil {
		t.failures++
	}
	switch step {
	case stepDone:
		c.end(t, c.save(ctx, t, ledger.AccountPreStaged, nil))
	case stepAgain:
		c.again(ctx, t, wait)
	case stepStop:
		// The reason is what the operator needs; that it could not be written down comes with it.
		c.end(t, errors.Join(err, c.save(context.WithoutCancel(ctx), t, stoppedState(ctx), err)))
	}
}

// stoppedState tells an account that failed from one that was only interrupted.
func stoppedState(ctx context.Context) ledger.AccountState {
	if ctx.Err() != nil {
		return ledger.AccountPreStaging
	}
	return ledger.AccountBlocked
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
		case <-ctx.Done():
		}
		c.queue <- t
	}()
}

func (c *Conductor) end(t *turn, err error) {
	t.outcome.Err = err
	t.outcome.Findings = t.list()
	if !errors.Is(err, context.Canceled) { // interrupted is neither done nor failed
		c.options.Progress.Finished(err != nil)
	}
	c.left.Done()
}

// take adds a slice's result to the account's. An account is making progress as long as slices copy
// or adopt something.
func (t *turn) take(r mailcopy.Result) {
	t.outcome.Tally.Add(r.Tally)
	if r.Looked {
		t.looked, t.mailboxes, t.octets = true, int64(r.Mailboxes), max(r.Octets, 0)
		t.outcome.Messages, t.outcome.Remaining = r.Messages, r.Remaining
	}
	for _, f := range r.Findings {
		t.findings[f.Code+"\x00"+f.Object] = f
	}
	if r.Advanced {
		t.failures = 0
	}
}
