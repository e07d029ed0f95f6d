// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func closeCommand(f *frame) *cobra.Command {
	var options journey.CloseOptions
	cmd := &cobra.Command{
		Use:   "close [DOMAIN]...",
		Short: "End the move: raise TTLs, remove what is left over, and put the papers for an auditor in one folder",
		Long: `close lists what belongs to the end of a move, and with --yes does it:

  of each domain   the TTLs of its records are raised; the old senders (cutover.old_spf) and keys
                   (cutover.old_dkim) are removed when cutover.old_after is over; after that it is closed,
                   and cannot be rolled back
  master user      it is tried whether a master user still opens accounts; only a refusal counts
  folder           certificates, report, DNS before and after, and the audit log are written to --folder
  secrets          the files with secrets that rehome has written are destroyed; --identity destroys the
                   identity too
  personal data    with --personal-data, the exports, the originals of refused messages and the ledger are
                   destroyed; the folder stays

A domain can be closed when it is live and was switched at least cutover.reversible ago; --early --why TEXT
does not wait, and the audit log keeps the reason. The last four come when all domains are closed. Run it
again for what was not due or not possible yet.

Exit code 0: all of it is done. 5: something is due later. 6: --yes is missing, or you have to act first.`,
		Args:              domainNames,
		ValidArgsFunction: f.completeDomains,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			options.Domains = lowered(args)
			closing, err := move.CloseMove(ctx, options)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(closing, func(w io.Writer) error { return writeClosing(w, closing) })
		})),
	}
	cmd.Flags().BoolVar(&options.Begin, "yes", false, "do it")
	cmd.Flags().BoolVar(&options.Early, "early", false, "close a live domain although it was switched only lately")
	cmd.Flags().StringVar(&options.Why, "why", "", "the reason for --early, for the audit log")
	cmd.Flags().StringVar(&options.Folder, "folder", "", "where the papers go (default: closed, beside the ledger)")
	cmd.Flags().BoolVar(&options.Identity, "identity", false, "also destroy the identity; after that no sealed file can be opened")
	cmd.Flags().BoolVar(&options.PersonalData, "personal-data", false, "also destroy exports, originals of refused messages and the ledger")
	cmd.MarkFlagsRequiredTogether("early", "why")
	_ = cmd.MarkFlagDirname("folder") // the flag exists, it is defined above
	return cmd
}

func writeClosing(w io.Writer, closing journey.Closing) error {
	colors := paletteFor(w, os.Getenv)
	marks := map[journey.TaskState]string{
		journey.TaskDone: colors.green("done   "), journey.TaskPlanned: colors.yellow("planned"), journey.TaskDue: colors.yellow("later  "),
		journey.TaskLeft: colors.red("left   "),
	}
	for _, t := range closing.Tasks {
		about := t.What
		if t.Domain != "" {
			about = t.Domain + ", " + t.What
		}
		fmt.Fprintf(w, "%s  %s: %s\n", marks[t.State], printable(about), printable(t.Sentence))
		if t.NextStep != "" {
			fmt.Fprintf(w, "         -> %s\n", printable(t.NextStep))
		}
	}
	_, err := fmt.Fprintln(w, colors.of(closing.Outcome(), closingSummary(closing)))
	return err
}

func closingSummary(closing journey.Closing) string {
	switch closing.Outcome() {
	case rehome.OutcomeDone:
		return "the move is closed; keep " + closing.Folder
	case rehome.OutcomeRemaining:
		first := time.Time{}
		for _, t := range closing.Tasks {
			if t.State == journey.TaskDue && !t.Due.IsZero() && (first.IsZero() || t.Due.Before(first)) {
				first = t.Due
			}
		}
		if first.IsZero() {
			return `not all domains are closed; close the others with "rehome close --yes"`
		}
		return `the rest is due later; run "rehome close --yes" again on ` + first.UTC().Format(time.DateOnly)
	}
	if !closing.Begun {
		return "nothing was done; run it again with --yes to close"
	}
	return `something is left; see to the lines marked "left", then run "rehome close --yes" again`
}
