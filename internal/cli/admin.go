// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

// admin is the listener for those who watch a process that runs for long.
type admin struct{ address string }

// adminFlag adds the flag that opens it.
func adminFlag(cmd *cobra.Command) *admin {
	a := &admin{}
	cmd.Flags().StringVar(&a.address, "admin", "",
		"address and port for metrics, health and profiles, of this machine unless it names another, such as :8026")
	return a
}

// whileWatched runs an operation with the listener open, if there is to be one.
func (f *frame) whileWatched(ctx context.Context, move *journey.Move, a *admin, operation func() (rehome.Outcome, error)) (rehome.Outcome, error) {
	if a.address == "" {
		return operation()
	}
	at, end, err := f.app.Admin(ctx, move, a.address)
	if err != nil {
		return rehome.OutcomeDone, err
	}
	defer end()
	f.say("metrics at http://%s/metrics", at)
	return operation()
}
