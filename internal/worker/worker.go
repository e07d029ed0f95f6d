// SPDX-License-Identifier: Apache-2.0

// Package worker lets any number of processes, on any number of machines, take the accounts of a pass.
//
// The ledger is the truth: which accounts have a turn, and who holds which of them by a lease. The queue, River on the same
// PostgreSQL server, only wakes a worker up: a job names an account, and one that comes twice, too late or from a worker that is dead
// finds nothing to do. It knows no engine and no settings; what is done for an account is a function that it is given.
//
// A caller opens a Queue, and runs a Worker until it has ended.
package worker

// Invariants
//
//   - What a worker does for an account it does under a lease that it renews. It stops when it has lost the lease, or may have.
//   - All workers together use no more than the limits: what one may use is in the ledger before it uses it, see Divide and
//     ledger.Shares. A worker that may have been given up has no connection any more, to any server.
//   - An account that is left undone, by a worker that ends or dies, is put into the queue again by whichever worker sees it first.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// Leases are who holds which account; *ledger.Leases are.
type Leases interface {
	Claim(ctx context.Context, holder, address string, long time.Duration) (lease ledger.Lease, taken bool, err error)
	Renew(ctx context.Context, holder string, long time.Duration, reached map[string]int64) (held []ledger.Renewed, err error)
	Release(ctx context.Context, lease ledger.Lease, done bool) error
	Abandoned(ctx context.Context, most int) (all []ledger.Abandoned, err error)
	Unclaimed(ctx context.Context, most int) (all []ledger.Abandoned, err error)
}

// Crew is which workers are there; *ledger.Workers is.
type Crew interface {
	Report(ctx context.Context, w ledger.Worker, long time.Duration) (leave bool, err error)
	Leaving(ctx context.Context, name string) (bool, error)
	Gone(ctx context.Context, name string) error
}

// Job names an account of a run. Epoch is that of the account's last lease when the job was made, so that the job of a worker that is
// dead is not taken for the one that goes on.
type Job struct {
	Run     int64  `json:"run"`
	Account string `json:"account"`
	Epoch   int64  `json:"epoch"`
	Again   int64  `json:"again,omitempty"` // makes it another job than one that was lost: seconds since 1970

	// Precedence is the priority of the account's wave, the highest first. The queue goes by it, and keeps no more than its sign.
	Precedence int `json:"-"`
}

// Kind implements river.JobArgs.
func (Job) Kind() string { return "account" }

// Work does what is to be done for an account, under the lease that ctx carries. It says whether it is done: with what is left
// undone another worker goes on.
type Work func(ctx context.Context, job Job) (done bool)

// Options of a Worker. All but Lease and Log are required.
type Options struct {
	Name     string // no other worker has it, nor had it before
	Leases   Leases
	Crew     Crew
	Keeper   *Keeper
	Shares   Shares
	Limits   Limits
	Queue    *Queue
	Accounts int  // at work at once; they share the connections
	Divided  bool // Accounts are those of all workers together: each takes its part

	// Wanted says whether there is still something to do for a job.
	Wanted func(ctx context.Context, job Job) (bool, error)
	Work   Work

	// Able says whether this process can do a job at all, of which there is something to do; nil is always. One that cannot keeps the job for
	// some seconds before it says so: else it would go through the whole queue, and nobody else would find anything there.
	Able func(ctx context.Context, job Job) bool

	// Rests says whether this process counts as one with nothing to do, of which idle is what its accounts say; nil is idle. One that can do
	// nothing for now leaves its share to others, and has it again when it tries whether it can.
	Rests func(idle bool) bool

	// Tend is called with each heartbeat; nil for nothing.
	Tend func(ctx context.Context) error

	Stop <-chan struct{} // when it is closed, no account is begun any more, and the worker ends with those at work
	Log  *slog.Logger    // nil discards
}

// How often a worker asks for what was left, how often it looks whether it is late, and takes its share of the limits while that
// changes, and how many accounts it puts into the queue at once.
const (
	beatsPerLease  = 4
	looksPerLease  = 30
	sharesPerLease = 30
	takenUpAtOnce  = 1000
	longestInVain  = 8 // heartbeats between two questions for what nobody has begun with, where there was nothing
)

// handedBack is how long a job waits that this worker could not do, and another one may.
const handedBack = time.Second

// leaveLook is how often a worker looks whether somebody wants it to leave.
const leaveLook = 5 * time.Second

