// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"
)

func accountsCheckCommand(f *frame) *cobra.Command {
	var listedFile string
	options := people.LoginOptions{}
	var who *selection
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Log in to every account at the destination and report problems",
		Long: `check logs in once to every account that moves, one after the other. It stops as soon as the host turns
it away or refuses three accounts in a row. A login cannot tell a missing account from a wrong password;
the list of accounts that the Account Manager exports can. Give that list with --listed, and check also
reports the accounts at the destination that are not part of this move.

Exit code 0: every account exists, can log in and has room. 5: at least one account does not.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			var listed []string
			var err error
			if options.Accounts, err = who.choice(f.app.In); err != nil {
				return rehome.OutcomeDone, err
			}
			if listedFile != "" {
				if listed, err = people.ReadListed(listedFile); err != nil {
					return rehome.OutcomeDone, err
				}
			}
			options.Observe = func(side rehome.Side, account string) { f.say("logging in at the %s: %s", side, account) }
			checked, err := move.CheckAccounts(ctx, listed, options)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(checked, func(w io.Writer) error { return writeAccountsChecked(w, checked) })
		})),
	}
	cmd.Flags().StringVar(&listedFile, "listed", "", "CSV list of accounts, exported by the destination")
	completeFiles(cmd, "listed")
	who = f.loginFlags(cmd, &options)
	return cmd
}

func writeAccountsChecked(w io.Writer, checked people.AccountsChecked) error {
	t := newTable("ACCOUNT", "STATUS", "USED", "QUOTA").alignRight(2, 3)
	for _, a := range checked.Accounts {
		used := ""
		limit := ""
		if a.Limit > 0 {
			used, limit = humanize.IBytes(uint64(max(a.Used, 0))), humanize.IBytes(uint64(a.Limit))
		}
		t.add(a.Account, strings.ReplaceAll(string(a.State), "_", " "), used, limit)
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	for _, a := range checked.Accounts {
		if a.Sentence == "" {
			continue
		}
		fmt.Fprintf(w, "%s: %s\n", printable(a.Account), printable(a.Sentence))
		if a.NextStep != "" {
			fmt.Fprintf(w, "  -> %s\n", printable(a.NextStep))
		}
	}
	var parts []string
	for presence, n := range checked.Counts {
		parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(presence), "_", " ")))
	}
	slices.Sort(parts)
	_, err := fmt.Fprintf(w, "%s: %s\n", plural(len(checked.Accounts), "account"), strings.Join(parts, ", "))
	if err == nil && !checked.Listed {
		_, err = fmt.Fprintln(w, "other accounts at the destination are not known; give the Account Manager's list with --listed")
	}
	return err
}
