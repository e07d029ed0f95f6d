// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func workerStatusCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Aliases: []string{"list"},
		Short:   "Show which workers are there, what each has, and what hinders one",
		Long: `status shows the workers of this store: since when each is there, how many accounts it has, and why one can do
nothing, such as a secret that its machine lacks. It reads the store only. A worker that is silent has not
reported lately; its accounts go to the others when its lease is over.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			there, err := move.WorkersThere(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(there, func(w io.Writer) error { return writeWorkersThere(w, there, time.Now()) })
		})),
	}
}

func writeWorkersThere(w io.Writer, there journey.WorkersThere, now time.Time) error {
	switch {
	case !there.Possible:
		_, err := fmt.Fprintln(w, `the store is a file, which one machine uses; to let many machines copy, move it to PostgreSQL with "rehome store copy"`)
		return err
	case len(there.Workers) == 0:
		_, err := fmt.Fprintln(w, `there is no worker; start one with "rehome worker run"`)
		return err
	}
	t := newTable("WORKER", "STATE", "SINCE", "ACCOUNTS").alignRight(3)
	for _, worker := range there.Workers {
		since := ""
		if !worker.Began.IsZero() {
			since = shortTime(now, worker.Began)
		}
		t.add(worker.Name, workerState(worker), since, number(worker.Held))
	}
	failures := []error{t.write(w, paletteFor(w, os.Getenv))}
	for _, worker := range there.Workers {
		if worker.Hindered != "" {
			_, err := fmt.Fprintf(w, "%s %s\n", printable(worker.Name), printable(worker.Hindered))
			failures = append(failures, err)
		}
	}
	if n := len(there.Left); n > 0 {
		_, err := fmt.Fprintf(w, "%s left behind by a worker that is gone; the next one that is free goes on with %s\n", plural(n, "account"),
			verb(n, "it", "them"))
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// workerState says in a cell what a worker is at.
func workerState(w journey.WorkerThere) string {
	switch {
	case w.Silent:
		return "silent"
	case w.Leaving:
		return "leaves"
	case w.Hindered != "":
		return "can do nothing"
	}
	return "takes accounts"
}
