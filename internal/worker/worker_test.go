// SPDX-License-Identifier: Apache-2.0

package worker_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/ledger/postgres"
	"rehome/internal/worker"
	"rehome/lab"
	labpostgres "rehome/lab/postgres"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// crew is a store, and what its workers have done.
type crew struct {
	t        *testing.T
	location ledger.Location

	mu      sync.Mutex
	done    map[string]int // by account
	allowed map[string]ledger.Amounts
}

// all may use this together.
var all = ledger.Amounts{worker.Source: 3, worker.Destination: 4, worker.Octets: 1000}

// limits are what one worker of the crew may use.
type limits struct {
	*crew

	name string
}

func (l limits) Whole() ledger.Amounts { return all }

func (l limits) Using() ledger.Amounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.allowed[l.name])
}

func (l limits) Allow(amounts ledger.Amounts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.allowed[l.name] = maps.Clone(amounts)
	for part, most := range all {
		sum := int64(0)
		for _, has := range l.allowed {
			sum += has[part]
		}
		if sum > most {
			l.t.Errorf("%d of %d %s are allowed: %v", sum, most, part, l.allowed)
		}
	}
}

func (l limits) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.allowed, l.name)
}

// begin starts a store on PostgreSQL that workers can join.
func begin(t *testing.T) (*crew, *labpostgres.Server) {
	t.Helper()
	server, err := labpostgres.Start(lab.Open(t), labpostgres.Options{Connections: 60})
	must(t, err)
	return &crew{t: t, location: ledger.Location{Name: server.Address("postgres")}, done: map[string]int{},
		allowed: map[string]ledger.Amounts{}}, server
}

func (c *crew) open() (*ledger.Ledger, *worker.Queue) {
	c.t.Helper()
	store, err := c.location.Open(c.t.Context())
	must(c.t, err)
	c.t.Cleanup(func() { must(c.t, store.Close()) })
	config, schema, err := c.location.Beside(postgres.Jobs)
	must(c.t, err)
	queue, err := worker.OpenQueue(c.t.Context(), config, schema, nil)
	must(c.t, err)
	c.t.Cleanup(queue.Close)
	return store, queue
}

// lateEpoch is that of the second job of an account.
const lateEpoch = 5

// join runs a worker that does what work does, or with nil can do nothing, and returns what waits for its end.
func (c *crew) join(name string, stop <-chan struct{}, work func(ctx context.Context, account string) bool) (end func() error) {
	c.t.Helper()
	return c.joinWith(name, stop, worker.Options{Accounts: 2}, work)
}

