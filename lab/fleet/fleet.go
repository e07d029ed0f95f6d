// SPDX-License-Identifier: Apache-2.0

// Package fleet lets workers move an organisation of any size between ends that nobody runs, over a real store: PostgreSQL with River,
// leases, turns, limits, waves and their brakes. So it shows what all of that costs and bears, without a terabyte of mail.
//
// Stage makes the store and the people, Waves the waves, Begin the line of accounts, and Work lets workers take some of them. "lab fleet"
// does all of it and prints the figures of docs/performance.md; the test of every day has few accounts and asks whether the rules hold.
package fleet

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"golang.org/x/sync/errgroup"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/people"
	"rehome/internal/wave"
	"rehome/lab"
	"rehome/lab/postgres"
)

// Options of a fleet.
type Options struct {
	Accounts    int
	Workers     int
	Connections int // to each end, of all workers together
	Lease       time.Duration
	Dir         string // for the settings
	Database    string // lines of postgresql.conf
	Sentences   int    // of SQL that took the database most are listed with each cost; 0: they are not counted
	Lines       bool   // workers reach the store by lines that can break, see Suffer
}

// Fleet is a move, its store, and the ends.
type Fleet struct {
	options Options
	server  *postgres.Server
	db      *sql.DB
	move    *journey.Move // whoever types commands
	ends    *ends
}

const (
	connectionsPerWorker = 40 // to the store, and some
	storePassword        = "the password of the store"
	passwordFile         = "store-password"
)

// Stage starts a server for the store, and writes settings and the list of people.
func Stage(l *lab.Lab, options Options) (*Fleet, error) {
	if options.Sentences > 0 {
		options.Database += statements
	}
	server := postgres.Options{Connections: (options.Workers + 1) * connectionsPerWorker, Settings: options.Database}
	if options.Lines {
		server.Password = storePassword
		if err := os.WriteFile(filepath.Join(options.Dir, passwordFile), []byte(storePassword), 0o600); err != nil {
			return nil, err
		}
	}
	store, err := postgres.Start(l, server)
	if err != nil {
		return nil, err
	}
	f := &Fleet{options: options, server: store, ends: newEnds()}
	if f.db, err = sql.Open("pgx", store.Address("postgres")); err != nil {
		return nil, err
	}
	if err := writePeople(filepath.Join(options.Dir, "people.csv"), options.Accounts); err != nil {
		return nil, err
	}
	f.move, err = f.open(nil)
	return f, err
}

// Close closes what is open of the store.
func (f *Fleet) Close() error { return errors.Join(f.move.Close(), f.db.Close()) }

// Address is that of an account; they are in alphabetical order.
func Address(i int) string { return fmt.Sprintf("u%d@example.test", 1_000_000+i) }

func writePeople(path string, n int) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	_, _ = out.WriteString("EmailAddress,Password,DestinationPassword\n") // Flush tells
	for i := range n {
		fmt.Fprintf(out, "%s,old,new\n", Address(i))
	}
	return errors.Join(out.Flush(), file.Close())
}

// open is the move as another process has it; nil for one that lives for ever.
func (f *Fleet) open(p *process) (*journey.Move, error) {
	store := fmt.Sprintf("store: %q\n", f.server.Address("postgres"))
	if p != nil {
		address := strings.Replace(f.server.NetworkAddress("postgres"), f.server.Addr, p.line.Addr(), 1)
		store = fmt.Sprintf("store: %q\nstore_password: file:%s\n", address, passwordFile)
	}
	text := fmt.Sprintf("organisation: Example\n%[1]ssource: {kind: imap, imap: {address: 'old.example.test:993'}}\n"+
		"destination: {kind: imap, imap: {address: 'new.example.test:993'}}\nroster: people.csv\n"+
		"limits: {source_connections: %[2]d, destination_connections: %[2]d}\n", store, f.options.Connections)
	settings, err := config.Parse(filepath.Join(f.options.Dir, "rehome.yaml"), []byte(text))
	if err != nil {
		return nil, err
	}
	move := journey.New(settings, "fleet", rehome.Logger(nil))
	move.Simulate(f.ends.stepOf(p))
	return move, nil
}

