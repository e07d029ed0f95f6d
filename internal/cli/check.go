// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

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
	subjects := 0
	for _, a := range checked.Advice {
		subjects = max(subjects, min(cells(a.Subject), longestSubject))
	}
	side := ""
	for _, a := range checked.Advice {
		if f.quiet && a.Level != checkup.LevelError {
			continue
		}
		if a.Side != side {
			side = a.Side
			fmt.Fprintln(w, colors.bold(side))
		}
		writeAdvice(w, mark(a.Level, colors), subjects, a)
	}
	if f.quiet {
		return nil
	}
	_, err := fmt.Fprintln(w, colors.of(checked.Outcome(), summary(checked)))
	return err
}

// longestSubject bounds the column of subjects; a longer one only moves its own line.
const longestSubject = 10

// writeAdvice prints one piece of advice, its sentence and its next step below each other.
func writeAdvice(w io.Writer, mark string, subjects int, a checkup.Advice) {
	columns := 0
	if p, known := w.(*paper); known {
		columns = p.columns
	}
	indent := len("  x ") + subjects + 2
	line := func(lead, text string, hang int) {
		lines := []string{lead + printable(text)}
		if columns > 0 {
			lines = wrapBehind(lead, printable(text), columns, hang)
		}
		fmt.Fprintln(w, strings.Join(lines, "\n"))
	}
	line("  "+mark+" "+padded(printable(a.Subject), subjects)+"  ", a.Sentence, indent)
	if a.NextStep != "" {
		line(strings.Repeat(" ", indent)+"-> ", a.NextStep, indent+len("-> "))
	}
}

func mark(level checkup.Level, colors palette) string {
	switch level {
	case checkup.LevelError:
		return colors.red("x")
	case checkup.LevelWarning:
		return colors.yellow("!")
	}
	return colors.green("+")
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
