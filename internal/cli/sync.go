// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/conductor"
	"rehome/internal/journey"
	"rehome/internal/people"

	"github.com/spf13/cobra"
)

func syncCommand(f *frame) *cobra.Command {
	var who *selection
	var as syncFlags
	var watched *admin
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Copy mail, contacts, calendars and rules to the destination",
		Long: `sync copies the mail, contacts, calendars and rules of all accounts, or of those given with --account.
Rules are included if the settings name the destination's ManageSieve server. The first run copies
everything; later runs copy only what is new or has changed. You can interrupt sync at any time and
run the same command again to continue. The source is only read.

A mailbox renamed at the source is renamed at the destination. Copies of items deleted at the source
stay at the destination, and the summary counts them. With --deletions mirror they are removed, but
only if rehome made them, nobody has changed them since, and everything else has been copied. rehome
never undoes what users delete, move or flag at the destination.

If more than half of a mailbox or account, and more than 20 messages, disappear at once at either end,
rehome removes nothing and copies nothing a second time. The account waits until you have checked it
and run sync with --confirm-deletions, or with --copy-again if the destination has lost the messages.
Contacts and calendars also wait if more than half of an address book or calendar, or all of it,
disappears from the source. If a login suddenly opens different mail than in the last pass, the account
stops before anything is copied, until you confirm it with --confirm-source.

Rules that reply or forward are stored, but stay off until you run sync with --switch-on-rules after
the switch. A script that is already active at the destination is replaced only with --replace-rules.

With --on workers, the accounts are copied by all machines that run "rehome worker run" with a store on
PostgreSQL; sync shows how far they are, and can be interrupted without interrupting them.

With --follow, one pass follows the other until Ctrl-C, or until "rehome cutover run" takes a domain across: a pass begins each 15
minutes (--every), and none runs in --quiet-hours. Accounts to which the last pass has brought something come first. A
pass that cannot begin, for instance because a server is down, is tried again with the next. The answer and the exit code
are those of the last pass. With --on workers as well, each pass gives a turn to the accounts that have none, beside waves that
were started; Ctrl-C then ends the following, and the workers go on with the pass.

With --plan, sync shows where every mailbox, address book and calendar would go, what would be removed
and what each rule does. It writes nothing.

Exit code 0: everything is at the destination, but for what "findings accept" has accepted as missing.
3: every login was refused. 5: some items remain; run it again. 6: you have to act first: confirm a loss
or a changed source, or fix or accept what an end rejects.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			accounts, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.whileWatched(ctx, move, watched, func() (rehome.Outcome, error) { return f.syncAs(ctx, move, accounts, as) })
		})),
	}
	watched = adminFlag(cmd)
	who = f.selectAccounts(cmd)
	f.listAll(cmd)
	as.add(cmd)
	return cmd
}

// syncFlags are the flags of sync, but for those that choose accounts.
type syncFlags struct {
	only             []string
	plan             bool
	deletions, place string
	options          journey.SyncOptions
	passes           followFlags
}

func (s *syncFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&s.only, "only", nil, "copy only these: mail, contacts, calendars, rules")
	ruleFlags(cmd, &s.options.Rules)
	completeKinds(cmd, "only", journey.Kinds())
	cmd.Flags().BoolVar(&s.plan, "dry-run", false, "the same as --plan")
	cmd.Flags().BoolVar(&s.plan, "plan", false, "show where everything would go, what would be removed and what each rule does; write nothing")
	cmd.Flags().StringVar(&s.deletions, "deletions", "",
		"copies of items deleted at the source: keep or mirror (default: mail.deletions in the settings)")
	completeValues(cmd, "deletions", string(rehome.DeletionsKeep), string(rehome.DeletionsMirror))
	cmd.Flags().BoolVar(&s.options.ConfirmDeletions, "confirm-deletions", false, "confirm that a large loss at either end is intended")
	cmd.Flags().BoolVar(&s.options.ConfirmSource, "confirm-source", false,
		"confirm that this is the right source account, although it holds different mail than before")
	cmd.Flags().BoolVar(&s.options.CopyAgain, "copy-again", false,
		"copy again what the destination has lost, including what its users have deleted")
	cmd.Flags().StringVar(&s.place, "on", onThisMachine, "which machines copy: here, or workers (see \"rehome worker run\")")
	completeValues(cmd, "on", onThisMachine, onWorkers)
	cmd.MarkFlagsMutuallyExclusive("confirm-deletions", "copy-again")
	s.passes.add(cmd)
}

// syncAs copies, or shows what would be copied, as the flags say.
func (f *frame) syncAs(ctx context.Context, move *journey.Move, accounts people.Choice, s syncFlags) (rehome.Outcome, error) {
	if err := placeOf(s.place); err != nil {
		return rehome.OutcomeDone, err
	}
	if slices.Equal(s.only, []string{"rules"}) && s.place != onWorkers && !s.passes.follow {
		s.options.Rules.Plan = s.plan
		return f.runRules(ctx, move, accounts, s.options.Rules)
	}
	var err error
	if s.options.Only, err = kindsOf(s.only); err != nil {
		return rehome.OutcomeDone, err
	}
	if s.options.Deletions, err = deletionsOf(s.deletions); err != nil {
		return rehome.OutcomeDone, err
	}
	switch {
	case s.plan:
		return f.planSync(ctx, move, accounts, s.options)
	case s.passes.follow:
		return f.followSync(ctx, move, accounts, s.options, s)
	case s.place == onWorkers:
		return f.syncOnWorkers(ctx, move, accounts, s.options)
	}
	return f.runSync(ctx, move, accounts, s.options)
}

// kindsOf reads the kinds of --only. It refuses a kind that does not exist; otherwise sync would move nothing and report success.
func kindsOf(names []string) ([]rehome.Kind, error) {
	var kinds []rehome.Kind
	for _, name := range names {
		name = strings.TrimSpace(name)
		if !slices.Contains(journey.Kinds(), rehome.Kind(name)) {
			return nil, &usageError{cause: fmt.Errorf("invalid value %q for --only; use mail, contacts, calendars or rules", name), command: "rehome sync"}
		}
		kinds = append(kinds, rehome.Kind(name))
	}
	return kinds, nil
}

// deletionsOf reads the value of --deletions; "" means the value in the settings.
func deletionsOf(text string) (rehome.Deletions, error) {
	policy := rehome.Deletions(text)
	if text == "" || policy == rehome.DeletionsKeep || policy == rehome.DeletionsMirror {
		return policy, nil
	}
	return "", &usageError{cause: fmt.Errorf("invalid value %q for --deletions; use keep or mirror", text), command: "rehome sync"}
}

func (f *frame) runSync(ctx context.Context, move *journey.Move, accounts people.Choice, options journey.SyncOptions) (rehome.Outcome, error) {
	progress := conductor.NewProgress()
	stop := f.watch(progress)
	synced, err := move.Sync(ctx, accounts, options, journey.Watcher{Progress: progress, Finish: f.brake.Finish})
	stop()
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(synced, func(w io.Writer) error { return f.writeSynced(w, synced) })
}

func (f *frame) writeSynced(w io.Writer, synced journey.Synced) error {
	least := rehome.SeverityWarning
	if f.quiet {
		least = rehome.SeverityError
	} else if err := f.writeSyncedTables(w, synced); err != nil {
		return err
	}
	for _, a := range synced.Accounts {
		if err := writeTrouble(w, a.Account, a.Error, a.Hint); err != nil {
			return err
		}
		if err := f.writeFindings(w, a.Findings, least); err != nil {
			return err
		}
	}
	if err := errors.Join(f.writeFindings(w, synced.Findings, least), writeHeld(w, synced.Held)); err != nil || f.quiet {
		return err
	}
	_, err := fmt.Fprintln(w, paletteFor(w, os.Getenv).of(synced.Outcome(), syncSummary(synced)))
	return err
}

func (f *frame) writeSyncedTables(w io.Writer, synced journey.Synced) error {
	tables := &spaced{w: w}
	err := errors.Join(tables.write(mailTable(synced, f.all)), writeObjects(tables, synced, f.all), writeSyncedRules(tables, synced, f.all))
	if err != nil || f.all {
		return err
	}
	return writeUnlisted(w, synced)
}

// mailTable has a row for each account of which the pass has done or left something, or for all.
func mailTable(synced journey.Synced, all bool) *table {
	t := newTable("ACCOUNT", "COPIED", "ALREADY THERE", "UNCHANGED", "FLAGS CHANGED", "REMOVED", "FAILED", "REMAINING", "WAITING",
		"GONE AT DESTINATION", "UNKNOWN", "SIZE").alignRight(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	for _, a := range synced.Accounts {
		m := a.Mail
		counts := []int64{
			int64(m.Copied), int64(m.Adopted), m.Unchanged, int64(m.Flagged), int64(m.Removed), m.Failed, m.Remaining, m.Waiting, m.Deserted, m.Unknown,
		}
		row := []string{a.Account}
		changed := false
		for i, n := range counts {
			row = append(row, number(int(n)))
			changed = changed || n > 0 && i != 2
		}
		if changed || all {
			t.add(append(row, octets(m.Bytes))...)
		}
	}
	return t
}

// writeUnlisted says how many accounts the tables leave out, because there was nothing to do.
func writeUnlisted(w io.Writer, synced journey.Synced) error {
	n := 0
	for _, a := range synced.Accounts {
		if a.Error == "" && !a.Changed() {
			n++
		}
	}
	if n == 0 || n == len(synced.Accounts) {
		return nil // the summary says so
	}
	_, err := fmt.Fprintf(w, "%s up to date; --all lists %s too\n", count(n, "other account is", "other accounts are"), verb(n, "it", "them"))
	return err
}

// syncSummary says in one to three lines what happened and what to do next.
func syncSummary(synced journey.Synced) string {
	t := synced.Total()
	return progressed(synced, t) + stayed(t, synced.AcceptedAsMissing()) + waitingRules(synced.TotalRules().Waiting)
}

func progressed(synced journey.Synced, t journey.SyncedMail) string {
	contacts, calendars := synced.TotalObjects()
	written := amountOf(int64(t.Copied), contacts.Copied+contacts.Updated+calendars.Copied+calendars.Updated)
	switch synced.Outcome() {
	case rehome.OutcomeUnreachable:
		return verb(len(synced.Accounts), "the login was refused", "every login was refused") +
			"; nothing was copied; follow the next step above"
	case rehome.OutcomeInterrupted:
		return interrupted(written, synced.CutOff)
	case rehome.OutcomeWaiting:
		if what := awaiting(max(t.Held, int(t.Waiting)), contacts, calendars); what != "" {
			return what + " waiting for your decision; see the next step above"
		}
		return fmt.Sprintf("copied %s; %s; follow the next step above", written, stoppedWaves(synced.Held))
	case rehome.OutcomeStuck:
		n := synced.Problems()
		return fmt.Sprintf("copied %s; %s; follow %s above", written, remain(n), verb(n, "the next step", "the next steps"))
	case rehome.OutcomeRemaining:
		return fmt.Sprintf("copied %s; %s (see above); run the same command again to continue", written, remain(synced.Problems()))
	}
	done := append(deeds(t), objectDeeds(contacts, calendars)...)
	if n := synced.TotalRules().Stored; n > 0 {
		done = append(done, "stored "+plural(n, "rule script"))
	}
	if len(done) == 0 {
		return nothingToDo(t, contacts.Unchanged+calendars.Unchanged)
	}
	return strings.Join(done, ", ") + `; next: run "rehome verify"`
}

// nothingToDo says what is at the destination already.
func nothingToDo(t journey.SyncedMail, objects int) string {
	if t.Messages == 0 && objects > 0 {
		return "nothing to do: " + amountOf(0, objects) + " already at the destination"
	}
	return fmt.Sprintf("nothing to do: %s%s already at the destination", allOf(t.There, t.Messages), andObjects(objects))
}

// interrupted says how a stop has ended; cutOff that something had not been answered by then.
func interrupted(written string, cutOff bool) string {
	if cutOff {
		return fmt.Sprintf("interrupted after %s; the destination has not confirmed everything that was in progress; "+
			"run the same command again: it checks first and sends only what is missing", written)
	}
	return fmt.Sprintf("interrupted after %s; nothing is lost; run the same command again to continue", written)
}

// remain says how many problems are left. Items can remain without an error of their own.
func remain(problems int) string {
	if problems == 0 {
		return "some items remain"
	}
	return plural(problems, "problem") + " " + verb(problems, "remains", "remain")
}

// allOf says how many of the source's messages are at the destination.
func allOf(there, of int64) string {
	switch {
	case there != of:
		return number(int(there)) + " of " + plural(int(of), "message")
	case of == 1:
		return "1 message"
	}
	return "all " + plural(int(of), "message")
}

// stayed names the differences between the ends that are intended.
func stayed(t journey.SyncedMail, accepted int64) string {
	var parts []string
	if accepted > 0 {
		parts = append(parts, fmt.Sprintf("left out %s accepted as missing", plural(int(accepted), "item")))
	}
	if t.Kept > 0 {
		parts = append(parts, fmt.Sprintf("kept %s deleted at the source", plural(t.Kept, "message")))
	}
	if t.Deserted > 0 {
		parts = append(parts, fmt.Sprintf("did not copy again %s deleted or moved at the destination", plural(int(t.Deserted), "message")))
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n" + strings.Join(parts, "; ")
}

// waitingRules says how to switch on the scripts that reply or forward.
func waitingRules(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("\n%s %s because %s; after the switch, run \"rehome sync --switch-on-rules\"", plural(n, "rule script"),
		verb(n, "stays off", "stay off"), verb(n, "it replies or forwards", "they reply or forward"))
}

// deeds lists what a pass has done with messages.
func deeds(t journey.SyncedMail) []string {
	var parts []string
	if t.Copied > 0 {
		parts = append(parts, fmt.Sprintf("copied %s (%s)", plural(t.Copied, "message"), octets(t.Bytes)))
	}
	if t.Adopted > 0 {
		parts = append(parts, fmt.Sprintf("found %s already there", plural(t.Adopted, "message")))
	}
	if t.Flagged > 0 {
		parts = append(parts, fmt.Sprintf("updated the flags of %s", plural(t.Flagged, "message")))
	}
	if t.Removed > 0 {
		parts = append(parts, fmt.Sprintf("removed %s deleted at the source", plural(t.Removed, "message")))
	}
	return parts
}
