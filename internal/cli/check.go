// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func checkCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check both ends before the move: what works, what does not and who can fix it",
		Long: `check reads the settings, the source's database and its accounts, connects to both ends and logs in
once at each. It changes nothing.

Exit code 0: the move can start; there may be warnings. 3: a problem blocks the move.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			checked, err := move.Check(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(checked, func(w io.Writer) error { return f.writeCheck(w, checked) })
		})),
	}
}

// writeCheck prints a line for each piece of advice, grouped by side, and a line that sums up.
func (f *frame) writeCheck(w io.Writer, checked checkup.Report) error {
	colors := paletteFor(w, os.Getenv)
	side := ""
	for _, a := range checked.Advice {
		if a.Side != side {
			side = a.Side
			fmt.Fprintln(w, colors.bold(side))
		}
		fmt.Fprintf(w, "  %s %s  %s\n", mark(a.Level, colors), padded(printable(a.Subject), 9), printable(a.Sentence))
		if a.NextStep != "" {
			fmt.Fprintf(w, "    %s  -> %s\n", padded("", 9), printable(a.NextStep))
		}
	}
	_, err := fmt.Fprintln(w, summary(checked))
	return err
}

func mark(level checkup.Level, colors palette) string {
	switch level {
	case checkup.LevelError:
		return colors.red("x")
	case checkup.LevelWarning:
		return colors.bold("!")
	}
	return "+"
}

func summary(checked checkup.Report) string {
	switch checked.Worst() {
	case checkup.LevelError:
		return "the move cannot start: fix the lines marked x"
	case checkup.LevelWarning:
		return "the move can start; review the lines marked !"
	}
	return "no problems found; the move can start"
}
