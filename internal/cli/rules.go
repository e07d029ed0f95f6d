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
	"rehome/internal/rulecopy"
)

func rulesCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "rules", Short: "Bring sorting, forwards and vacation answers to the destination: plan, sync, export"})
	plan := rulesRun(f, true)
	plan.Use, plan.Short = "plan", "Say in words what each rule does and what would be stored, and write nothing"
	store := rulesRun(f, false)
	store.Use, store.Short = "sync", "Store the rules; those that answer or forward stay off until they are switched on"
	store.Long = `sync stores each account's rules at the destination over ManageSieve: the source's scripts, or else what
its database holds. The destination checks each script before it is stored. What is there already
stays; a second run writes nothing. "rehome sync" does the same behind the mail.

Where the destination has no ManageSieve, the scripts are written to files, with a sheet that says
in words what each rule does and what somebody has to do about it; see "rehome rules export".

Exit code 0: all is stored. 5: something is left; run it again. 6: files wait to be handed over.`
	group.AddCommand(plan, store, rulesExportCommand(f))
	return group
}

func rulesRun(f *frame, plan bool) *cobra.Command {
	var accounts []string
	options := journey.RuleOptions{Plan: plan}
	cmd := &cobra.Command{
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			return f.runRules(ctx, move, accounts, options)
		})),
	}
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "only this account; may be given several times")
	ruleFlags(cmd, &options)
	return cmd
}

func rulesExportCommand(f *frame) *cobra.Command {
	var accounts []string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the rules to files, with a sheet that says in words what each does",
		Long: `export is for a destination that takes no scripts over ManageSieve. It writes one Sieve script for each
account into the folder rules, and rules.txt, rules.csv and rules.json: what each rule does in plain
words, and what somebody has to do about it at the destination. It changes nothing at either end,
and works before the destination has the accounts.

The files hold vacation texts; only their owner may read them.

Exit code 0: written. 5: an account's rules could not be read; run it again.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			ruled, err := move.ExportRules(ctx, accounts)
			if err != nil {
				return OutcomeDone, err
			}
			return rulesOutcome(ruled, OutcomeDone), f.answer(ruled, func(w io.Writer) error { return f.writeRules(w, ruled) })
		})),
	}
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "only this account; may be given several times")
	return cmd
}

func ruleFlags(cmd *cobra.Command, options *journey.RuleOptions) {
	cmd.Flags().BoolVar(&options.SwitchOn, "switch-on-rules", false, "the domain has moved: switch on rules that answer or forward")
	cmd.Flags().BoolVar(&options.Replace, "replace-rules", false, "take the place of rules that are at the destination already")
}

func (f *frame) runRules(ctx context.Context, move *journey.Move, accounts []string, options journey.RuleOptions) (Outcome, error) {
	ruled, err := move.Rules(ctx, accounts, options)
	if err != nil {
		return OutcomeDone, err
	}
	good := OutcomeDone
	if ruled.ByHand != "" && !options.Plan {
		good = OutcomeWaiting
	}
	return rulesOutcome(ruled, good), f.answer(ruled, func(w io.Writer) error { return f.writeRules(w, ruled) })
}

// rulesOutcome is good unless an account has trouble.
func rulesOutcome(ruled journey.Ruled, good Outcome) Outcome {
	for _, row := range ruled.Accounts {
		if row.Error != "" || row.Failed() > 0 {
			return OutcomePartial
		}
	}
	return good
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
		fmt.Fprintln(w, "nobody has rules")
	}
	return writeHandedOver(w, ruled)
}

// writeHandedOver says where the files are that somebody has to hand over, and why.
func writeHandedOver(w io.Writer, ruled journey.Ruled) error {
	if ruled.ByHand == "" {
		return nil
	}
	fmt.Fprintf(w, "nothing was stored at the destination: %s\n", printable(ruled.ByHand))
	for _, file := range ruled.Files {
		fmt.Fprintf(w, "wrote %s\n", file)
	}
	_, err := fmt.Fprintln(w, "next: rules.txt says for each account what is to be set up, and how")
	return err
}

// writeScripts prints a line for each rule of each script.
func writeScripts(w io.Writer, accounts []string, scripts map[string][]rulecopy.Action) (some bool, err error) {
	t := newTable("ACCOUNT", "SCRIPT", "TEXT", "SWITCHED ON", "WHAT IT DOES")
	for _, account := range accounts {
		for _, a := range scripts[account] {
			some = true
			first := []string{account, a.Name, strings.ReplaceAll(string(a.Do), "_", " "), switchedOn(a)}
			for _, line := range a.Lines {
				t.add(append(first, line.Words)...)
				first = []string{"", "", "", ""}
			}
			if len(a.Lines) == 0 {
				t.add(append(first, "nobody can say in words: read the script")...)
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
	case a.Waits:
		return "waits for the switch"
	case a.Do == rulecopy.Hand && a.Active:
		return "to be done"
	}
	return "as it is"
}

// writeSyncedRules prints what was done about rules, a line for each account that has any.
func writeSyncedRules(w io.Writer, synced journey.Synced) error {
	t := newTable("ACCOUNT", "", "STORED", "UNCHANGED", "CHANGED THERE", "REFUSED", "WAIT FOR THE SWITCH").alignRight(2, 3, 4, 5, 6)
	rows := 0
	for _, a := range synced.Accounts {
		if r := a.Rules; r != nil && *r != (journey.SyncedRules{}) {
			t.add(a.Account, "rules", number(r.Stored), number(r.Unchanged), number(r.Left), number(r.Refused), number(r.Waiting))
			rows++
		}
	}
	if rows == 0 {
		return nil
	}
	return t.write(w, paletteFor(w, os.Getenv))
}
