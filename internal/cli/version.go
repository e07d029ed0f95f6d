// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"rehome"
)

func versionCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: f.run(func(context.Context, []string) (rehome.Outcome, error) {
			built := map[string]string{"version": f.app.Version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}
			return rehome.OutcomeDone, f.answer(built, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "rehome %s (%s, %s/%s)\n", f.app.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			})
		}),
	}
}
