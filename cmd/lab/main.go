// SPDX-License-Identifier: Apache-2.0

// Command lab runs real servers on loopback addresses for trials: an atmail 7 to move away from
// and an atmail 8 cloud to move to. It installs nothing and leaves nothing running.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use:          "lab",
		Short:        "Run real mail, calendar and contacts servers on loopback addresses",
		SilenceUsage: true,
	}
	root.AddCommand(newUp(), newDemo(), newBench(), newThunderbird(), newFleet())
	if err := root.ExecuteContext(ctx); err != nil {
		stop()
		os.Exit(1)
	}
}
