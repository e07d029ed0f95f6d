// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"rehome"
	"rehome/internal/journey"
)

// withMove loads the settings, opens the move, runs one operation and closes the move.
func (f *frame) withMove(
	operation func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error),
) func(context.Context, []string) (rehome.Outcome, error) {
	return func(ctx context.Context, args []string) (outcome rehome.Outcome, err error) {
		settings, err := f.settings()
		if err != nil {
			return rehome.OutcomeDone, err
		}
		move := journey.New(settings, f.app.Version, f.log)
		defer func() { err = errors.Join(err, move.Close()) }()
		f.waits = move.Waits()
		defer f.showWaits()()
		return operation(ctx, move, args)
	}
}
