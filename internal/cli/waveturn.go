// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
	"rehome/internal/wave"
)

func waveStartCommand(f *frame) *cobra.Command {
	var confirmed bool
	var place string
	cmd := &cobra.Command{
		Use:               "start WAVE",
		ValidArgsFunction: f.completeWave,
		Short:             "Let a wave run, and copy its accounts",
		Long: `start lets a wave run and copies its accounts as "rehome sync" does: on this machine, or, with a store on
PostgreSQL, on all that run "rehome worker run". Run it again for a later pass over the same wave; "rehome
sync" is a pass over all accounts whose wave runs, and over those in none. A wave that has hours is copied
within them: what is under way when they end is brought to the end of its slice, which takes half a
minute, and workers go on by themselves when they begin again.

Before a wave runs its gate is looked at: all of its accounts move, those who belong together are in it or
in a wave that has begun, the wave of --after is through, and log-ins that were tried at the destination
work. If something is in the way, start says what, and begins only with --confirm.

Exit codes are those of "rehome sync"; 6 also if the gate is closed, or the wave was stopped meanwhile.`,
		Args: placed,
	}
	cmd.RunE = f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
		if place == "" {
			place = onThisMachine
			if move.Shared() {
				place = onWorkers
			}
		}
		if err := placeOf(place); err != nil {
			return rehome.OutcomeDone, err
		}
		started, err := f.startWave(ctx, move, args[0], place, confirmed)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.give(started, func(w io.Writer) error { return f.writeStarted(w, started) })
	}))
	cmd.Flags().BoolVar(&confirmed, "confirm", false, "begin although something is in the way")
	cmd.Flags().StringVar(&place, "on", "", "which machines copy: here, or workers (default: workers with a store on PostgreSQL)")
	completeValues(cmd, "on", onThisMachine, onWorkers)
	return cmd
}

func (f *frame) startWave(ctx context.Context, move *journey.Move, name, place string, confirmed bool) (journey.WaveStarted, error) {
	started, err := move.StartWave(ctx, name, confirmed)
	if err != nil || !started.Begun {
		return started, err
	}
	if place == onWorkers {
		synced, err := move.SyncWaveOnWorkers(ctx, name, f.tellWorkers())
		started.Workers = &synced
		return started, err
	}
	progress := conductor.NewProgress()
	stop := f.watch(progress)
	synced, err := move.SyncWave(ctx, name, journey.Watcher{Progress: progress, Finish: f.brake.Finish})
	stop()
	started.Synced = &synced
	return started, err
}

func (f *frame) writeStarted(w io.Writer, started journey.WaveStarted) error {
	if err := writeClosed(w, started.Closed); err != nil {
		return err
	}
	switch {
	case !started.Begun:
		_, err := fmt.Fprintf(w, "wave %s was not started\n", started.Wave)
		return err
	case started.Workers != nil:
		return writeWorkersSynced(w, *started.Workers)
	case len(started.Synced.Accounts) == 0 && len(started.Synced.Held) > 0:
		return writeHeld(w, started.Synced.Held)
	}
	return f.writeSynced(w, *started.Synced)
}

// startedSummary says in a sentence what has come of starting a wave.
func startedSummary(started journey.WaveStarted) string {
	switch {
	case !started.Begun && len(started.Closed) > 0:
		return fmt.Sprintf("wave %s was not started: %s; next: %s", started.Wave, started.Closed[0].Reason, started.Closed[0].NextStep)
	case !started.Begun:
		return fmt.Sprintf("wave %s was not started", started.Wave)
	case started.Workers != nil:
		return workersSummary(*started.Workers)
	case started.Synced == nil:
		return fmt.Sprintf("wave %s runs", started.Wave)
	case len(started.Synced.Accounts) == 0 && len(started.Synced.Held) > 0:
		return fmt.Sprintf("wave %s %s", started.Wave, started.Synced.Held[0].Reason)
	}
	return syncSummary(*started.Synced)
}

func writeClosed(w io.Writer, closed []wave.Closed) error {
	for _, c := range closed {
		if _, err := fmt.Fprintf(w, "%s\n  -> %s\n", printable(c.Reason), printable(c.NextStep)); err != nil {
			return err
		}
	}
	return nil
}

// writeHeld says which accounts were left alone because their wave does not run, and what lifts that.
func writeHeld(w io.Writer, held []journey.HeldWave) error {
	for _, h := range held {
		text := fmt.Sprintf("wave %s %s", h.Wave, printable(h.Reason))
		if h.Accounts > 0 {
			text += ": " + plural(h.Accounts, "account") + " left alone"
		}
		text += "\n"
		if h.NextStep != "" {
			text += fmt.Sprintf("  -> %s\n", printable(h.NextStep))
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}

// stoppedWaves names those that somebody has to let run again.
func stoppedWaves(held []journey.HeldWave) string {
	var names []string
	for _, h := range held {
		if h.NextStep != "" {
			names = append(names, h.Wave)
		}
	}
	return verb(len(names), "wave ", "waves ") + strings.Join(names, ", ") + verb(len(names), " was stopped", " were stopped")
}

func wavePauseCommand(f *frame) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:               "pause WAVE",
		ValidArgsFunction: f.completeWave,
		Short:             "Stop a wave at the end of what is under way",
		Long: `pause lets nothing of a wave begin any more, on any machine. What is under way ends with its slice, which
takes half a minute; after that nothing is written to the destination for its accounts. Other waves go on.`,
		Args: placed,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			return f.giveWaves(move.PauseWave(ctx, args[0], reason))
		})),
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for whoever looks at it next")
	return cmd
}

func waveResumeCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:               "resume WAVE",
		ValidArgsFunction: f.completeWave,
		Short:             "Let a wave run again that was paused, or stopped by its brake",
		Long: `resume lets a wave run again, and its brake count from now on. Workers go on with it by themselves; without
workers run "rehome wave start" or "rehome sync" after it. If what has stopped the wave is still the case,
the brake stops it again. To allow more, change its limits first: "rehome wave set WAVE --brake failed=5%".`,
		Args: placed,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			return f.giveWaves(move.ResumeWave(ctx, args[0]))
		})),
	}
}

func (f *frame) giveWaves(waves journey.Waves, err error) (rehome.Outcome, error) {
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(waves, func(w io.Writer) error { return writeWaves(w, waves, true) })
}

// tellWorkers returns what shows how far workers are, and once what hinders one of them.
func (f *frame) tellWorkers() func(journey.WorkersSynced) {
	told := map[journey.HinderedWorker]bool{}
	return func(now journey.WorkersSynced) {
		if now.Lost != "" {
			f.say("%s", printable(now.Lost))
			return
		}
		for _, h := range now.Hindered {
			if !told[h] {
				f.say("%s %s", printable(h.Worker), printable(h.Reason))
			}
			told[h] = true
		}
		if !f.quiet {
			f.say("%s", workersLine(now))
		}
	}
}
