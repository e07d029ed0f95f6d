// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
)

// tellEvery is how often a script hears of a pass.
const tellEvery = time.Second

func watchCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "watch",
		Short: "Show the progress of a pass or comparison that runs in another process",
		Long: `watch shows what the process shows that runs "rehome sync", "verify" or "cutover run" with the same settings, in
the same numbers, until that process is done. It changes nothing, takes no lock and slows nothing down. Ctrl-C ends
watch, and not what it shows. Run it as the same user on the same machine.

With --json, each line is an object, one each second. "state" is "running", and in the last line "ended", "died" (the
process was killed or has crashed; the numbers are the last that it told) or "none" (nothing runs).

Exit code 0: what was watched has ended, or nothing runs. What has come of it, "rehome status" shows. 5: it was
killed or has crashed, and the same command goes on with it.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			ticker := time.NewTicker(f.watchEvery())
			defer ticker.Stop()
			f.watching.Store(true)
			last, err := move.Watch(ctx, ticker.C, f.showRuns())
			f.screen.clear()
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.giveRun(last)
		})),
	}
}

// watchEvery is how often the other process is asked.
func (f *frame) watchEvery() time.Duration {
	if f.screen.terminal && !f.json {
		return redrawEvery
	}
	return tellEvery
}

// showRuns returns what shows moments, as the process that works shows them, and as often.
func (f *frame) showRuns() func(journey.Running) error {
	var shown time.Time
	return func(r journey.Running) error {
		switch {
		case r.State != journey.RunRunning: // the answer says it
		case f.json && f.output == "":
			return json.NewEncoder(f.app.Out).Encode(r)
		case f.json || f.quiet:
		default:
			if shown.IsZero() {
				f.say("%s of process %d, which began at %s", printable(r.Work), r.PID, shortTime(time.Now(), r.Began))
			}
			if f.screen.terminal || time.Since(shown) >= reportEvery {
				f.showProgress(runningSnapshot(r))
				shown = time.Now()
			}
		}
		return nil
	}
}

// runningSnapshot puts what a process waits for where its own line has it.
func runningSnapshot(r journey.Running) conductor.Snapshot {
	s := r.Snapshot()
	if awaited := time.Duration(r.AwaitedSeconds * float64(time.Second)); r.Awaited != "" && awaited >= patientFor {
		s.Waiting = cmp.Or(s.Waiting, waitingWords(r.Awaited, awaited))
	}
	return s
}

// giveRun answers how it has ended.
func (f *frame) giveRun(last journey.Running) (rehome.Outcome, error) {
	if f.json && f.output == "" {
		return last.Outcome(), json.NewEncoder(f.app.Out).Encode(last)
	}
	return f.give(last, func(w io.Writer) error {
		if f.quiet && last.State != journey.RunDied {
			return nil
		}
		if last.Accounts > 0 {
			fmt.Fprintln(w, progressLine(overall(runningSnapshot(last))))
		}
		_, err := fmt.Fprintln(w, paletteFor(w, os.Getenv).of(last.Outcome(), runWords(last)))
		return err
	})
}

// runWords says how it has ended.
func runWords(r journey.Running) string {
	work := printable(r.Work)
	switch r.State {
	case journey.RunRunning:
		return work + " goes on; \"rehome watch\" shows it again"
	case journey.RunDied:
		return fmt.Sprintf("%s of process %d, which began at %s, was killed or has crashed; \"rehome %s\" goes on with it",
			work, r.PID, shortTime(time.Now(), r.Began), work)
	case journey.RunEnded:
		return work + " has ended; \"rehome status\" shows what has come of it"
	}
	return "nothing is running; \"rehome status\" shows where the move stands"
}
