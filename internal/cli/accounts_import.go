// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rehome/internal/journey"
)

func accountsImportCommand(f *frame) *cobra.Command {
	var api bool
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Say how the accounts come to the destination; it makes none itself",
		Long: `import says which files to upload where. With --experimental-api it also asks the cloud's
administration interface (destination.api) what your user may do there, by the two calls that are
documented. The calls that make accounts are not documented, so rehome makes none: an upload by hand is
the way.

Exit code 6: the upload is for you to do.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			result, err := move.ImportAccounts(ctx, api)
			if err != nil {
				return OutcomeDone, err
			}
			return OutcomeWaiting, f.answer(result, func(w io.Writer) error { return writeImport(w, result) })
		})),
	}
	cmd.Flags().BoolVar(&api, "experimental-api", false, "look at the administration interface too")
	return cmd
}

func writeImport(w io.Writer, result journey.Import) error {
	if p := result.Probed; p != nil {
		fmt.Fprintf(w, "the administration interface answers in %s and lets this user in\n", p.Format)
		fmt.Fprintf(w, "  granted: %s\n  not found: %s\n", joinedOr(p.Granted, "nothing that a move needs"), joinedOr(p.Lacking, "nothing"))
		fmt.Fprintln(w, "rehome makes no account through it: the calls for that are not documented by the vendor, and none is guessed")
	}
	fmt.Fprintf(w, "to upload: %s\n", strings.Join(result.Files, ", "))
	for i, step := range result.Steps {
		fmt.Fprintf(w, "%d. %s\n", i+1, step)
	}
	return nil
}

func joinedOr(list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return printable(strings.Join(list, ", "))
}
