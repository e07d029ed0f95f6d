// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
)

func findingsRetryCommand(f *frame) *cobra.Command {
	var who *selection
	var only []string
	var options journey.RetryOptions
	cmd := &cobra.Command{
		Use:   "retry [ID...]",
		Short: "Try again what could not be copied",

		ValidArgsFunction: f.completeOpen(),
		Long: `retry runs a pass over the accounts of which something could not be copied, and over those kinds only: at
once, without the waits that earlier failures have left. It lists first what it tries again. Messages,
contacts and events that were refused are offered again; the destination is asked for each before it is
sent, so nothing arrives twice. What is new in these accounts is copied too. Every "rehome sync" tries the
same items again; retry spares you the other accounts.

With IDs of "rehome findings list", it tries only the accounts and kinds of these differences. What the
destination has lost, or its users have deleted, is tried only with --copy-again, and rules that somebody
has changed there only with --replace-rules. Nothing that is only at the destination is touched.

With --plan, it only shows what would be tried.

Exit code 0: nothing has failed, or all of it is at the destination now. 3, 5 and 6: as with sync.`,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			accounts, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			if options.Only, err = kindsOf(only); err != nil {
				return rehome.OutcomeDone, err
			}
			options.IDs = args
			progress := conductor.NewProgress()
			stop := f.watch(progress)
			retried, err := move.Retry(ctx, accounts, options, journey.Watcher{Progress: progress, Finish: f.brake.Finish})
			stop()
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(retried, func(w io.Writer) error { return f.writeRetried(w, retried, options.Plan) })
		})),
	}
	who = f.selectAccounts(cmd)
	cmd.Flags().StringSliceVar(&only, "only", nil, "try only these again: mail, contacts, calendars, rules")
	completeKinds(cmd, "only", journey.Kinds())
	cmd.Flags().BoolVar(&options.Plan, "plan", false, "show what would be tried again; write nothing")
	cmd.Flags().BoolVar(&options.CopyAgain, "copy-again", false, "copy again what the destination has lost, including what its users have deleted")
	cmd.Flags().BoolVar(&options.Replace, "replace-rules", false, "replace rules that somebody has changed at the destination")
	return cmd
}

// writeRetried lists what has failed and is tried, what is not and why, and what has come of it.
func (f *frame) writeRetried(w io.Writer, retried journey.Retried, plan bool) error {
	failed, tried := retried.Items()
	if failed == 0 {
		_, err := fmt.Fprintln(w, "nothing to try again: nothing has failed")
		return err
	}
	for _, a := range retried.Accounts {
		for _, item := range a.Failed {
			fmt.Fprintf(w, "%s: %s: %s\n", printable(a.Account), triedWords(item, plan), printable(joined(item.Object, item.Sentence)))
			if !item.Tried && item.Again == "" && item.NextStep != "" {
				fmt.Fprintf(w, "  -> %s\n", printable(item.NextStep))
			}
		}
	}
	if retried.Synced != nil {
		return f.writeSynced(w, *retried.Synced)
	}
	_, err := fmt.Fprintf(w, "%s, of which %s tried again\n", count(failed, "failed item", "failed items"), triedOf(tried, plan))
	return err
}

// triedWords say whether an item is tried, or what it takes.
func triedWords(item journey.FailedItem, plan bool) string {
	switch {
	case item.Tried && plan:
		return "would be tried again"
	case item.Tried:
		return "tried again"
	case item.Again == rehome.AgainCopied:
		return "tried only with --copy-again"
	case item.Again == rehome.AgainReplacing:
		return "tried only with --replace-rules"
	case item.Again == rehome.AgainEachPass:
		return "not among the kinds of --only"
	}
	return "no pass can mend it"
}

func triedOf(n int, plan bool) string {
	if plan {
		return number(n) + " would be"
	}
	return number(n) + " " + verb(n, "was", "were")
}
