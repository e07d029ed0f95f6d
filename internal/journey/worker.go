// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/ledger"
	"rehome/internal/ledger/postgres"
	"rehome/internal/pass"
	"rehome/internal/people"
	"rehome/internal/worker"
)

// WorkerOptions choose how much a worker takes upon itself.
type WorkerOptions struct {
	Accounts int           // at work at once; 0 is as many as its part of the connections to both hosts
	Lease    time.Duration // how long an account stays with a worker that says nothing; 0 is a minute
	Told     func(sentence string)
}

// Worked is how a worker has ended.
type Worked struct {
	Name     string `json:"name"`
	Accounts int    `json:"accounts"` // that it was done with
}

// Outcome implements rehome.Answer.
func (Worked) Outcome() rehome.Outcome { return rehome.OutcomeDone }

// mostSkew is how far the clock of a worker may be wrong: what may still arrive at a destination is waited for by the clocks of the workers.
const mostSkew = 10 * time.Second

// Work takes accounts of passes that somebody has begun with SyncOnWorkers, until it is stopped or somebody wants this worker to
// leave. It joins again when it loses the store, for as long as longestAbsence: what lasts longer has to be seen by somebody, or by what
// runs it as a service, which starts it again.
func (m *Move) Work(ctx context.Context, options WorkerOptions, watcher Watcher) (Worked, error) {
	stop, over := watcher.finish()
	defer over()
	m.joined.Store(&lostStore)
	defer m.show(workSync, watcher.Progress)()
	c := &crew{move: m, options: options, watcher: watcher, stop: stop}
	away := absence{again: "to join"}
	for {
		was := c.joined
		err := c.session(ctx)
		if err == nil || ctx.Err() != nil || c.joined == 0 || c.leaving() {
			return c.worked, err
		}
		say, pause, over := away.after(err, c.joined > was, time.Now())
		if over != nil {
			return c.worked, over
		}
		if say != "" {
			options.Told(say)
		}
		if err := m.Close(); err != nil {
			m.log.Info("close store", rehome.LogError, err.Error())
		}
		select {
		case <-ctx.Done():
			return c.worked, ctx.Err()
		case <-stop:
			return c.worked, err
		case <-time.After(pause):
		}
	}
}

// lostStore is why a worker does not take part before it has joined, and when it has to join again.
var lostStore = func() error { return errors.New("the worker has not joined the others yet") }

// crew is this process among the workers.
type crew struct {
	move    *Move
	options WorkerOptions
	watcher Watcher
	stop    <-chan struct{}

	joined int // how often
	worked Worked
	former string // as which it was there last, if it has lost the store; it uses nothing of that any more
	limits *sharedLimits
	waves  *waveKeeper
	store  *ledger.Ledger // as workers have it
	leave  <-chan struct{}
	recall func(account string) <-chan struct{}

	mu       sync.Mutex
	runs     map[int64]*crewRun
	hindered error // why it cannot begin the run that it has tried last; nil if it can

	mending mending
}

// crewRun is what is open for a run.
type crewRun struct {
	steps    []pass.Step
	opened   []kindOfWork
	accounts map[string]rehome.Account
	trouble  error // why it could not be opened
	again    time.Time
	pause    time.Duration // before that
}

