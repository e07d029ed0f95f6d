// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"

	"rehome"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand is for packagers; users read "rehome help".
func manCommand(f *frame) *cobra.Command {
	cmd := &cobra.Command{
		Use:    "man DIR",
		Short:  "Write manual pages into a folder",
		Hidden: true,
		Args:   placed,
	}
	cmd.RunE = f.run(func(_ context.Context, args []string) (rehome.Outcome, error) {
		if err := os.MkdirAll(args[0], 0o755); err != nil {
			return rehome.OutcomeDone, writeFault(args[0], err)
		}
		header := &doc.GenManHeader{Section: "1", Source: "rehome " + f.app.Version, Manual: "rehome manual"}
		if err := doc.GenManTree(cmd.Root(), header, args[0]); err != nil {
			return rehome.OutcomeDone, writeFault(args[0], err)
		}
		return rehome.OutcomeDone, nil
	})
	return cmd
}

func writeFault(object string, cause error) error {
	return &rehome.Fault{Class: rehome.ClassOperator, Op: "write", Object: object, Cause: cause, Hint: "choose a place that you can write to"}
}
