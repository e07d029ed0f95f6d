// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"rehome"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func aliasesCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "aliases", Short: "Bring aliases and forwards across: export, check"})
	group.AddCommand(aliasesExportCommand(f), aliasesCheckCommand(f))
	return group
}

func aliasesExportCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write what becomes of every alias and forward: a sheet, and maps for Postfix and Exim",
		Long: `export writes aliases.csv and aliases.txt in the order in which somebody works them off in the
Services tab, aliases.json, and aliases.postfix and aliases.exim for who hosts the mail alone.

Every alias and forward is one line: to be made, to be asked, to be decided, or left out, each with
what to do. Exit code 6: some lines wait for a decision.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			export, err := move.ExportAliases(ctx)
			if err != nil {
				return OutcomeDone, err
			}
			outcome := OutcomeDone
			if export.Totals.Decide+export.Totals.Ask > 0 {
				outcome = OutcomeWaiting
			}
			return outcome, f.answer(export, func(w io.Writer) error { return f.writeAliases(w, export) })
		})),
	}
}

func (f *frame) writeAliases(w io.Writer, export journey.AliasExport) error {
	t := newTable("STATE", "ALIAS", "KIND", "TARGETS", "WHAT TO DO")
	for _, line := range export.Lines {
		next := line.NextStep
		if len(line.Problems) > 0 {
			next = line.Problems[0] + " -> " + next
		}
		t.add(string(line.State), line.Name, line.Kind, strings.Join(line.Targets, ", "), next)
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	n := export.Totals
	fmt.Fprintf(w, "%d to make + %d to ask + %d to decide + %d left out = %d aliases and forwards\n", n.Create, n.Ask, n.Decide, n.LeaveOut, n.All)
	if err := f.writeFindings(w, export.Findings, rehome.SeverityInfo); err != nil {
		return err
	}
	for _, file := range export.Files {
		fmt.Fprintf(w, "wrote %s\n", file)
	}
	_, err := fmt.Fprintln(w, `next: make them at the destination, then run "rehome aliases check"`)
	return err
}

func aliasesCheckCommand(f *frame) *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Ask the destination's mail hosts whether they take mail for every alias",
		Long: `check is "rehome recipients check" for the aliases alone. It sends no message.

Exit code 0: all agree. 5: a host had enough or cannot be reached, run it again later. 6: something differs.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			return f.parity(move.CheckAliases(ctx, again, f.told))
		})),
	}
	cmd.Flags().BoolVar(&again, "again", false, "forget the answers of earlier runs")
	return cmd
}
