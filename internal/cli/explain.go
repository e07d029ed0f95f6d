// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"rehome"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func explainCommand(f *frame) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain a finding by its code",
		Long: `explain says what the finding with this code means, what rehome did about it and what you can do. The
codes are in the JSON answers and in the report. Without a code, explain lists all of them.`,
		Example:           "  rehome explain removals_held",
		Args:              knownCode,
		ValidArgsFunction: completeCode,
	}
	cmd.RunE = f.run(func(_ context.Context, args []string) (rehome.Outcome, error) {
		kinds := journey.Explanations()
		if len(args) > 0 {
			kinds = explained(args[0])
		}
		return rehome.OutcomeDone, f.answer(kinds, func(w io.Writer) error {
			if len(args) == 0 {
				return listKinds(w, kinds)
			}
			return explainKinds(w, kinds)
		})
	})
	return cmd
}

// knownCode demands one code that there is, or none.
func knownCode(cmd *cobra.Command, args []string) error {
	if err := placed(cmd, args); err != nil {
		return err
	}
	if len(args) > 0 && len(explained(args[0])) == 0 {
		return fmt.Errorf("no finding has the code %q", args[0])
	}
	return nil
}

func explained(code string) []journey.Explanation {
	return slices.DeleteFunc(journey.Explanations(), func(e journey.Explanation) bool { return !e.Answers(code) })
}

func listKinds(w io.Writer, kinds []journey.Explanation) error {
	t := newTable("CODE", "SEVERITY", "ABOUT")
	for _, k := range kinds {
		t.add(k.Code, string(k.Severity), string(k.Topic))
	}
	return t.write(w, paletteFor(w, os.Getenv))
}

func explainKinds(w io.Writer, kinds []journey.Explanation) error {
	for i, k := range kinds {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if _, err := fmt.Fprintf(w, "%s (%s)\n\n", k.Code, k.Severity); err != nil {
			return err
		}
		for _, said := range k.Said {
			fmt.Fprintf(w, "  %s\n", said.Sentence)
			if said.NextStep != "" {
				fmt.Fprintf(w, "    -> %s\n", said.NextStep)
			}
		}
		fmt.Fprintf(w, "\n%s\n", k.Meaning)
	}
	return nil
}

func completeCode(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var codes []string
	for _, k := range journey.Explanations() {
		codes = append(codes, k.Code)
	}
	slices.Sort(codes)
	return slices.Compact(codes), cobra.ShellCompDirectiveNoFileComp
}
