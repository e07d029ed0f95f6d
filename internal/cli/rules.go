// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func rulesCommand(f *frame) *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Bring sorting, forwards and vacation answers to the destination"}
	cmd.AddCommand(rulesRun(f, "plan", "Say what would be stored for each account, and write nothing", true),
		rulesRun(f, "sync", "Store the rules; those that answer or forward stay off until they are switched on", false))
	return cmd
}

func rulesRun(f *frame, use, short string, plan bool) *cobra.Command {
	var accounts []string
	options := journey.RuleOptions{Plan: plan}
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			return f.runRules(ctx, move, accounts, options)
		})),
	}
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "only this account; may be given several times")
	ruleFlags(cmd, &options)
	return cmd
}

func ruleFlags(cmd *cobra.Command, options *journey.RuleOptions) {
	cmd.Flags().BoolVar(&options.SwitchOn, "switch-on-rules", false, "the domain has moved: switch on rules that answer or forward")
	cmd.Flags().BoolVar(&options.Replace, "replace-rules", false, "take the place of rules that are at the destination already")
}

func (f *frame) runRules(ctx context.Context, move *journey.Move, accounts []string, options journey.RuleOptions) (Outcome, error) {
	rows, err := move.Rules(ctx, accounts, options)
	if err != nil {
		return OutcomeDone, err
	}
	outcome := OutcomeDone
	for _, row := range rows {
		if row.Error != "" {
			outcome = OutcomePartial
		}
	}
	return outcome, f.answer(map[string]any{"accounts": rows}, func(w io.Writer) error { return f.writeRules(w, rows) })
}

func (f *frame) writeRules(w io.Writer, rows []journey.RuledAccount) error {
	t := newTable("ACCOUNT", "SCRIPT", "TEXT", "SWITCHED ON")
	for _, row := range rows {
		for _, a := range row.Rules {
			on := "as it is"
			switch {
			case a.Activate:
				on = "yes"
			case a.Waits:
				on = "waits for the switch"
			}
			t.add(row.Account, a.Name, string(a.Do), on)
		}
	}
	colors := paletteFor(w, os.Getenv)
	if err := t.write(w, colors); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Error != "" {
			fmt.Fprintf(w, "%s %s: %s\n", colors.red("error:"), printable(row.Account), printable(row.Error))
			if row.Hint != "" {
				fmt.Fprintf(w, "  -> %s\n", printable(row.Hint))
			}
		}
		if err := f.writeFindings(w, row.Findings, rehome.SeverityInfo); err != nil {
			return err
		}
	}
	return nil
}
