// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func accountsImportCommand(f *frame) *cobra.Command {
	var api bool
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Explain how to import the accounts; creates none itself",
		Long: `import lists the files to upload and says where to upload them. With --experimental-api it also asks the
cloud's administration interface (destination.api) what your user may do there, using its two documented
calls. The calls that create accounts are not documented, so rehome creates none: you upload the files
by hand.

Exit code 6: the upload is left to you.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			result, err := move.ImportAccounts(ctx, api)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(result, func(w io.Writer) error { return writeImport(w, result) })
		})),
	}
	cmd.Flags().BoolVar(&api, "experimental-api", false, "also query the administration interface")
	return cmd
}

func writeImport(w io.Writer, result journey.Import) error {
	if p := result.Probed; p != nil {
		fmt.Fprintf(w, "the administration interface answers in %s and accepts this user\n", p.Format)
		fmt.Fprintf(w, "  granted: %s\n  not found: %s\n", joinedOr(p.Granted, "no right that a move needs"), joinedOr(p.Lacking, "none"))
		fmt.Fprintln(w, "rehome creates no accounts through it, because the vendor does not document the calls for that")
	}
	fmt.Fprintf(w, "files to upload: %s\n", strings.Join(result.Files, ", "))
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