// session works with the store from when it is opened until it is lost, or the worker has ended.
func (c *crew) session(ctx context.Context) (err error) {
	m := c.move
	location, err := m.location(ctx)
	if err != nil {
		return err
	}
	config, schema, err := location.Beside(postgres.Jobs)
	if err != nil {
		return err
	}
	store, err := m.store(ctx)
	if err != nil {
		return err
	}
	c.store, c.runs, c.hindered = store.Leased(), map[int64]*crewRun{}, nil
	c.mending.until.Store(0)
	c.waves = m.newWaveKeeper(c.store)
	if err := c.checkClock(ctx); err != nil {
		return err
	}
	queue, err := worker.OpenQueue(ctx, config, schema, m.log)
	if err != nil {
		return err
	}
	defer queue.Close()
	c.worked.Name = workerName()
	leave, err := c.store.Shares.Attend(c.worked.Name)
	if err != nil {
		return err
	}
	defer leave()
	if c.former != "" {
		if err := c.store.Workers.Gone(ctx, c.former); err != nil {
			return err
		}
	}
	c.former = c.worked.Name
	keeper := worker.NewKeeper(c.store.Leases, c.worked.Name, c.options.Lease)
	keeper.Reached = c.watcher.Progress.Reached
	c.recall = keeper.Recall
	permit := keeper.Permit
	m.permit = permit
	c.limits = c.share()
	m.explain(store, c.watcher.Progress)
	c.waves.hosts = c.limits.hosts
	defer func() {
		c.mending.tries.Wait()
		err = errors.Join(err, c.closeRuns())
	}()
	defer c.limits.Cut()
	limits := m.settings.Limits
	accounts, divided := c.options.Accounts, c.options.Accounts <= 0
	if divided {
		accounts = min(limits.SourceConnections, limits.DestinationConnections)
	}
	w := worker.New(worker.Options{
		Name: c.worked.Name, Leases: c.store.Leases, Crew: c.store.Workers, Keeper: keeper, Shares: c.store.Shares, Limits: c.limits, Queue: queue,
		Accounts: accounts, Divided: divided, Wanted: c.wanted, Able: c.able, Rests: c.mending.rests, Work: c.work,
		Tend: func(ctx context.Context) error {
			c.mend(ctx)
			return c.waves.tendOf(ctx, queue)
		},
		Stop: c.stop, Log: m.log,
	})
	defer m.noteSpeed(ctx, store, c.watcher.Progress)()
	c.leave = w.Leave()
	c.joined++
	takesPart := func() error { return cmp.Or(c.hindrance(), permit()) }
	m.joined.Store(&takesPart)
	defer m.joined.Store(&lostStore)
	c.options.Told(fmt.Sprintf("worker %s takes accounts, %s%d at once", c.worked.Name, upTo(divided), accounts))
	return w.Run(ctx)
}

// upTo stands before how many accounts are at work at once.
func upTo(divided bool) string {
	if divided {
		return "up to "
	}
	return ""
}

// leaving reports whether the last session was to end.
func (c *crew) leaving() bool {
	select {
	case <-c.leave:
		return true
	default:
		return false
	}
}

// workerName is one that no other worker has or had.
func workerName() string {
	host, _ := os.Hostname()
	var random [3]byte
	_, _ = rand.Read(random[:]) // which never fails
	return fmt.Sprintf("%.40s-%d-%s", host, os.Getpid(), hex.EncodeToString(random[:]))
}

func (c *crew) checkClock(ctx context.Context) error {
	before := time.Now()
	there, err := c.store.Leases.Time(ctx)
	if err != nil {
		return err
	}
	skew := max(before.Sub(there), time.Until(there))
	if skew <= mostSkew {
		return nil
	}
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "join", Object: c.store.Name(),
		Cause: fmt.Errorf("the clocks of this machine and of the store differ by %s", skew.Round(time.Second)),
		Hint:  "let both take the time from the network (NTP), then run the same command again"}
}

// wanted says whether the account has a turn in the run that is not over, and is not held by its wave: then it is put into the queue again
// when that runs.
func (c *crew) wanted(ctx context.Context, job worker.Job) (bool, error) {
	var held *conductor.HeldError
	if _, err := c.waves.running(ctx, job.Account); errors.As(err, &held) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	return c.unfinished(ctx, job)
}

// unfinished says whether the account has a turn in the run that is not over.
func (c *crew) unfinished(ctx context.Context, job worker.Job) (bool, error) {
	turns, err := c.store.Passes.Turn(ctx, job.Account)
	return len(turns) > 0 && turns[0].Run == job.Run && turns[0].State != ledger.TurnFailed, err
}

// oneTurn is the ledger of a pass over one account.
type oneTurn struct {
	*ledger.Passes

	account string
}

// Turns implements conductor.Ledger.
func (l oneTurn) Turns(ctx context.Context) ([]ledger.Turn, error) { return l.Turn(ctx, l.account) }