// Waves makes so many waves of the same size, the highest priority first, and lets them run.
func (f *Fleet) Waves(ctx context.Context, n int) error {
	for i := range n {
		priority := n - i
		choice := &journey.WaveChoice{Choice: wave.Choice{Size: (f.options.Accounts + n - 1) / n}}
		if _, err := f.move.CreateWave(ctx, WaveName(i), journey.WaveChange{Priority: &priority}, choice); err != nil {
			return err
		}
		started, err := f.move.StartWave(ctx, WaveName(i), false)
		if err == nil && !started.Begun {
			err = fmt.Errorf("wave %d does not begin: %v", i, started.Closed)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// WaveName is that of a wave.
func WaveName(i int) string { return fmt.Sprintf("wave-%03d", i+1) }

// Pass is a pass over all accounts that was begun.
type Pass struct {
	cancel context.CancelFunc
	lined  chan struct{} // closed when all have their place in the line
	over   chan struct{} // closed when it has ended, with
	err    error
	synced journey.WorkersSynced
}

// Begin has all accounts wait for workers, and returns when they do.
func (f *Fleet) Begin(ctx context.Context) (*Pass, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &Pass{cancel: cancel, lined: make(chan struct{}), over: make(chan struct{})}
	go func() {
		defer close(p.over)
		told := false
		p.synced, p.err = f.move.SyncOnWorkers(ctx, people.Choice{}, journey.SyncOptions{}, func(journey.WorkersSynced) {
			if !told {
				told = true
				close(p.lined)
			}
		})
	}()
	select {
	case <-p.lined:
		return p, nil
	case <-p.over:
		cancel()
		return nil, errors.Join(p.err, errors.New("the pass was over before it began"))
	}
}

// End leaves what is left of the pass to whoever takes it up, and returns how far it is.
func (p *Pass) End() (journey.WorkersSynced, error) {
	p.cancel()
	return p.Wait()
}

// Wait waits until it is over.
func (p *Pass) Wait() (journey.WorkersSynced, error) {
	<-p.over
	p.cancel()
	return p.synced, p.err
}

// Until bounds the work of workers; what is zero does not. Without Over, the time and what was done count from when Full connections to
// each end are in use, and have been for Warm: before that workers read the list of people, once in a pass, and all begin at once.
type Until struct {
	Full     int
	Warm     time.Duration
	Accounts int   // that are through
	Slices   int64 // that have begun
	Long     time.Duration
	Over     *Pass
	Within   *Pass // must not be over before
}

// errNoneLeft is why work cannot be measured to its end.
var errNoneLeft = errors.New("all accounts were done before there was enough to measure: raise --accounts, or measure less")

// Done is what workers have done.
type Done struct {
	Accounts int
	Slices   int64
	Batches  int64
	Jobs     int64 // that the queue has given out
	Most     int   // connections to each end at once

	Changes  int64         // transactions of the store
	Sessions int64         // connections to the store that were opened
	Reads    int64         // of the ledgers of the workers
	Writes   int64         // likewise
	Waited   time.Duration // for them, summed over all that waited
	Gap      time.Duration // between two slices of an account, on average
	Busy     float64       // share of the time of all connections in which they were used, as far as it is simulated
	Cost
}

// Work lets workers take accounts, each as shape says, and then leave.
func (f *Fleet) Work(ctx context.Context, shape Shape, until Until) (done Done, err error) {
	f.ends.forget()
	f.ends.nextWork()
	enough := f.ends.begin(shape, until.Accounts, until.Slices)
	stop, gone := make(chan struct{}), make(chan error, 1)
	var crew errgroup.Group
	for range f.options.Workers {
		crew.Go(func() error { return f.work(ctx, nil, stop) })
	}
	go func() { gone <- crew.Wait() }()
	var over, early <-chan struct{}
	if until.Within != nil {
		early = until.Within.over
	}
	if until.Over != nil {
		over = until.Over.over
	} else if err := f.ends.full(ctx, f.options.Workers, until, early); err != nil {
		close(stop)
		return done, errors.Join(err, <-gone)
	}
	meter, err := f.start(ctx)
	if err != nil {
		return done, err
	}
	before := f.ends.spent()
	if until.Over == nil {
		enough = f.ends.begin(shape, until.Accounts, until.Slices)
	}
	var late <-chan time.Time
	if until.Long > 0 {
		late = time.After(until.Long)
	}
	select {
	case <-enough:
	case <-late:
	case <-over:
	case <-early:
		close(stop)
		return done, errors.Join(errNoneLeft, <-gone)
	case err := <-gone:
		return done, errors.Join(err, errors.New("the workers have left"))
	}
	if err := f.read(ctx, meter, before, shape, &done); err != nil {
		return done, err
	}
	close(stop)
	return done, <-gone
}

// work is one worker; nil is a process that lives for ever.
func (f *Fleet) work(ctx context.Context, p *process, stop <-chan struct{}) error {
	move, err := f.open(p)
	if err != nil {
		return err
	}
	watcher := journey.Watcher{Progress: conductor.NewProgress(), Finish: func() (<-chan struct{}, func()) { return stop, func() {} }}
	_, err = move.Work(ctx, journey.WorkerOptions{Accounts: max(f.options.Connections/f.options.Workers, 1), Lease: f.options.Lease,
		Told: p.told}, watcher)
	return errors.Join(err, move.Close())
}

// spent sums up what the workers have asked of the ledger since forget.
func (e *ends) spent() (sum ledger.Spent) {
	e.ledgers.Range(func(store, _ any) bool {
		s := store.(*ledger.Ledger).Spent()
		sum.Reads, sum.Writes, sum.Waited = sum.Reads+s.Reads, sum.Writes+s.Writes, sum.Waited+s.Waited
		return true
	})
	return sum
}

func (e *ends) forget() { e.ledgers.Clear() }

// nextWork has the first slice of each account be one that is somewhere within its time, where accounts are midway.
func (e *ends) nextWork() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.work++
}
