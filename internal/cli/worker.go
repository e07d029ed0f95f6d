// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
	"rehome/internal/people"
)

// shortestLease is what a busy server may take for an answer, and then some.
const shortestLease = 15 * time.Second

func workerCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "worker", Short: "Let many machines copy at the same time"})
	group.AddCommand(workerRunCommand(f), workerStatusCommand(f), workerDrainCommand(f))
	return group
}

func workerRunCommand(f *frame) *cobra.Command {
	var options journey.WorkerOptions
	var watched *admin
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Take accounts of a pass that many machines work on",
		Long: `run joins a store on PostgreSQL and takes accounts of passes that were begun with "rehome sync --on
workers". Start it on as many machines as you like, each with the same settings and secrets. Workers may
join and leave at any time.

Each account is with one worker at a time. A worker that dies, or says nothing for as long as --lease,
loses its accounts to the others; if it wakes up later it writes nothing more about them, neither to the
store nor to the destination.

Ctrl-C or SIGTERM brings what is in progress to its end; the other workers go on with the accounts.
The limits on connections and octets per second are those of all workers together: each has its share.

Exit code 0: the worker was told to end. Otherwise it could not join, or not join again for 15 minutes
after it had lost the store.`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
		if options.Lease < shortestLease {
			return rehome.OutcomeDone, &usageError{cause: fmt.Errorf("invalid value %s for --lease; use %s or more", options.Lease, shortestLease),
				command: "rehome worker run"}
		}
		options.Told = func(sentence string) { f.say("%s", printable(sentence)) }
		return f.whileWatched(ctx, move, watched, func() (rehome.Outcome, error) {
			worked, err := move.Work(ctx, options, journey.Watcher{Progress: conductor.NewProgress(), Finish: f.brake.Finish})
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(worked, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s has ended; it completed %s\n", printable(worked.Name), plural(worked.Accounts, "account"))
				return err
			})
		})
	}))
	watched = adminFlag(cmd)
	cmd.Flags().IntVar(&options.Accounts, "accounts", 0, "accounts at work at once (default: this worker's part of the connections in limits)")
	cmd.Flags().DurationVar(&options.Lease, "lease", time.Minute, "how long an account stays with this worker when it says nothing")
	return cmd
}

func workerDrainCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "drain [WORKER]...",
		Short: "Tell workers to end",
		Long: `drain tells the named workers, or all, to take no more accounts, to bring what is in progress to its end
and to end. They hear of it within seconds. Accounts that are not complete stay in the queue: other
workers go on with them, or those that are started later.`,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, names []string) (rehome.Outcome, error) {
			told, err := move.DismissWorkers(ctx, names...)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(told, func(w io.Writer) error {
				if len(told.Workers) == 0 {
					_, err := fmt.Fprintln(w, "there is no worker")
					return err
				}
				_, err := fmt.Fprintf(w, "told to end: %s\n", printable(strings.Join(told.Workers, ", ")))
				return err
			})
		})),
	}
}

// places are where a pass may run.
const (
	onThisMachine = "here"
	onWorkers     = "workers"
)

// placeOf reads the value of --on.
func placeOf(text string) error {
	if text == onThisMachine || text == onWorkers {
		return nil
	}
	return &usageError{cause: fmt.Errorf("invalid value %q for --on; use here or workers", text), command: "rehome sync"}
}

// syncOnWorkers begins a pass by workers and shows how far they are.
func (f *frame) syncOnWorkers(ctx context.Context, move *journey.Move, accounts people.Choice, options journey.SyncOptions) (rehome.Outcome, error) {
	synced, err := move.SyncOnWorkers(ctx, accounts, options, f.tellWorkers())
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(synced, func(w io.Writer) error { return writeWorkersSynced(w, synced) })
}

func workersLine(s journey.WorkersSynced) string {
	line := fmt.Sprintf("%s of %s done, %s at work with %s", number(int(s.Finished)), plural(int(s.Accounts), "account"), number(int(s.Working)),
		plural(len(s.Workers), "worker"))
	if n := len(s.Hindered); n > 0 {
		line += fmt.Sprintf(" (%d can do nothing)", n)
	}
	if len(s.Workers) == 0 {
		line += `; start one with "rehome worker run"`
	}
	return line
}

func writeWorkersSynced(w io.Writer, s journey.WorkersSynced) error {
	var failures []error
	for _, a := range s.Left {
		failures = append(failures, writeTrouble(w, a.Account, a.Error, a.Hint))
	}
	if err := writeHeld(w, s.Held); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, workersSummary(s))
	return errors.Join(append(failures, err)...)
}

func workersSummary(s journey.WorkersSynced) string {
	switch {
	case s.Outcome() == rehome.OutcomeWaiting:
		return fmt.Sprintf("%s of %s done; %s; follow the next step above", number(int(s.Finished)), plural(int(s.Accounts), "account"),
			stoppedWaves(s.Held))
	case s.Standing > 0 && !s.Interrupted:
		return fmt.Sprintf(`%s of %s done; the others wait for their wave, see "rehome wave status"; workers go on with them when it runs`,
			number(int(s.Finished)), plural(int(s.Accounts), "account"))
	case s.Interrupted:
		return `the pass goes on with the workers; "rehome status" shows where it stands, "rehome worker drain" ends it`
	case len(s.Left) > 0:
		return fmt.Sprintf("%s of %s complete; follow %s above, then run the same command again",
			number(int(s.Accounts)-len(s.Left)), plural(int(s.Accounts), "account"), verb(len(s.Left), "the next step", "the next steps"))
	}
	return fmt.Sprintf(`%s complete; next: run "rehome verify"`, plural(int(s.Accounts), "account"))
}
