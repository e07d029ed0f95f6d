// SPDX-License-Identifier: Apache-2.0

// Package conductor decides which account is worked on when.
//
// It cuts a pass into slices and gives every account its turn, tries again what may be tried again, and keeps the account's
// row, findings and turn in the ledger. It knows no protocol and no kind of work: Steps do the work, in the order in which
// they are given, and trouble with one does not keep the next one back. A Runner calls the turns; the one here is Local,
// goroutines in one process. Who is next, what is tried again and what waits is in the ledger, so that after a crash or
// Ctrl-C the same call goes on where it was.
package conductor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// Ledger keeps where each account stands and whose turn is next; *ledger.Passes is one.
type Ledger interface {
	Turns(ctx context.Context) ([]ledger.Turn, error)
	Begin(ctx context.Context, queue []ledger.Turn) error
	Save(ctx context.Context, a ledger.Account, findings map[rehome.Kind][]rehome.Finding, t ledger.Turn) error
	Wait(ctx context.Context, t ledger.Turn) error
}

// Options of a Conductor. Steps and Ledger are required.
type Options struct {
	Steps   []pass.Step // in their order; all of them for each account
	Ledger  Ledger
	Workers int    // accounts at work at once; 0 means 4
	Runner  Runner // nil means Local with these workers
	Budget  pass.Budget
	Pass    rehome.Pass
	Run     int64 // of the turns, where workers take them, see ledger.Runs; 0 for none
	Whole   bool  // the accounts are everybody who moves: whoever is not among them has no turn any more

	Progress *Progress    // told of accounts that begin and end; nil for nobody
	Log      *slog.Logger // nil discards

	// Admit is asked before each slice. Its error is the account's, which is not begun or gone on with; after a HeldError the account keeps
	// its place for a later pass. Nil is never asked.
	Admit func(ctx context.Context, account string) error

	// Wanted reports whether others wait for what slices have, such as their connections: one that nobody waits for goes on, see pass.Budget,
	// once the sizes of its account are in the ledger. Nil is always.
	Wanted func() bool

	// Recall returns a channel for a slice that begins, which is closed when Admit is to be asked again. Nil is never.
	Recall func(account string) <-chan struct{}

	// Over is told of each account as soon as its turns are over, also where they were interrupted; nil for nobody. Its error is
	// the account's.
	Over func(Ended) error

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
var ErrCutOff = errors.New("the work in progress did not finish in time")

// Ended is how the pass over one account ended.
type Ended struct {
	Account  string
	Counts   map[rehome.Kind]pass.Counts // of the steps that have counted anything
	Findings []rehome.Finding
	Looked   bool       // a step has seen both ends
	Err      error      // why the account is not complete; nil when it is
	Blocked  error      // what a person has to do before it counts as copied, although nothing has failed
	Held     *HeldError // why it was not begun, or not gone on with; nil when it was
}

// HeldError says why an account is left alone for now. What was begun is kept.
type HeldError struct {
	By       string // the wave
	Reason   string
	NextStep string // "" where time lifts it
}

// Error returns the reason.
func (e *HeldError) Error() string { return "wave " + e.By + " " + e.Reason }

// Conductor runs one pass over many accounts.
type Conductor struct {
	options Options
	log     *slog.Logger
	turns   map[string]*turn // by address

	place       atomic.Int64 // the last one that was given in the queue
	interrupted atomic.Bool  // an account could have gone on
}

// turn is one account waiting for its next slice.
type turn struct {
	ledger.Turn // as it is in the ledger, or will be; failures are in a row, without a slice that advanced in between

	account  rehome.Account
	expected *pass.Size // nil when nobody knows
	started  time.Time
	budget   pass.Budget
	outcome  *Ended
	left     []pass.Step // what is still to be done, the one at work first
	seen     []*sight    // of the steps that have begun, in their order
	troubles []error     // why steps that are over are not complete
	failed   ledger.Turn // when the last of those had failed

	idle    int       // slices in a row that wanted to go on and have brought nothing forward
	begun   bool      // a slice has run
	stepped time.Time // when the step at work began
}

// New returns a Conductor for one pass.
func New(options Options) *Conductor {
	if options.Workers <= 0 {
		options.Workers = 4
	}
	if options.Budget.Time == 0 && options.Budget.Octets == 0 {
		options.Budget = pass.DefaultBudget
	}
	if options.Progress == nil {
		options.Progress = NewProgress()
	}
	if options.Grace <= 0 {
		options.Grace = DefaultGrace
	}
	options.Budget.Stop = options.Stop
	if options.Runner == nil {
		options.Runner = Local{Workers: options.Workers, Stop: options.Stop}
	}
	if options.Pass == "" {
		options.Pass = rehome.PassPreStage
	}
	return &Conductor{options: options, log: rehome.Logger(options.Log)}
}

// Run works until every account is finished or failed, and returns the outcomes in the order of
// accounts; an account that is named twice has one. When ctx ends first, or the pass is stopped, it
// returns what there is together with ctx's error, or context.Canceled; accounts that are not complete then
// carry that error, also those whose turn never came. ErrCutOff is joined to it where it applies.
func (c *Conductor) Run(ctx context.Context, accounts []rehome.Account) ([]Ended, error) {
	ctx, over := c.withGrace(ctx)
	defer over(nil)
	turns := c.makeTurns(accounts)
	ended := c.tellPass(turns)
	if queue, err := c.lineUp(context.WithoutCancel(ctx), turns, len(turns)+1); err == nil {
		c.options.Runner.Run(ctx, queue, c.takeTurn)
	} else {
		for _, t := range turns {
			c.end(t, err)
		}
	}
	outcomes := make([]Ended, len(turns))
	for i, t := range turns {
		outcomes[i] = *t.outcome
	}
	err := c.verdict(ctx)
	ended(outcomes, err)
	return outcomes, err
}

// LineUp writes down the queue of a pass that others run, so many turns in one change at most, and returns the accounts in its order.
func (c *Conductor) LineUp(ctx context.Context, accounts []rehome.Account, most int) ([]Due, error) {
	return c.lineUp(ctx, c.makeTurns(accounts), most)
}

// lineUp puts the turns into their order and writes it down.
func (c *Conductor) lineUp(ctx context.Context, turns []*turn, most int) ([]Due, error) {
	former, err := c.options.Ledger.Turns(ctx)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, len(turns))
	for i, t := range turns {
		addresses[i] = t.account.Address
	}
	rows := resume(former, addresses, c.options.Pass, time.Now())
	queue := make([]Due, len(rows))
	for i := range rows {
		rows[i].Run = c.options.Run
		row := rows[i]
		c.turns[row.Address].Turn = row
		c.place.Store(row.Place)
		queue[i] = Due{row.Address, row.Due}
	}
	for _, t := range former {
		if c.options.Whole && c.turns[t.Address] == nil {
			t.State = ledger.TurnOver
			rows = append(rows, t)
		}
	}
	for some := range slices.Chunk(rows, max(most, 1)) {
		if err := c.options.Ledger.Begin(ctx, some); err != nil {
			return nil, err
		}
	}
	return queue, nil
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

// makeTurns makes one turn for each account: two at once would both copy what neither has booked yet.
func (c *Conductor) makeTurns(accounts []rehome.Account) []*turn {
	c.turns = make(map[string]*turn, len(accounts))
	turns := make([]*turn, 0, len(accounts))
	for _, account := range accounts {
		if c.turns[account.Address] != nil {
			continue
		}
		var expected *pass.Size
		if size, known := c.options.Expected[account.Address]; known {
			expected = &size
		}
		c.options.Progress.Expect(expected)
		t := &turn{
			account: account, expected: expected, started: time.Now(), budget: c.options.Budget,
			outcome: &Ended{Account: account.Address, Counts: map[rehome.Kind]pass.Counts{}},
			left:    c.options.Steps,
		}
		c.turns[account.Address] = t
		turns = append(turns, t)
	}
	return turns
}

// takeTurn gives an account a slice. Before that the account goes to the end of the queue, see resume.
func (c *Conductor) takeTurn(ctx context.Context, account string) (next time.Time, over bool) {
	t := c.turns[account]
	if c.stopped(ctx) {
		return c.interrupt(ctx, t)
	}
	if err := c.admit(ctx, t); err != nil {
		return c.hold(ctx, t, err)
	}
	t.State, t.Step, t.Due, t.Place = ledger.TurnWorking, t.left[0].Kind(), time.Time{}, c.place.Add(1)
	if err := c.save(ctx, t, ledger.AccountPreStaging, nil); err != nil {
		return c.end(t, err)
	}
	result, err := c.runSlice(ctx, t)
	if t.idle = idleAfter(t.idle, err, result); t.idle >= mostIdle {
		err = circlesFault(account)
	}
	t.budget = nextBudget(t.budget, c.options.Budget, result)
	if err != nil && ctx.Err() != nil {
		return c.interrupt(ctx, t)
	}
	now := time.Now()
	then, wait := decide(err, result, t.Failures, now)
	c.tellSlice(t, result, err, then, wait)
	t.count(err, now)
	if then == runAgain {
		c.options.Progress.Waiting(t.account.Address, result.Waits)
		c.options.Progress.TriedAgain(t.left[0].Kind(), err)
	}
	switch {
	case then == stepOver:
		return c.endStep(ctx, t, nil)
	case then == stepFailed:
		return c.endStep(ctx, t, err)
	case c.stopped(ctx):
		return c.interrupt(ctx, t)
	case wait == 0:
		return time.Time{}, false
	}
	return c.wait(ctx, t, now.Add(wait), cmp.Or(err, whatMayArrive(result.Waits)))
}

// count notes that a slice has failed, if it has.
func (t *turn) count(err error, now time.Time) {
	if err == nil {
		return
	}
	if t.Failures++; t.FailingSince.IsZero() {
		t.FailingSince = now
	}
}

// calm notes that there is no failure to count from.
func (t *turn) calm() {
	t.Failures = 0
	t.FailingSince = time.Time{}
	t.Reason = ""
}

// wait writes down that the account waits, and why.
func (c *Conductor) wait(ctx context.Context, t *turn, due time.Time, reason error) (next time.Time, over bool) {
	t.State, t.Due, t.Reason = ledger.TurnWaiting, due, reason.Error()
	if err := c.options.Ledger.Wait(context.WithoutCancel(ctx), t.Turn); err != nil {
		return c.end(t, errors.Join(reason, err))
	}
	return due, false
}

// whatMayArrive is why an account waits that has not failed.
func whatMayArrive(waits []pass.Wait) error {
	messages := 0
	for _, w := range waits {
		messages += w.Messages
	}
	return fmt.Errorf("%d interrupted %s may still arrive", messages, plural(messages))
}

// runSlice runs one slice. A mistake in a step ends this account and leaves the others alone.
func (c *Conductor) runSlice(ctx context.Context, t *turn) (result pass.Result, err error) {
	c.tellBegin(t)
	c.begin(t)
	c.options.Progress.Waiting(t.account.Address, nil)
	err = rehome.Guarded(t.account.Address, func() (err error) {
		result, err = t.left[0].RunSlice(ctx, t.account, t.started, c.budget(t))
		return err
	})
	c.tellFindings(t.take(result))
	return result, err
}

// budget is that of the next slice.
func (c *Conductor) budget(t *turn) pass.Budget {
	budget := t.budget
	if s := t.sight(); s != nil && s.looked {
		budget.Wanted = c.options.Wanted
	}
	if c.options.Recall != nil {
		budget.Recall = c.options.Recall(t.account.Address)
	}
	return budget
}

// begin counts an account as one whose turn has come.
func (c *Conductor) begin(t *turn) {
	if !t.begun {
		t.begun = true
		c.options.Progress.Begin(t.account.Address, t.expected)
	}
}

// end finishes an account that is complete, or that cannot be completed.
func (c *Conductor) end(t *turn, err error) (next time.Time, over bool) {
	c.begin(t)
	c.options.Progress.Finished(t.account.Address, err != nil)
	return c.conclude(t, err)
}

// interrupt finishes an account that could have gone on. It is neither complete nor blocked: the next
// run takes it up where it is.
func (c *Conductor) interrupt(ctx context.Context, t *turn) (next time.Time, over bool) {
	c.interrupted.Store(true)
	err := cmp.Or(ctx.Err(), context.Canceled)
	if t.State == ledger.TurnWorking {
		t.State = ledger.TurnQueued
	}
	if t.begun {
		err = errors.Join(err, c.save(ctx, t, ledger.AccountPreStaging, nil))
	}
	return c.conclude(t, err)
}

// admit asks whether the account may have its slice.
func (c *Conductor) admit(ctx context.Context, t *turn) error {
	if c.options.Admit == nil {
		return nil
	}
	return c.options.Admit(ctx, t.account.Address)
}

// hold finishes an account that must not go on for now. It is neither complete nor blocked.
func (c *Conductor) hold(ctx context.Context, t *turn, reason error) (next time.Time, over bool) {
	if !errors.As(reason, &t.outcome.Held) {
		return c.end(t, reason)
	}
	if t.State == ledger.TurnWorking {
		t.State = ledger.TurnQueued
	}
	if t.begun {
		return c.conclude(t, c.save(ctx, t, ledger.AccountPreStaging, nil))
	}
	return c.conclude(t, nil)
}

func (c *Conductor) conclude(t *turn, err error) (next time.Time, over bool) {
	t.outcome.Err = err
	c.tellEnd(t)
	for _, s := range t.seen {
		t.outcome.Findings = append(t.outcome.Findings, s.list()...)
	}
	if c.options.Over != nil && t.begun {
		t.outcome.Err = errors.Join(t.outcome.Err, c.options.Over(*t.outcome))
	}
	return time.Time{}, true
}
