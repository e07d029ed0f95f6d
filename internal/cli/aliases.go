// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"rehome"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func aliasesCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "aliases", Short: "Migrate aliases and forwards: export, check"})
	group.AddCommand(aliasesExportCommand(f), aliasesCheckCommand(f))
	return group
}

func aliasesExportCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Plan every alias and forward: a sheet, and maps for Postfix and Exim",
		Long: `export writes aliases.csv and aliases.txt, in the order in which you enter them in the Services tab,
aliases.json, and aliases.postfix and aliases.exim for self-hosted mail servers.

Every alias and forward is one line: to create, to ask about, to decide, or left out, each with its next
step. Exit code 6: some lines wait for your decision.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			export, err := move.ExportAliases(ctx)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(export, func(w io.Writer) error { return f.writeAliases(w, export) })
		})),
	}
}

func (f *frame) writeAliases(w io.Writer, export journey.AliasExport) error {
	t := newTable("STATE", "ALIAS", "KIND", "TARGETS", "NEXT STEP")
	for _, line := range export.Lines {
		next := line.NextStep
		if len(line.Problems) > 0 {
			next = line.Problems[0] + " -> " + next
		}
		t.add(string(line.State), line.Name, line.Kind, listed(line.Targets), next)
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	n := export.Totals
	fmt.Fprintf(w, "%d to create + %d to ask about + %d to decide + %d left out = %d aliases and forwards\n", n.Create, n.Ask, n.Decide,
		n.LeaveOut, n.All)
	if err := f.writeFindings(w, export.Findings, rehome.SeverityInfo); err != nil {
		return err
	}
	for _, file := range export.Files {
		fmt.Fprintf(w, "wrote %s\n", file)
	}
	_, err := fmt.Fprintln(w, `next: create them at the destination, then run "rehome aliases check"`)
	return err
}

func aliasesCheckCommand(f *frame) *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Ask the destination's mail hosts whether they accept mail for every alias",
		Long: `check is "rehome recipients check" for the aliases only. It sends no message.

Exit code 0: all answers are as expected. 5: a host asked us to stop or cannot be reached; run it again
later. 6: at least one answer differs.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			return f.parity(move.CheckAliases(ctx, again, f.sayPlain))
		})),
	}
	cmd.Flags().BoolVar(&again, "again", false, "ignore the answers of earlier runs")
	return cmd
}
