// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/verify"
)

func findingsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "findings", Short: "List open differences, accept those that may stay, try the rest again"})
	group.AddCommand(findingsListCommand(f), findingsAcceptCommand(f), findingsWithdrawCommand(f), findingsRetryCommand(f))
	return group
}

func findingsListCommand(f *frame) *cobra.Command {
	var who *selection
	var all bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the differences that the last verification found, each with its id",
		Long: `list shows what differs between both ends since the last verification, each with its id, its reason and
what to do about it. It contacts no server. "rehome sync" tries again whatever can be mended; what may
stay as it is can be accepted with "rehome findings accept".

Exit code 0: nothing is open. 5: differences are open, an account was not verified, or a login fails.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			accounts, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			found, err := move.Differences(ctx, accounts)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(found, func(w io.Writer) error { return f.writeOpen(w, found, all) })
		})),
	}
	who = f.selectAccounts(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "also list what was accepted, with name, time and reason")
	return cmd
}

func (f *frame) writeOpen(w io.Writer, found journey.OpenFindings, all bool) error {
	for _, o := range found.Open {
		fmt.Fprintf(w, "%s  %s: %s\n", o.ID, printable(o.Account), openSentence(o))
		if o.NextStep != "" {
			fmt.Fprintf(w, "  -> %s\n", printable(o.NextStep))
		}
	}
	if found.Unlisted > 0 {
		fmt.Fprintf(w, "%s not listed: mend those above, then verify again\n", count(found.Unlisted, "more difference is", "more differences are"))
	}
	for _, account := range found.Unknown {
		fmt.Fprintf(w, "%s is not verified; run \"rehome verify --account %s\"\n", printable(account), printable(account))
	}
	if all {
		for _, a := range found.Accepted {
			fmt.Fprintf(w, "%s  %s: %s\n  accepted by %s on %s: %s\n", a.ID, printable(a.Account), openSentence(a.Open), printable(a.By),
				a.At.Local().Format(time.DateTime), printable(a.Reason))
		}
	}
	if err := f.writeFindings(w, found.Logins, rehome.SeverityWarning); err != nil {
		return err
	}
	if n := len(found.Logins); n > 0 {
		fmt.Fprintf(w, "%s of the last login test\n", plural(n, "finding"))
	}
	_, err := fmt.Fprintf(w, "%s, %d accepted\n", count(len(found.Open)+found.Unlisted, "open difference", "open differences"), len(found.Accepted))
	return err
}

// openSentence names the object where its sentence does not: that of a message does.
func openSentence(o verify.Open) string {
	if o.Sentence == "" {
		return printable(o.Object) + " in " + printable(o.Place) + " is " + o.What
	}
	switch o.What {
	case "missing", "extra", "changed", "quarantined": // of objects; those of mail have two words
		return printable(o.Object) + " in " + printable(o.Place) + " is " + o.What + ": " + printable(o.Sentence)
	}
	return printable(o.Sentence)
}

func findingsAcceptCommand(f *frame) *cobra.Command {
	options := journey.AcceptOptions{By: userName()}
	cmd := &cobra.Command{
		Use:   "accept ID...",
		Short: "Accept open differences, with a name and a reason",
		Long: `accept notes that differences may stay as they are. An account whose differences are all accepted counts
as equal, "with 1 accepted difference": in verify, report, status and certificates, which name the
difference, the person and the reason. Nothing is changed at either end.

An acceptance holds for this very difference. If the object changes again, it is open again.

Exit code 0: accepted. 6: an id names no open difference, or the reason is missing; nothing was accepted.`,
		Example:           `  rehome findings accept 3f9a01c27b44 --by "Ada Lovelace" --reason "too large; its owner has a copy"`,
		Args:              placed,
		ValidArgsFunction: f.completeOpen(),
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			options.IDs = args
			accepted, err := move.Accept(ctx, options)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return rehome.OutcomeDone, f.answer(map[string]any{"accepted": accepted}, func(w io.Writer) error {
				for _, o := range accepted {
					fmt.Fprintf(w, "accepted: %s: %s\n", printable(o.Account), openSentence(o))
				}
				_, err := fmt.Fprintf(w, "%s accepted by %s\n", plural(len(accepted), "difference"), printable(options.By))
				return err
			})
		})),
	}
	cmd.Flags().StringVar(&options.By, "by", options.By, "who accepts (default: you)")
	cmd.Flags().Lookup("by").DefValue = "" // manual pages name no user of the machine that they are written on
	cmd.Flags().StringVar(&options.Reason, "reason", "", "why it may stay (required)")
	return cmd
}

// userName is the name of the person at this machine; "" where nobody knows it.
func userName() string {
	current, err := user.Current()
	switch {
	case err != nil:
		return ""
	case current.Name != "":
		return current.Name
	}
	return current.Username
}

func findingsWithdrawCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:               "withdraw ID...",
		Short:             "Take acceptances back, so that their differences are open again",
		Args:              placed,
		ValidArgsFunction: f.completeAccepted(),
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			if err := move.Withdraw(ctx, args); err != nil {
				return rehome.OutcomeDone, err
			}
			return rehome.OutcomeDone, f.answer(map[string]any{"withdrawn": args}, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "%s withdrawn\n", plural(len(args), "acceptance"))
				return err
			})
		})),
	}
}
