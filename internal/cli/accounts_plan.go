// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"
)

// loginPause is the time between two logins at one host: slow enough not to look like an attack.
const loginPause = 500 * time.Millisecond

func accountsPlanCommand(f *frame) *cobra.Command {
	var login bool
	options := people.LoginOptions{}
	var who *selection
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show how each account is read at the source and how it gets a password",
		Long: `plan shows, for every account at the source, how its data can be read (master user, own password, HA1,
database only) and how it gets a password at the destination: its own password, if the destination
accepts it; its hash, handed over to the vendor; or a temporary password with a personal sheet. It gives
the reason for each account that does not move. The last table counts the accounts; its rows and columns
add up.

With --login it also logs in at both ends, once for each account and one after the other. It stops using
a host that turns it away or refuses three accounts in a row. Tell the vendor before you run it.

Exit code 5: the mail of an account cannot be read, or a login failed.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			var err error
			if options.Accounts, err = who.choice(f.app.In); err != nil {
				return rehome.OutcomeDone, err
			}
			var logins *people.LoginOptions
			if login {
				options.Observe = func(side rehome.Side, account string) { f.say("logging in at the %s: %s", side, account) }
				logins = &options
			}
			plan, err := move.AccountsPlan(ctx, logins)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(plan, func(w io.Writer) error { return f.writeAccessPlan(w, plan, login) })
		})),
	}
	cmd.Flags().BoolVar(&login, "login", false, "log in at both ends, once for each account")
	who = f.loginFlags(cmd, &options)
	return cmd
}

// loginFlags are those of a command that logs in as many.
func (f *frame) loginFlags(cmd *cobra.Command, options *people.LoginOptions) *selection {
	cmd.Flags().DurationVar(&options.Pause, "pause", loginPause, "time between two logins at one host")
	return f.selectAccounts(cmd)
}

func (f *frame) writeAccessPlan(w io.Writer, plan people.AccessPlan, login bool) error {
	header := []string{"ACCOUNT", "KIND", "STORED PASSWORD", "MAIL VIA", "CONTACTS AND CALENDARS VIA", "DESTINATION PASSWORD", "DISABLED"}
	if login {
		header = append(header, "SOURCE LOGIN", "DESTINATION LOGIN")
	}
	t := newTable(header...)
	for _, r := range plan.Accounts {
		cells := []string{r.Account, standingWords(r.Standing), string(r.PasswordForm), accessWords(r.Mail), accessWords(r.Objects),
			routeWords(r.Destination),
			strings.Join(r.Switches, " ")}
		if login {
			cells = append(cells, loginWord(r.SourceLogin), loginWord(r.DestinationLogin))
		}
		t.add(cells...)
	}
	colors := paletteFor(w, os.Getenv)
	if err := t.write(w, colors); err != nil {
		return err
	}
	fmt.Fprintln(w)
	for _, r := range plan.Accounts {
		if r.Policy != "" {
			fmt.Fprintf(w, "%s: %s\n", printable(r.Account), printable(r.Policy))
		}
		writeLoginTrouble(w, r.Account, "source", r.SourceLogin)
		writeLoginTrouble(w, r.Account, "destination", r.DestinationLogin)
	}
	fmt.Fprintln(w)
	return writeCoverage(w, plan.Coverage, colors)
}

func loginWord(l *people.Login) string {
	if l == nil {
		return ""
	}
	return strings.ReplaceAll(string(l.Result), "_", " ")
}

func writeLoginTrouble(w io.Writer, account, side string, l *people.Login) {
	if l == nil || l.Sentence == "" {
		return
	}
	fmt.Fprintf(w, "%s: login at the %s: %s: %s\n", printable(account), side, loginWord(l), printable(l.Sentence))
	if l.NextStep != "" {
		fmt.Fprintf(w, "  -> %s\n", printable(l.NextStep))
	}
}

// writeCoverage counts the accounts: a row for each way to read them, a column for each way to a password.
func writeCoverage(w io.Writer, c people.Coverage, colors palette) error {
	header := []string{"READ VIA"}
	var numeric []int
	for i, route := range people.RoutesByRank() {
		header = append(header, strings.ToUpper(routeWords(route)))
		numeric = append(numeric, i+1)
	}
	t := newTable(append(header, "TOTAL")...).alignRight(append(numeric, len(header))...)
	for _, access := range people.AccessesByRank() {
		if c.Source[access] == 0 {
			continue
		}
		row := []string{accessWords(access)}
		for _, route := range people.RoutesByRank() {
			row = append(row, number(c.Table[access][route]))
		}
		t.add(append(row, number(c.Source[access]))...)
	}
	sum := []string{"total"}
	for _, route := range people.RoutesByRank() {
		sum = append(sum, number(c.Passwords[route]))
	}
	t.add(append(sum, number(c.Accounts))...)
	return t.write(w, colors)
}
