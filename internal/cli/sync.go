// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/config"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

func syncCommand(f *frame) *cobra.Command {
	var accounts, only []string
	var plan bool
	var deletions string
	var options journey.SyncOptions
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Copy everything that is not at the destination yet",
		Long: `sync copies contacts, calendars, mail and rules of all accounts, or of those named; rules if the settings
name the destination's ManageSieve server. It may be run as often as you
like: the first run copies everything, a later one only what is new and what has changed. It may
be interrupted at any moment; the same command goes on where it stopped. The source is only read.

A mailbox that was renamed at the source is renamed at the destination. What has vanished at the
source stays at the destination, and the pass says how much that is. With --deletions mirror it is
removed there: only what rehome has put there, and nobody has changed since, and only
after everything was copied. What the destination's users delete, move or flag is never undone.

When more than half of a mailbox or account, and more than 20 messages, are gone at once at either
end, nothing is removed and nothing is copied a second time: the account waits until somebody has
looked and gives --confirm-deletions, or --copy-again if the destination has lost them. Contacts and
calendars wait likewise when more than half of an address book or calendar is gone from the source at
once, all of it, or the whole collection. An account whose log-in suddenly opens other mail than at the
last pass stops before anything is copied, until somebody has looked and gives --confirm-source.

Rules that answer or forward are stored and stay off until --switch-on-rules is given, after the
switch. A script that is on at the destination already is replaced with --replace-rules only.

With --plan it shows where every mailbox, address book and calendar would go, what would be removed and
what each rule does, and writes nothing.

Exit code 0: everything is at the destination. 5: something is left; run it again. 6: somebody has
to do something first: confirm a loss, or other mail than before, or see to what an end refuses.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			if slices.Equal(only, []string{"rules"}) {
				options.Rules.Plan = plan
				return f.runRules(ctx, move, accounts, options.Rules)
			}
			var err error
			if options.Only, err = kindsOf(only); err != nil {
				return OutcomeDone, err
			}
			if options.Deletions, err = deletionsOf(deletions); err != nil {
				return OutcomeDone, err
			}
			if plan {
				return f.planSync(ctx, move, accounts, options)
			}
			return f.runSync(ctx, move, accounts, options)
		})),
	}
	cmd.Flags().StringArrayVar(&accounts, "account", nil, "only this account; may be given several times")
	cmd.Flags().StringSliceVar(&only, "only", nil, "only these kinds: mail, contacts, calendars, rules")
	ruleFlags(cmd, &options.Rules)
	cmd.Flags().BoolVar(&plan, "plan", false, "show where everything would go, what would be removed and what each rule does, and write nothing")
	cmd.Flags().StringVar(&deletions, "deletions", "", "keep or mirror what has vanished at the source; default: mail.deletions of the settings")
	cmd.Flags().BoolVar(&options.ConfirmDeletions, "confirm-deletions", false, "a large loss at either end is meant: go on")
	cmd.Flags().BoolVar(&options.ConfirmSource, "confirm-source", false,
		"the source's account is the right one, although it holds other mail than before")
	cmd.Flags().BoolVar(&options.CopyAgain, "copy-again", false, "copy again what the destination has lost, also what its users have deleted there")
	cmd.MarkFlagsMutuallyExclusive("confirm-deletions", "copy-again")
	return cmd
}

// kindsOf reads the kinds of --only; one that does not exist is refused instead of quietly moving nothing.
func kindsOf(names []string) ([]rehome.Kind, error) {
	var kinds []rehome.Kind
	for _, name := range names {
		if !slices.Contains(journey.Kinds(), rehome.Kind(name)) {
			return nil, &usageError{cause: fmt.Errorf("--only %s is not known: write mail, contacts, calendars or rules", name), command: "rehome sync"}
		}
		kinds = append(kinds, rehome.Kind(name))
	}
	return kinds, nil
}

// deletionsOf reads the value of --deletions; "" leaves it to the settings.
func deletionsOf(text string) (config.Deletions, error) {
	policy := config.Deletions(text)
	if text == "" || policy == config.DeletionsKeep || policy == config.DeletionsMirror {
		return policy, nil
	}
	return "", &usageError{cause: fmt.Errorf("--deletions %s: write keep or mirror", text), command: "rehome sync"}
}

func (f *frame) runSync(ctx context.Context, move *journey.Move, accounts []string, options journey.SyncOptions) (Outcome, error) {
	progress := conductor.NewProgress()
	var total atomic.Int64
	stop := f.watch(func() Progress {
		s := progress.Snapshot()
		return Progress{
			AccountsDone: s.Finished, AccountsTotal: int(total.Load()), Messages: s.Done, MessagesTotal: s.Messages,
			Octets: s.CopiedOctets, Failed: s.Failed, Note: cmp.Or(s.Slowed, s.Waiting, objectsNote(s.Objects)),
		}
	})
	synced, err := move.Sync(ctx, accounts, options, journey.Watcher{
		Progress: progress, Accounts: func(n int) { total.Store(int64(n)) }, Finish: f.finishFirst,
	})
	stop()
	if err != nil {
		return OutcomeDone, err
	}
	outcome := OutcomeDone
	switch {
	case synced.Waiting() && !synced.Interrupted:
		outcome = OutcomeWaiting
	case synced.Mendable():
		outcome = OutcomePartial
	case !synced.Complete():
		outcome = OutcomeWaiting
	}
	return outcome, f.answer(synced, func(w io.Writer) error { return f.writeSynced(w, synced) })
}

func (f *frame) writeSynced(w io.Writer, synced journey.Synced) error {
	t := mailTable(synced)
	colors := paletteFor(w, os.Getenv)
	if err := t.write(w, colors); err != nil {
		return err
	}
	if err := errors.Join(writeObjects(w, synced), writeSyncedRules(w, synced)); err != nil {
		return err
	}
	for _, a := range synced.Accounts {
		if err := writeTrouble(w, a.Account, a.Error, a.Hint); err != nil {
			return err
		}
		if err := f.writeFindings(w, a.Findings, rehome.SeverityWarning); err != nil {
			return err
		}
	}
	if err := f.writeFindings(w, synced.Findings, rehome.SeverityWarning); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, syncSummary(synced))
	return err
}

// mailTable has a line for each account. What is rare has a column only where there is some of it.
func mailTable(synced journey.Synced) *table {
	type column struct {
		title string
		of    func(journey.SyncedMail) int64
	}
	columns := []column{
		{"COPIED", func(m journey.SyncedMail) int64 { return int64(m.Copied) }},
		{"FOUND THERE", func(m journey.SyncedMail) int64 { return int64(m.Adopted) }},
		{"UNCHANGED", func(m journey.SyncedMail) int64 { return m.Unchanged }},
		{"FLAGS CHANGED", func(m journey.SyncedMail) int64 { return int64(m.Flagged) }},
		{"REMOVED", func(m journey.SyncedMail) int64 { return int64(m.Removed) }},
		{"FAILED", func(m journey.SyncedMail) int64 { return m.Failed }},
		{"LEFT", func(m journey.SyncedMail) int64 { return m.Remaining }},
	}
	total := synced.Total()
	for _, rare := range []column{
		{"WAITING", func(m journey.SyncedMail) int64 { return m.Waiting }},
		{"DELETED THERE", func(m journey.SyncedMail) int64 { return m.Deserted }},
		{"UNKNOWN", func(m journey.SyncedMail) int64 { return m.Unknown }},
	} {
		if rare.of(total) > 0 {
			columns = append(columns, rare)
		}
	}
	titles, right := []string{"ACCOUNT"}, []int{}
	for i, c := range columns {
		titles, right = append(titles, c.title), append(right, i+1)
	}
	t := newTable(append(titles, "SIZE")...).alignRight(append(right, len(columns)+1)...)
	for _, a := range synced.Accounts {
		row := []string{a.Account}
		for _, c := range columns {
			row = append(row, number(int(c.of(a.Mail))))
		}
		t.add(append(row, octets(a.Mail.Bytes))...)
	}
	return t
}

// syncSummary says in a sentence or two what happened and what comes next.
func syncSummary(synced journey.Synced) string {
	t := synced.Total()
	return progressed(synced, t) + stayed(t) + waitingRules(synced.TotalRules().Waiting)
}

func progressed(synced journey.Synced, t journey.SyncedMail) string {
	contacts, calendars := synced.TotalObjects()
	done := append(deeds(t), objectDeeds(contacts, calendars)...)
	if n := synced.TotalRules().Stored; n > 0 {
		done = append(done, "stored "+plural(n, "script")+" of rules")
	}
	written := contacts.Copied + contacts.Updated + calendars.Copied + calendars.Updated
	switch {
	case synced.CutOff:
		return fmt.Sprintf("interrupted after %s messages%s; the destination has not answered for all that was under way: run the same command again, "+
			"it looks for that first and sends again only what does not arrive", number(t.Copied), andObjects(written))
	case synced.Interrupted:
		return fmt.Sprintf("interrupted after %s messages%s; nothing is lost: run the same command again to go on", number(t.Copied), andObjects(written))
	case synced.Waiting():
		return fmt.Sprintf("%s waiting for a decision: it stands above with its next step", awaiting(max(t.Held, int(t.Waiting)), contacts, calendars))
	case !synced.Complete() && !synced.Mendable():
		return fmt.Sprintf("copied %s messages%s; what is left needs somebody to see to it: it stands above with its next step", number(t.Copied),
			andObjects(written))
	case !synced.Complete():
		return fmt.Sprintf("copied %s messages%s; what is left stands above with its next step, and the same command goes on from here",
			number(t.Copied), andObjects(written))
	case len(done) == 0:
		return fmt.Sprintf("nothing to do: %s messages%s are at the destination", allOf(t.There, t.Messages),
			andObjects(contacts.Unchanged+calendars.Unchanged))
	}
	return strings.Join(done, ", ") + `; next: "rehome verify"`
}

// allOf says how many of them there are.
func allOf(there, of int64) string {
	if there == of {
		return "all " + number(int(of))
	}
	return number(int(there)) + " of " + number(int(of))
}

// stayed tells where both ends differ on purpose.
func stayed(t journey.SyncedMail) string {
	var parts []string
	if t.Kept > 0 {
		parts = append(parts, fmt.Sprintf("%s vanished at the source and stay at the destination", plural(t.Kept, "message")))
	}
	if t.Deserted > 0 {
		parts = append(parts, fmt.Sprintf("%s deleted or moved away at the destination and not copied again", plural(int(t.Deserted), "message")))
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n" + strings.Join(parts, "; ")
}

// waitingRules says how the scripts are switched on that answer or forward.
func waitingRules(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\n%s of rules off, because it answers or forwards; after the switch: \"rehome sync --switch-on-rules\"", plural(n, "script"))
}

// deeds lists what a pass has done.
func deeds(t journey.SyncedMail) []string {
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
	if t.Removed > 0 {
		parts = append(parts, fmt.Sprintf("removed %s that vanished at the source", plural(t.Removed, "message")))
	}
	return parts
}
