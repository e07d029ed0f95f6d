// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"

	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func reportCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "report",
		Short: "Write down what the last verification said",
		Args:  cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			document, err := move.Report(ctx)
			if err != nil {
				return OutcomeDone, err
			}
			return verdictOutcome(document), f.answer(document, func(w io.Writer) error { return f.writeVerdicts(w, document) })
		})),
	}
}