// Worker takes accounts.
type Worker struct {
	options Options
	log     *slog.Logger
	began   time.Time
	leave   chan struct{} // closed when somebody wants it to
	once    sync.Once     // who closes it
	desk    *desk
	vain    vain
	crew    atomic.Int64  // workers that can do something, this one among them
	joined  chan struct{} // told when these are others than before
	put     map[Job]bool  // into the queue, with the last heartbeat: they are still there, or at work
}

// New returns a worker that begins with Run.
func New(options Options) *Worker {
	return &Worker{options: options, log: rehome.Logger(options.Log), leave: make(chan struct{}), began: time.Now(), desk: newDesk(),
		joined: make(chan struct{}, 1)}
}

// Leave is closed when Stop is, or when somebody wants this worker to leave. Work ends soon then.
func (w *Worker) Leave() <-chan struct{} { return w.leave }

// Run takes accounts until the worker is to leave and those at work are over; then it returns nil. It also ends, with an error, when
// the ledger does not take what it writes any more, after which nothing of it goes on.
func (w *Worker) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := w.beat(ctx); err != nil {
		return err
	}
	settled, err := w.share(ctx)
	if err != nil {
		return err
	}
	go w.watch(ctx, cancel)
	go w.await(ctx)
	go w.listen(ctx)
	beating := make(chan error, 1)
	quiet := make(chan struct{})
	go func() {
		err := w.beats(ctx, quiet, settled)
		if err != nil {
			cancel(err)
		}
		beating <- err
	}()
	refused := w.takeAll(ctx)
	close(quiet)
	if err := <-beating; err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w.options.Limits.Cut()
	return errors.Join(w.takeUp(ctx), w.options.Crew.Gone(ctx, w.options.Name))
}

// takeAll takes jobs until the worker is to leave and those at work are over, or ctx ends. It takes none before there is a connection for
// them: others would wait for what it has in hand. Where there was nothing to do for some time it only listens, see Queue.await.
func (w *Worker) takeAll(ctx context.Context) error {
	for w.desk.opened(ctx, w.leave) {
		rests, err := w.takeSome(ctx)
		if err != nil || !rests {
			return err
		}
		w.options.Queue.await(ctx, w.leave)
		w.desk.wake()
	}
	return nil
}

// takeSome takes jobs until there were none for some time: then it rests. A client of River takes so many at once for good; where this worker
// is to have more, as others have left, there is one client more.
func (w *Worker) takeSome(ctx context.Context) (rests bool, err error) {
	var clients []*taking
	defer func() {
		for _, client := range clients {
			client.stop(ctx)
		}
	}()
	for taken := 0; ; {
		if most := w.atOnce(); most > taken {
			client, err := w.options.Queue.start(ctx, fmt.Sprintf("%s/%d", w.options.Name, len(clients)+1), most-taken, w.take)
			if err != nil {
				return false, err
			}
			clients, taken = append(clients, client), most
		}
		select {
		case <-w.joined:
		case <-w.desk.tired:
			if w.desk.rest() {
				return true, nil
			}
		case <-ctx.Done():
			return false, nil
		case <-w.leave:
			return false, nil
		}
	}
}

// atOnce is how many accounts are to be at work at once. Where more are than there are connections, those wait for each other, and their
// slices are short.
func (w *Worker) atOnce() int {
	if !w.options.Divided {
		return w.options.Accounts
	}
	workers := max(int(w.crew.Load()), 1)
	return max((w.options.Accounts+workers-1)/workers, 1)
}

// await closes leave when Stop is.
func (w *Worker) await(ctx context.Context) {
	select {
	case <-w.options.Stop:
		w.dismiss()
	case <-w.leave:
	case <-ctx.Done():
	}
}

// listen looks whether somebody wants this worker to leave. That the store does not answer is for the heartbeat to say.
func (w *Worker) listen(ctx context.Context) {
	ticker := time.NewTicker(min(leaveLook, w.options.Keeper.long/beatsPerLease))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-w.leave:
			return
		case <-ctx.Done():
			return
		}
		if leave, err := w.options.Crew.Leaving(ctx, w.options.Name); err == nil && leave {
			w.dismiss()
		}
	}
}

func (w *Worker) dismiss() { w.once.Do(func() { close(w.leave) }) }

