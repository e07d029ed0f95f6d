// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func syncCommand(f *frame) *cobra.Command {
	var accounts, only []string
	var plan bool
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Copy everything that is not at the destination yet",
		Long: `sync copies the mail of all accounts, or of those named. It may be run as often as you
like: the first run copies everything, a later one only what is new and what has changed. It may
be interrupted at any moment; the same command goes on where it stopped. The source is only read.

With --plan it shows where every mailbox would go and writes nothing.

Exit code 0: everything is at the destination. 5: something is left; run it again.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			if err := checkOnly(only); err != nil {
				return OutcomeDone, err
			}
			if plan {
				return f.planSync(ctx, move, accounts)
			}
			return f.runSync(ctx, move, accounts)
		})),
	}
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "only this account; may be given several times")
	cmd.Flags().StringSliceVar(&only, "only", nil, "only these kinds: mail")
	cmd.Flags().BoolVar(&plan, "plan", false, "show where every mailbox would go, and write nothing")
	return cmd
}

// checkOnly refuses kinds that this version does not move, instead of quietly moving nothing.
func checkOnly(kinds []string) error {
	for _, kind := range kinds {
		if kind != "mail" {
			return &usageError{cause: fmt.Errorf("--only %s: this version moves mail only", kind), command: "rehome sync"}
		}
	}
	return nil
}

func (f *frame) runSync(ctx context.Context, move *journey.Move, accounts []string) (Outcome, error) {
	progress := conductor.NewProgress()
	var total atomic.Int64
	stop := f.watch(func() Progress {
		s := progress.Snapshot()
		return Progress{
			AccountsDone: s.Finished, AccountsTotal: int(total.Load()), Messages: s.Done, MessagesTotal: s.Messages,
			Octets: s.CopiedOctets, Failed: s.Failed,
		}
	})
	synced, err := move.Sync(ctx, accounts, journey.Watcher{Progress: progress, Accounts: func(n int) { total.Store(int64(n)) }})
	stop()
	if err != nil {
		return OutcomeDone, err
	}
	outcome := OutcomeDone
	if !synced.Complete() {
		outcome = OutcomePartial
	}
	return outcome, f.answer(synced, func(w io.Writer) error { return f.writeSynced(w, synced) })
}

func (f *frame) writeSynced(w io.Writer, synced journey.Synced) error {
	t := newTable("ACCOUNT", "COPIED", "FOUND THERE", "UNCHANGED", "FLAGS CHANGED", "FAILED", "LEFT", "SIZE").alignRight(1, 2, 3, 4, 5, 6, 7)
	for _, a := range synced.Accounts {
		t.add(a.Account, number(a.Mail.Copied), number(a.Mail.Adopted), number(int(a.Mail.Unchanged)), number(a.Mail.Flagged), number(a.Mail.Failed), number(int(a.Mail.Remaining)), octets(a.Mail.Bytes))
	}
	colors := paletteFor(w, os.Getenv)
	if err := t.write(w, colors); err != nil {
		return err
	}
	for _, a := range synced.Accounts {
		if a.Error != "" {
			fmt.Fprintf(w, "%s %s: %s\n", colors.red("error:"), printable(a.Account), printable(a.Error))
			if a.Hint != "" {
				fmt.Fprintf(w, "  -> %s\n", printable(a.Hint))
			}
		}
		if err := f.writeFindings(w, a.Findings, rehome.SeverityWarning); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, syncSummary(synced))
	return err
}

// syncSummary says in one sentence what happened and what comes next.
func syncSummary(synced journey.Synced) string {
	t := synced.Total()
	switch {
	case synced.Interrupted:
		return fmt.Sprintf("interrupted after %s messages; nothing is lost: run the same command again to go on", number(t.Copied))
	case !synced.Complete():
		return fmt.Sprintf("copied %s messages; what is left stands above with its next step, and the same command goes on from here", number(t.Copied))
	case t.Copied == 0 && t.Flagged == 0 && t.Adopted == 0:
		return fmt.Sprintf("nothing to do: all %s messages are at the destination", number(int(t.Unchanged)))
	}
	return deeds(t) + `; next: "rehome verify"`
}

// deeds lists what a pass has done.
func deeds(t journey.SyncedMail) string {
	var parts []string
	if t.Copied > 0 {
		parts = append(parts, fmt.Sprintf("copied %s, %s", plural(t.Copied, "message"), octets(t.Bytes)))
	}
	if t.Adopted > 0 {
		parts = append(parts, fmt.Sprintf("found %s at the destination already", plural(t.Adopted, "message")))
	}
	if t.Flagged > 0 {
		parts = append(parts, fmt.Sprintf("brought the flags of %s up to date", plural(t.Flagged, "message")))
	}
	return strings.Join(parts, ", ")
}

func (f *frame) planSync(ctx context.Context, move *journey.Move, accounts []string) (Outcome, error) {
	planned, err := move.PlanSync(ctx, accounts)
	if err != nil {
		return OutcomeDone, err
	}
	outcome := OutcomeDone
	for _, a := range planned {
		if a.Error != "" {
			outcome = OutcomePartial
		}
	}
	return outcome, f.answer(map[string]any{"accounts": planned}, func(w io.Writer) error { return f.writePlan(w, planned) })
}

func (f *frame) writePlan(w io.Writer, planned []journey.PlannedAccount) error {
	colors := paletteFor(w, os.Getenv)
	t := newTable("ACCOUNT", "MAILBOX AT THE SOURCE", "AT THE DESTINATION", "", "WHY")
	for _, a := range planned {
		if a.Error != "" {
			t.add(a.Account, "", "", "error", a.Error)
		}
		for _, p := range a.Pairs {
			t.add(a.Account, p.Source, p.Destination, madeOrThere(p.Exists), p.Why)
		}
		for _, l := range a.Left {
			t.add(a.Account, l.Source, "", "stays", l.Reason)
		}
	}
	return t.write(w, colors)
}

func madeOrThere(exists bool) string {
	if exists {
		return "is there"
	}
	return "is made"
}