// joinWith is join of a worker that takes more accounts at once.
func (c *crew) joinWith(name string, stop <-chan struct{}, most worker.Options, work func(context.Context, string) bool) (end func() error) {
	c.t.Helper()
	store, queue := c.open()
	store = store.Leased()
	leave, err := store.Shares.Attend(name)
	must(c.t, err)
	c.t.Cleanup(leave)
	w := worker.New(worker.Options{
		Name: name, Leases: store.Leases, Crew: store.Workers, Keeper: worker.NewKeeper(store.Leases, name, 4*time.Second), Queue: queue,
		Accounts: most.Accounts, Divided: most.Divided, Stop: stop, Shares: store.Shares, Limits: limits{c, name},
		Wanted: func(ctx context.Context, job worker.Job) (bool, error) {
			turn, err := store.Passes.Turn(ctx, job.Account)
			if job.Epoch == lateEpoch {
				time.Sleep(200 * time.Millisecond) // the answer is old when it comes
			}
			return len(turn) > 0 && turn[0].Run == job.Run, err
		},
		Able: func(context.Context, worker.Job) bool { return work != nil },
		Work: func(ctx context.Context, job worker.Job) bool {
			if !work(ctx, job.Account) {
				return false
			}
			if store.Passes.Wait(ctx, ledger.Turn{Address: job.Account, State: ledger.TurnOver}) != nil {
				return false
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.done[job.Account]++
			return true
		},
	})
	ended := make(chan error, 1)
	go func() { ended <- w.Run(c.t.Context()) }()
	return func() error { return <-ended }
}

// diedWith leaves the jobs of an account at work in the queue, whose workers are dead: they had begun with the account as often as the
// last job says, and not once more.
func diedWith(t *testing.T, server *labpostgres.Server, store *ledger.Ledger, queue *worker.Queue, job worker.Job) {
	t.Helper()
	for range job.Epoch {
		_, taken, err := store.Leased().Leases.Claim(t.Context(), "dead", job.Account, time.Nanosecond)
		if must(t, err); !taken {
			t.Fatalf("%s is not to be had", job.Account)
		}
	}
	must(t, queue.Insert(t.Context(), job))
	must(t, server.Exec(t.Context(), fmt.Sprintf(`UPDATE rehome_jobs.river_job SET state = 'running', attempt = 1, attempted_at = now(),
		attempted_by = ARRAY['dead'] WHERE args->>'account' = '%s'`, job.Account)))
}

// Every account is done by one of the workers, once: also one whose job comes twice, one that a worker has left undone, and those whose
// workers died between job and lease, before anybody had begun with the account and later.
func TestWorkers_eachAccountOnce(t *testing.T) {
	t.Parallel()
	c, server := begin(t)
	store, queue := c.open()
	ctx := t.Context()
	var turns []ledger.Turn
	var jobs []worker.Job
	const accounts = 30
	run, err := store.Runs.Begin(ctx, []byte("{}"), accounts)
	must(t, err)
	for i := range accounts {
		address := fmt.Sprintf("%02d@example.test", i)
		turns = append(turns, ledger.Turn{Address: address, Pass: rehome.PassPreStage, Run: run.ID, State: ledger.TurnQueued})
		jobs = append(jobs, worker.Job{Run: run.ID, Account: address})
	}
	must(t, store.Passes.Begin(ctx, turns))
	for range 2 { // the second time they are there already
		must(t, queue.Insert(ctx, jobs...))
	}
	must(t, queue.Insert(ctx, worker.Job{Run: run.ID, Account: "00@example.test", Epoch: lateEpoch}))
	must(t, queue.Insert(ctx, worker.Job{Run: run.ID - 1, Account: "00@example.test"}, worker.Job{Run: run.ID - 1, Account: "gone@example.test"}))
	must(t, queue.Keep(ctx, run.ID))
	kept, err := server.Is(ctx, `SELECT COUNT(*) = $1 AND MIN((args->>'run')::bigint) = $2 AND MAX((args->>'run')::bigint) = $2
		FROM rehome_jobs.river_job`, accounts+1, run.ID)
	if must(t, err); !kept {
		t.Error("jobs of other runs are left, or one of this run is not")
	}
	must(t, queue.Insert(ctx, worker.Job{Run: run.ID + 1, Account: "01@example.test"}))
	for i, epoch := range []int64{0, 1, 2} {
		diedWith(t, server, store, queue, worker.Job{Run: run.ID, Account: turns[20+i].Address, Epoch: epoch})
	}
	var once sync.Once
	left := make(chan string, 1)
	stop := make(chan struct{})
	quitter := c.join("quitter", stop, func(_ context.Context, account string) bool {
		quits := false
		if account != jobs[0].Account { // for which another job goes first
			once.Do(func() { quits = true; left <- account; close(stop) })
		}
		return !quits
	})
	must(t, quitter())
	account := <-left
	if c.done[account] > 0 {
		t.Errorf("%s was left undone, and is done", account)
	}
	fine := func(context.Context, string) bool { return true }
	one, two, unable := c.join("one", nil, fine), c.join("two", nil, fine), c.join("unable", nil, nil)
	must(t, server.Await(ctx, `SELECT NOT EXISTS (SELECT 1 FROM rehome.turns)`))
	told, err := store.Workers.Dismiss(ctx)
	if err != nil || len(told) != 3 {
		t.Errorf("told %v, %v", told, err)
	}
	must(t, one())
	must(t, two())
	must(t, unable())
	for _, job := range jobs {
		if c.done[job.Account] != 1 {
			t.Errorf("%s was done %d times", job.Account, c.done[job.Account])
		}
	}
	if there, err := store.Workers.All(ctx); err != nil || len(there) > 0 {
		t.Errorf("workers %v, %v after all have left", there, err)
	}
	if held, err := store.Leases.Held(ctx); err != nil || len(held) > 0 {
		t.Errorf("held %v, %v after all have left", held, err)
	}
}