// beats renews what is held until quiet is closed.
func (w *Worker) beats(ctx context.Context, quiet <-chan struct{}, settled bool) (err error) {
	long := w.options.Keeper.long
	ticker := time.NewTicker(long / beatsPerLease)
	defer ticker.Stop()
	pause := long / sharesPerLease
	for {
		var soon <-chan time.Time
		if settled {
			pause = long / sharesPerLease
		} else {
			soon = time.After(pause)
			pause = min(pause+pause/4, long/beatsPerLease) // it may last as long as somebody is silent
		}
		select {
		case <-quiet:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
			w.desk.beat()
			if err := w.beat(ctx); err != nil {
				return err
			}
		case <-w.desk.woken:
		case <-soon:
		}
		if settled, err = w.share(ctx); err != nil {
			return err
		}
	}
}

// beat says that this worker is there, renews the leases, and puts what others have left into the queue. What it says holds at least
// as long as it thinks itself that it does.
func (w *Worker) beat(ctx context.Context) error {
	began := time.Now()
	leave, err := w.options.Crew.Report(ctx, ledger.Worker{Name: w.options.Name, Began: w.began}, w.options.Keeper.long)
	if err != nil {
		return err
	}
	if err := w.options.Keeper.renew(ctx, began); err != nil {
		return err
	}
	if leave {
		w.dismiss()
	}
	if w.options.Tend != nil {
		if err := w.options.Tend(ctx); err != nil {
			return err
		}
	}
	return w.takeUp(ctx)
}

// takeUp puts into the queue what was left undone and nobody has. A worker may also die with a job before it has its lease: such a job
// is at work for ever in the queue, which takes no other one that is equal. So whoever waits in vain for something to do puts all that
// is open there as other jobs: what was left, and what nobody has begun with.
func (w *Worker) takeUp(ctx context.Context) error {
	left, err := w.options.Leases.Abandoned(ctx, takenUpAtOnce)
	if err != nil || !w.vain.ask(w.desk.starved()) {
		return errors.Join(err, w.options.Queue.Insert(ctx, w.fresh(jobsFor(left, 0))...))
	}
	lost, err := w.options.Leases.Unclaimed(ctx, takenUpAtOnce)
	if err != nil {
		return err
	}
	w.vain.asked(len(lost) > 0)
	return w.options.Queue.Insert(ctx, jobsFor(append(left, lost...), time.Now().Unix())...)
}

// fresh leaves out the jobs that were among the last ones. Where many accounts wait for a worker they are the same each time.
func (w *Worker) fresh(jobs []Job) (others []Job) {
	now := make(map[Job]bool, len(jobs))
	for _, job := range jobs {
		if now[job] = true; !w.put[job] {
			others = append(others, job)
		}
	}
	w.put = now
	return others
}

// vain is how often a worker without anything to do asks for what nobody has begun with: for an answer the database looks at all turns,
// those that stand with their waves among them. After each answer that was empty it asks more rarely.
type vain struct{ pause, left int } // heartbeats

// ask is called with each heartbeat.
func (v *vain) ask(starved bool) bool {
	if !starved {
		*v = vain{}
		return false
	}
	if v.left > 0 {
		v.left--
		return false
	}
	return true
}

func (v *vain) asked(some bool) {
	if v.pause = min(2*v.pause+1, longestInVain-1); some {
		v.pause = 0
	}
	v.left = v.pause
}

func jobsFor(left []ledger.Abandoned, again int64) []Job {
	jobs := make([]Job, len(left))
	for i, a := range left {
		jobs[i] = Job{Run: a.Run, Account: a.Address, Epoch: a.Epoch, Again: again}
	}
	return jobs
}

// take does a job. It returns how long the job is to wait, where it cannot be done now; 0 means that it is over.
func (w *Worker) take(ctx context.Context, job Job) (later time.Duration, err error) {
	pause := w.options.Keeper.long / beatsPerLease
	if !w.desk.enterSoon(ctx, pause, w.leave) {
		if w.desk.resting() {
			pause = handedBack
		}
		return pause, nil
	}
	defer w.desk.leave()
	wanted, err := w.options.Wanted(ctx, job)
	if err != nil || !wanted {
		return 0, err
	}
	if w.options.Able != nil && !w.options.Able(ctx, job) {
		return handedBack, nil
	}
	ctx, release, taken, err := w.options.Keeper.Claim(ctx, job.Account)
	if err != nil {
		return 0, err
	}
	if !taken {
		return pause, nil
	}
	done := false
	defer func() { err = errors.Join(err, release(done)) }() // also after a mistake of this program
	// Between question and claim whoever had another job for the account may have been through with it.
	if wanted, err = w.options.Wanted(ctx, job); err != nil || !wanted {
		done = err == nil
		return 0, err
	}
	w.log.Info("account claimed", rehome.LogAccount, job.Account)
	done = w.options.Work(ctx, job)
	return 0, nil
}
