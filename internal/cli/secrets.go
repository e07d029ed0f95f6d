// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/vault"
)

func secretsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "secrets", Short: "Destroy the files with passwords that nothing needs any more"})
	group.AddCommand(secretsPurgeCommand(f))
	return group
}

func secretsPurgeCommand(f *frame) *cobra.Command {
	var yes bool
	var choice journey.PurgeChoice
	cmd := &cobra.Command{
		Use:   "purge",
		Short: "List every file with secrets that rehome has written; with --yes destroy them",
		Long: `purge lists the files with passwords and hashes that rehome has written, wherever they are. With --yes it
overwrites and removes them. secret-files.jsonl in accounts.output records each file that rehome writes
or destroys; purge reports files that are no longer where they were written. It lists but keeps files
that you have written, and the identity that opens sealed files. --identity destroys the identity too;
after that no sealed file can be opened, nor any copy of one.

You can run it at any time: what the move still needs stays, with the reason. The import file stays until "rehome accounts
check" has shown that the accounts are there. The sealed temporary passwords stay until "rehome close" has begun if passes log in
at the destination with them: after the switch, passes bring the late mail. With a master user at the destination
(destination.imap.login: master) and nothing else that needs users' passwords, they need not stay. --needed destroys all of it
nevertheless.

As long as the temporary passwords are there, every export gives the same ones; afterwards an export makes others. purge says
what it costs before it destroys anything, and does not know about copies and backups.

Exit code 6: there are files to destroy and --yes is missing.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			run := move.PurgePlan
			if yes {
				run = move.Purge
			}
			purge, err := run(ctx, choice)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(purge, func(w io.Writer) error { return writePurge(w, purge) })
		})),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "destroy them")
	cmd.Flags().BoolVar(&choice.Needed, "needed", false, "also destroy what later passes need")
	cmd.Flags().BoolVar(&choice.Identity, "identity", false, "also destroy the identity; after that no sealed file can be opened")
	return cmd
}

func writePurge(w io.Writer, purge vault.Purge) error {
	verb := "to destroy"
	if purge.Destroyed {
		verb = "destroyed"
	}
	for _, file := range purge.Files {
		fmt.Fprintf(w, "%s: %s (%s, %s)\n", verb, printable(file.File), file.What, humanize.Bytes(uint64(file.Octets)))
	}
	for _, file := range purge.Needed {
		fmt.Fprintf(w, "needed: %s (%s): %s\n", printable(file.File), file.What, printable(file.Why))
	}
	for _, file := range purge.Kept {
		fmt.Fprintf(w, "kept: %s (%s)\n", printable(file.File), file.What)
	}
	for _, file := range purge.Gone {
		fmt.Fprintf(w, "missing: %s (%s, written %s); if it was moved, destroy it there\n",
			printable(file.File), file.What, file.Written.Format(time.DateOnly))
	}
	for _, cost := range purge.Costs {
		fmt.Fprintf(w, "cost: %s\n", cost)
	}
	switch {
	case purge.Destroyed:
		fmt.Fprintf(w, "recorded in %s\n", purge.Register)
	case len(purge.Files) == 0 && len(purge.Needed) > 0:
		fmt.Fprintln(w, `nothing to destroy yet; "rehome next" says when the rest may go`)
	case len(purge.Files) == 0:
		fmt.Fprintln(w, "nothing to destroy")
	default:
		fmt.Fprintln(w, `nothing was destroyed; run "rehome secrets purge --yes" to destroy these files`)
	}
	_, err := fmt.Fprintln(w, "rehome does not know about copies in backups, snapshots or elsewhere")
	return err
}
