// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rehome/lab"
	"rehome/lab/fleet"
)

// fleetOptions are those of the command.
type fleetOptions struct {
	fleet.Options
	waves   int
	sync    bool
	planned time.Duration
	looks   int // accounts with nothing to do
	copies  time.Duration
	day     float64 // of the plan, as fast as it goes

	faults int // that happen to workers, in place of everything else
	seed   uint64
}

// database are settings of PostgreSQL for a machine of its own, as docs/workers.md advises, but for the disk.
const database = `
shared_buffers = 256MB
full_page_writes = on
autovacuum = on
max_wal_size = 4GB
`

func newFleet() *cobra.Command {
	options := fleetOptions{Options: fleet.Options{Lease: time.Minute}}
	command := &cobra.Command{
		Use:   "fleet",
		Short: "Let workers move a large organisation between simulated ends, over a real store",
		Long: `fleet has a store on PostgreSQL, its queue, leases, limits and waves as they are, and ends that
nobody runs: a slice of an account takes the time of the plan, or none, and has its rows in the
ledger. It prints what the control of it all costs, as a Markdown table.

With --faults it measures nothing: workers are killed, stopped and cut off from the store while they do
one pass, and it ends with an error if something was lost, done twice or against the limits. So many
faults need about ten times as many accounts.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return options.run(command.Context(), command.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.IntVar(&options.Accounts, "accounts", 300_000, "accounts of the organisation")
	flags.IntVar(&options.Workers, "workers", 4, "workers, in this process")
	flags.IntVar(&options.Connections, "connections", 400, "connections to each end, of all workers together")
	flags.IntVar(&options.waves, "waves", 60, "waves of the same size")
	flags.DurationVar(&options.planned, "planned", time.Minute, "for how long the rate of the plan is run in real time; 0 for not")
	flags.IntVar(&options.looks, "looks", 20_000, "accounts that are passed over as fast as it goes, with nothing to do; 0 for none")
	flags.DurationVar(&options.copies, "copies", time.Minute, "for how long accounts are copied as fast as it goes; 0 for not")
	flags.Float64Var(&options.day, "day", 0, "copy as much as this part of a day of the plan has, as fast as it goes; 1 is all of it, 0 nothing")
	flags.BoolVar(&options.sync, "fsync", true, "let the database wait for the disk, as it does elsewhere")
	flags.IntVar(&options.Sentences, "sentences", 0, "behind each part, list so many sentences of SQL that took the database most")
	flags.IntVar(&options.faults, "faults", 0, "let so many faults happen to workers")
	flags.Uint64Var(&options.seed, "seed", 1, "which faults happen to whom")
	flags.DurationVar(&options.Lease, "lease", options.Lease, "how long an account stays with a worker that says nothing")
	flags.StringVar(&options.Dir, "dir", "", "folder for the store (default: a temporary one)")
	return command
}

// enough refuses fewer accounts than what is to be measured takes; work on them would wait for others for ever.
func (o fleetOptions) enough() error {
	if o.faults > 0 {
		return nil
	}
	least := o.looks
	if o.copies > 0 || o.planned > 0 || o.day > 0 {
		least += o.Connections
	}
	least += int(math.Ceil(float64(o.slicesOfDay()) / float64(plan.Slices)))
	if o.Accounts > least {
		return nil
	}
	return fmt.Errorf("%d accounts are too few: --looks takes %d of them, --copies and --planned one for each of %d connections, and a "+
		"--day of the plan %d; raise --accounts above %d, or measure less", o.Accounts, o.looks, o.Connections, o.slicesOfDay()/int64(plan.Slices), least)
}

// slicesOfDay are those that so many connections do in that part of a day.
func (o fleetOptions) slicesOfDay() int64 {
	return int64(o.day * float64(o.Connections) * float64(24*time.Hour) / float64(plan.Takes))
}

func (o fleetOptions) run(ctx context.Context, out io.Writer) (err error) {
	if err := o.enough(); err != nil {
		return err
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "fleet-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
		if err := os.Chmod(o.Dir, 0o755); err != nil {
			return err
		}
	}
	l, err := lab.New(filepath.Join(o.Dir, "lab"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	o.Database = database + fmt.Sprintf("fsync = %v\n", o.sync)
	o.Lines = o.faults > 0
	f, err := fleet.Stage(l, o.Options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if o.faults > 0 {
		return o.suffer(ctx, f, out)
	}
	fmt.Fprintf(out, "%d accounts in %d waves, %d workers, %d connections to each end\n\n", o.Accounts, o.waves, o.Workers, o.Connections)
	return o.measure(ctx, f, out)
}

// suffer lets faults happen to workers and prints what they have cost.
func (o fleetOptions) suffer(ctx context.Context, f *fleet.Fleet, out io.Writer) error {
	began := time.Now()
	said := func(what string) { fmt.Fprintf(out, "%5.0f s: %s\n", time.Since(began).Seconds(), what) }
	said(fmt.Sprintf("%d accounts, %d workers, %d connections to each end, %d faults by seed %d", o.Accounts, o.Workers, o.Connections,
		o.faults, o.seed))
	r, err := f.Suffer(ctx, fleet.Hurt, o.faults, o.seed, said)
	said(r.String())
	return err
}

// measure prints a line for each part as soon as it is known.
func (o fleetOptions) measure(ctx context.Context, f *fleet.Fleet, out io.Writer) error {
	fmt.Fprint(out, fleet.CostHead)
	cost, err := f.Measure(ctx, func() error { return f.Waves(ctx, o.waves) })
	if err != nil {
		return err
	}
	fmt.Fprint(out, cost.Line(fmt.Sprintf("making and starting %d waves", o.waves)))
	var pass *fleet.Pass
	cost, err = f.Measure(ctx, func() (err error) {
		pass, err = f.Begin(ctx)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprint(out, cost.Line("lining up all accounts"))
	list(out, cost.Sentences)
	for i, work := range o.works() {
		if i == 0 {
			fmt.Fprint(out, "\n", fleet.DoneHead)
		}
		work.until.Within = pass
		done, err := f.Work(ctx, work.shape, work.until)
		if err != nil {
			return err
		}
		fmt.Fprint(out, done.Line(work.name))
		list(out, done.Sentences)
	}
	tables, err := f.Tables(ctx)
	if err != nil {
		return err
	}
	fmt.Fprint(out, "\n| table, with indexes | rows | MB |\n|---|---|---|\n")
	for _, t := range tables {
		fmt.Fprintf(out, "| %s | %d | %.1f |\n", t.Name, t.Rows, float64(t.Octets)/1e6)
	}
	_, err = pass.End()
	return err
}

// list shows the sentences that took the database most.
func list(out io.Writer, all []fleet.Sentence) {
	for _, s := range all {
		fmt.Fprintf(out, "%8d ms %8d times %9d pages %8d rows: %.300s\n", s.Took.Milliseconds(), s.Calls, s.Pages, s.RowsReturned, s.Text)
	}
}

// work is a part of the pass.
type work struct {
	name  string
	shape fleet.Shape
	until fleet.Until
}

// plan is that of a move of 240 TB in three weeks: 0.8 GB of an account, at 340 KiB a second and connection, are 80 times half a minute, see
// pass.DefaultBudget, and 107 batches of messages of 75 kB.
var plan = fleet.Shape{Slices: 80, Long: true, Takes: 30 * time.Second, Batches: 107, Midway: true}

// works are what was asked for.
func (o fleetOptions) works() (all []work) {
	if o.looks > 0 {
		all = append(all, work{name: "nothing to do, as fast as it goes", shape: fleet.Shape{Slices: 1}, until: fleet.Until{Full: 1, Accounts: o.looks}})
	}
	if o.copies > 0 {
		bare := plan
		bare.Bare = true
		until := fleet.Until{Full: 1, Long: o.copies}
		all = append(all, work{name: "copies, as fast as it goes", shape: plan, until: until},
			work{name: "the same without the rows of messages", shape: bare, until: until})
	}
	if o.planned > 0 {
		planned, bare := plan, plan
		planned.Speed, bare.Speed, bare.Bare = 1, 1, true
		until := fleet.Until{Full: o.Connections, Warm: plan.Takes, Long: o.planned}
		all = append(all, work{name: "the planned rate, in real time", shape: planned, until: until},
			work{name: "the same without the rows of messages", shape: bare, until: until})
	}
	if o.day > 0 {
		all = append(all, work{name: fmt.Sprintf("%g of a day of the plan, as fast as it goes", o.day), shape: plan,
			until: fleet.Until{Full: 1, Slices: o.slicesOfDay()}})
	}
	return all
}
