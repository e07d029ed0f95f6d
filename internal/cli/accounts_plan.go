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
)

// loginPause is the time between two log-ins at one host: slow enough not to look like an attack.
const loginPause = 500 * time.Millisecond

func accountsPlanCommand(f *frame) *cobra.Command {
	var login bool
	options := journey.LoginOptions{}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show for every account the best way in and the best way to a password",
		Long: `plan says for every account that the source knows how its data can be read (master user,
own password, HA1, database only), and how it gets a password at the destination: its own, if the
destination accepts that; its hash, handed over to the vendor; or a temporary one with a
personal sheet. Who does not move is named with the reason. The last table counts them; its numbers
add up.

With --login it also logs in at both ends, once for each account and one after the other. It leaves a
host alone as soon as that turns away, or refuses three accounts in a row. Announce it to the vendor.

Exit code 5: something opens nothing, or a log-in failed.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			var logins *journey.LoginOptions
			if login {
				options.Observe = func(side rehome.Side, account string) { f.say("log-in at the %s: %s", side, account) }
				logins = &options
			}
			plan, err := move.AccountsPlan(ctx, logins)
			if err != nil {
				return OutcomeDone, err
			}
			return planOutcome(plan), f.answer(plan, func(w io.Writer) error { return f.writeAccessPlan(w, plan, login) })
		})),
	}
	cmd.Flags().BoolVar(&login, "login", false, "log in at both ends, once for each account")
	loginFlags(cmd, &options)
	return cmd
}

func loginFlags(cmd *cobra.Command, options *journey.LoginOptions) {
	cmd.Flags().DurationVar(&options.Pause, "pause", loginPause, "time between two log-ins at one host")
	cmd.Flags().StringArrayVar(&options.Accounts, "account", nil, "log in to this account only; may be given several times")
}

func planOutcome(plan journey.AccessPlan) Outcome {
	for _, row := range plan.Accounts {
		blocked := row.Destination != journey.GainNothing && row.Mail == journey.WayNone
		if blocked || failedLogin(row.SourceLogin) || failedLogin(row.DestinationLogin) {
			return OutcomePartial
		}
	}
	return OutcomeDone
}

func failedLogin(l *journey.Login) bool {
	return l != nil && l.Verdict != journey.LoginWorks && l.Verdict != journey.LoginNotTried
}

func (f *frame) writeAccessPlan(w io.Writer, plan journey.AccessPlan, login bool) error {
	header := []string{"ACCOUNT", "KIND", "STORED", "MAIL BY", "CONTACTS AND CALENDARS BY", "PASSWORD THERE", "SWITCHED OFF"}
	if login {
		header = append(header, "LOG-IN HERE", "LOG-IN THERE")
	}
	t := newTable(header...)
	for _, r := range plan.Accounts {
		cells := []string{r.Account, string(r.Standing), string(r.PasswordForm), string(r.Mail), string(r.Objects), string(r.Destination), strings.Join(r.Switches, " ")}
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

func loginWord(l *journey.Login) string {
	if l == nil {
		return ""
	}
	return strings.ReplaceAll(string(l.Verdict), "_", " ")
}

func writeLoginTrouble(w io.Writer, account, side string, l *journey.Login) {
	if l == nil || l.Sentence == "" {
		return
	}
	fmt.Fprintf(w, "%s: log-in at the %s %s: %s\n", printable(account), side, loginWord(l), printable(l.Sentence))
	if l.NextStep != "" {
		fmt.Fprintf(w, "  -> %s\n", printable(l.NextStep))
	}
}

// writeCoverage counts the accounts, ways in downwards, ways to a password across.
func writeCoverage(w io.Writer, c journey.Coverage, colors palette) error {
	header := []string{"BEST WAY IN"}
	var numeric []int
	for i, gain := range journey.Gains() {
		header = append(header, strings.ToUpper(string(gain)))
		numeric = append(numeric, i+1)
	}
	t := newTable(append(header, "ALL")...).alignRight(append(numeric, len(header))...)
	for _, way := range journey.Ways() {
		if c.Source[way] == 0 {
			continue
		}
		row := []string{string(way)}
		for _, gain := range journey.Gains() {
			row = append(row, number(c.Table[way][gain]))
		}
		t.add(append(row, number(c.Source[way]))...)
	}
	sum := []string{"all"}
	for _, gain := range journey.Gains() {
		sum = append(sum, number(c.Gains[gain]))
	}
	t.add(append(sum, number(c.Accounts))...)
	return t.write(w, colors)
}
