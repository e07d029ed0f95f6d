// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"rehome/internal/journey"
)

func secretsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "secrets", Short: "Destroy the files with passwords when the move is over"})
	group.AddCommand(secretsPurgeCommand(f))
	return group
}

func secretsPurgeCommand(f *frame) *cobra.Command {
	var yes, identity bool
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "Show, and with --yes destroy, every file with secrets that rehome has written",
		Long: `purge lists the files with passwords and hashes that rehome has written, wherever they are, and with
--yes overwrites and removes them. Each that rehome writes or destroys is a line of
secret-files.jsonl in accounts.output; what is no longer where it was written is named. Files that you
have written, and the identity that opens what is sealed, are listed and kept; --identity destroys that
too, and with it everything sealed, wherever copies of it are.

It does not know copies that somebody made, nor backups.

Exit code 6: there is something to destroy, and --yes is missing.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			run, outcome := move.PurgePlan, OutcomeWaiting
			if yes {
				run, outcome = move.Purge, OutcomeDone
			}
			purge, err := run(ctx, identity)
			if err != nil {
				return OutcomeDone, err
			}
			if len(purge.Files) == 0 {
				outcome = OutcomeDone
			}
			return outcome, f.answer(purge, func(w io.Writer) error { return writePurge(w, purge) })
		})),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "destroy them")
	cmd.Flags().BoolVar(&identity, "identity", false, "destroy the identity too: nothing sealed can be opened after that")
	return cmd
}

func writePurge(w io.Writer, purge journey.Purge) error {
	verb := "to destroy"
	if purge.Destroyed {
		verb = "destroyed"
	}
	for _, file := range purge.Files {
		fmt.Fprintf(w, "%s: %s (%s, %s)\n", verb, printable(file.File), file.What, humanize.Bytes(uint64(file.Octets)))
	}
	for _, file := range purge.Kept {
		fmt.Fprintf(w, "kept: %s (%s)\n", printable(file.File), file.What)
	}
	for _, file := range purge.Gone {
		fmt.Fprintf(w, "gone: %s (%s, written %s): not there any more; if somebody has moved it, destroy it where it is now\n",
			printable(file.File), file.What, file.Written.Format(time.DateOnly))
	}
	switch {
	case purge.Destroyed:
		fmt.Fprintf(w, "written down in %s\n", purge.Register)
	case len(purge.Files) == 0:
		fmt.Fprintln(w, "there is nothing to destroy")
	default:
		fmt.Fprintln(w, `nothing was destroyed; "rehome secrets purge --yes" does it`)
	}
	_, err := fmt.Fprintln(w, "copies in backups, snapshots and elsewhere are not known to rehome")
	return err
}
