// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"
	"rehome/internal/rulecopy"
)

func rulesCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "rules", Short: "Migrate filters, forwards and vacation replies: plan, sync, export"})
	plan := rulesRun(f, true)
	plan.Use = "plan"
	plan.Short = "Explain each rule in words and show what would be stored; write nothing"
	store := rulesRun(f, false)
	store.Use = "sync"
	store.Short = "Store the rules; those that reply or forward stay off until you switch them on"
	store.Long = `sync stores each account's rules at the destination over ManageSieve. It copies the Sieve scripts of the
source or, if there are none, converts the rules in the source's database. The destination checks each
script before it is stored. Existing scripts are kept, and a second run writes nothing. "rehome sync"
does the same after it has copied the mail.

If the destination has no ManageSieve, the scripts are written to files, with a sheet that explains what
each rule does and what to do about it; see "rehome rules export".

Exit code 0: all rules are stored. 5: some rules remain; run it again. 6: files are ready to hand over.`
	group.AddCommand(plan, store, rulesExportCommand(f))
	return group
}

func rulesRun(f *frame, plan bool) *cobra.Command {
	var who *selection
	options := journey.RuleOptions{Plan: plan}
	cmd := &cobra.Command{
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			accounts, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.runRules(ctx, move, accounts, options)
		})),
	}
	who = f.selectAccounts(cmd)
	ruleFlags(cmd, &options)
	return cmd
}

func rulesExportCommand(f *frame) *cobra.Command {
	var who *selection
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the rules to files, with a sheet that explains each rule in words",
		Long: `export is for a destination without ManageSieve. It writes one Sieve script for each account to the
folder rules, and rules.txt, rules.csv and rules.json, which explain what each rule does and what to do
about it at the destination. It changes nothing at either end, and works before the accounts exist at
the destination.

The files contain vacation texts; only their owner can read them.

Exit code 0: the files are written. 5: the rules of an account could not be read; run it again.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			accounts, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			ruled, err := move.ExportRules(ctx, accounts)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(ruled, func(w io.Writer) error { return f.writeRules(w, ruled) })
		})),
	}
	who = f.selectAccounts(cmd)
	return cmd
}

func ruleFlags(cmd *cobra.Command, options *journey.RuleOptions) {
	cmd.Flags().BoolVar(&options.SwitchOn, "switch-on-rules", false, "switch on rules that reply or forward; use it after the domain has moved")
	cmd.Flags().BoolVar(&options.Replace, "replace-rules", false, "replace the scripts that are active at the destination")
}

func (f *frame) runRules(ctx context.Context, move *journey.Move, accounts people.Choice, options journey.RuleOptions) (rehome.Outcome, error) {
	ruled, err := move.Rules(ctx, accounts, options)
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(ruled, func(w io.Writer) error { return f.writeRules(w, ruled) })
}

func (f *frame) writeRules(w io.Writer, ruled journey.Ruled) error {
	scripts := map[string][]rulecopy.Action{}
	order := make([]string, 0, len(ruled.Accounts))
	for _, row := range ruled.Accounts {
		order = append(order, row.Account)
		scripts[row.Account] = row.Scripts
	}
	some, err := writeScripts(w, order, scripts)
	if err != nil {
		return err
	}
	for _, row := range ruled.Accounts {
		if err := writeTrouble(w, row.Account, row.Error, row.Hint); err != nil {
			return err
		}
		if err := f.writeFindings(w, row.Findings, rehome.SeverityInfo); err != nil {
			return err
		}
	}
	if !some {
		fmt.Fprintln(w, "no account has rules")
	}
	return writeHandedOver(w, ruled)
}

// writeHandedOver lists the files that somebody has to hand over, and says why.
func writeHandedOver(w io.Writer, ruled journey.Ruled) error {
	if ruled.ByHand == "" {
		return nil
	}
	fmt.Fprintf(w, "nothing was stored at the destination: %s\n", printable(ruled.ByHand))
	for _, file := range ruled.Files {
		fmt.Fprintf(w, "wrote %s\n", file)
	}
	_, err := fmt.Fprintln(w, "next: set up the rules as rules.txt describes for each account")
	return err
}

// writeScripts prints a line for each rule of each script.
func writeScripts(w io.Writer, accounts []string, scripts map[string][]rulecopy.Action) (some bool, err error) {
	t := newTable("ACCOUNT", "SCRIPT", "ACTION", "SWITCHED ON", "WHAT IT DOES")
	for _, account := range accounts {
		for _, a := range scripts[account] {
			some = true
			first := []string{account, a.Name, strings.ReplaceAll(string(a.Do), "_", " "), switchedOn(a)}
			for _, line := range a.Lines {
				t.add(append(first, line.Words)...)
				first = []string{"", "", "", ""}
			}
			if len(a.Lines) == 0 {
				t.add(append(first, "cannot be explained in words; read the script")...)
			}
		}
	}
	if !some {
		return false, nil
	}
	return true, t.write(w, paletteFor(w, os.Getenv))
}

func switchedOn(a rulecopy.Action) string {
	switch {
	case a.Activate:
		return "yes"
	case a.Person && a.Active:
		return "no: needs a person"
	case a.Waits:
		return "after the switch"
	case a.Do == rulecopy.Hand && a.Active:
		return "by hand"
	}
	return "unchanged"
}

// writeSyncedRules prints what a pass did with rules, a row for each account that has any.
func writeSyncedRules(s *spaced, synced journey.Synced, all bool) error {
	t := newTable("ACCOUNT", "KIND", "STORED", "UNCHANGED", "CHANGED AT DESTINATION", "REJECTED", "OFF UNTIL THE SWITCH").alignRight(2, 3, 4, 5, 6)
	for _, a := range synced.Accounts {
		if r := a.Rules; r != nil && *r != (journey.SyncedRules{}) && (all || r.Changed()) {
			t.add(a.Account, "rules", number(r.Stored), number(r.Unchanged), number(r.Left), number(r.Refused), number(r.Waiting))
		}
	}
	return s.write(t)
}