// Begin implements conductor.Ledger. The turn is in the ledger already: what begins now is written with the first slice.
func (oneTurn) Begin(context.Context, []ledger.Turn) error { return nil }

// work is the pass over one account.
func (c *crew) work(ctx context.Context, job worker.Job) (done bool) {
	run, err := c.open(ctx, job.Run)
	if err != nil {
		return false
	}
	c.mending.atWork.Add(1)
	defer c.mending.atWork.Add(-1)
	account, known := run.accounts[job.Account]
	if !known {
		return c.cannotMove(ctx, job)
	}
	conduct := conductor.Options{
		Steps: run.steps, Ledger: oneTurn{c.store.Passes, job.Account}, Workers: 1, Pass: rehome.PassPreStage, Run: job.Run,
		Progress: c.watcher.Progress, Log: c.move.log, Stop: c.leave, Admit: c.waves.admit,
		Wanted: c.limits.wanted, Recall: c.recall,
	}
	conduct.Over = func(o conductor.Ended) error {
		ctx := context.WithoutCancel(ctx)
		return errors.Join(c.move.wrote(ctx, c.store, syncedAccount(o)), c.waves.ended(ctx, o))
	}
	outcomes, _ := conductor.New(conduct).Run(ctx, []rehome.Account{account}) // whether it is over is in the ledger
	left, err := c.unfinished(context.WithoutCancel(ctx), job)
	if err != nil || left {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worked.Accounts++
	for _, o := range outcomes {
		if o.Err != nil && !errors.Is(o.Err, context.Canceled) {
			c.options.Told(fmt.Sprintf("%s: %v", o.Account, o.Err))
		}
	}
	return true
}

// cannotMove ends the turn of an account that this worker does not know.
func (c *crew) cannotMove(ctx context.Context, job worker.Job) (done bool) {
	turn := ledger.Turn{Address: job.Account, Pass: rehome.PassPreStage, Run: job.Run, State: ledger.TurnFailed,
		Reason: "it does not move by the settings of " + c.worked.Name}
	c.options.Told(job.Account + ": " + turn.Reason)
	return c.store.Passes.Wait(ctx, turn) == nil
}

// open returns what a run needs, which is opened once.
func (c *crew) open(ctx context.Context, id int64) (*crewRun, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	run := c.runs[id]
	if run != nil && (run.trouble == nil || time.Now().Before(run.again)) {
		return run, run.trouble
	}
	pause := firstHindered
	if run != nil {
		pause = min(2*run.pause, longestHindered)
	}
	run = &crewRun{pause: pause}
	c.runs[id] = run
	run.trouble = c.openRun(context.WithoutCancel(ctx), id, run)
	run.again = time.Now().Add(pause)
	c.hinder(context.WithoutCancel(ctx), run.trouble, pause)
	c.mending.next(id, run)
	return run, run.trouble
}

func (c *crew) openRun(ctx context.Context, id int64, run *crewRun) error {
	row, known, err := c.store.Runs.Get(ctx, id)
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("run %d is not in the ledger", id)
	}
	options, err := readRun(id, row.Options)
	if err != nil {
		return err
	}
	who, err := c.move.chosen(ctx, people.Choice{})
	if err != nil {
		return err
	}
	if err := c.move.sheetLacks(who, options); err != nil {
		return err
	}
	who.store = c.store
	run.opened, err = openAll(ctx, c.move.kindsOfWork(), who, c.limits.hosts, options.SyncOptions, c.watcher)
	if err != nil {
		return err
	}
	for _, work := range run.opened {
		for _, f := range work.findings {
			c.options.Told(f.Sentence)
		}
	}
	run.steps, _ = stepsOf(run.opened)
	run.accounts = make(map[string]rehome.Account, len(who.accounts))
	for _, account := range who.accounts {
		run.accounts[account.Address] = account
	}
	return nil
}

// closeRuns is called when nothing is at work any more.
func (c *crew) closeRuns() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var failures []error
	for _, run := range c.runs {
		failures = append(failures, closeAll(run.opened))
	}
	return errors.Join(failures...)
}
