// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"rehome"
	"rehome/internal/endpoint"
	"rehome/internal/itinerary"
	"rehome/internal/journey"
	"rehome/internal/ledger"

	"github.com/spf13/cobra"
)

func statusCommand(f *frame) *cobra.Command {
	var who *selection
	var all bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show where the move stands, and the state of every account",
		Long: `status shows in a few lines where the move stands and what to do now ("rehome next" has all steps), then the
state of every account. If there are more than 100 accounts, it counts them by state and shows 40: first those
that need somebody, then those under way. --all shows every one, and so does --json. It reads the ledger and
contacts no server. You can run it at any time, even during a sync.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			accounts, err := who.choice(f.app.In)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			status, err := move.Status(ctx, accounts)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			if accounts.All() {
				next, err := move.Next(ctx, f.configFile)
				if err != nil {
					return rehome.OutcomeDone, err
				}
				status.Itinerary = &next.Itinerary
			}
			return f.give(status, func(w io.Writer) error { return f.writeStatus(w, shownOf(status, all)) })
		})),
	}
	who = f.selectAccounts(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "show every account and every finding")
	return cmd
}

func (f *frame) writeStatus(w io.Writer, shown statusShown) error {
	status := shown.of
	colors := paletteFor(w, os.Getenv)
	if !f.quiet {
		f.writeHead(w, colors, status.Organisation, status.Itinerary)
	}
	if !f.quiet {
		writeWaveStops(w, status.Waves)
		writeStatusWorkers(w, status.Workers)
	}
	if len(status.Accounts) == 0 {
		_, err := fmt.Fprintln(w, "nothing has been copied yet")
		return err
	}
	if !f.quiet {
		writeHeldUp(w, status.HeldUp)
	}
	if err := shown.writeLeftOut(w, colors); err != nil {
		return err
	}
	now := time.Now()
	t := newTable("ACCOUNT", "STATE", "MESSAGES", "FAILED", "CONTACTS", "EVENTS", "RULES", "LAST PASS", "VERIFIED").
		alignRight(2, 3, 4, 5).coloured(8, verdictTone)
	for _, a := range shown.accounts {
		t.add(a.Account, stateWords(a), howMany(a.Copied, a.Messages), number(int(a.Failed)), thereOf(a.Contacts), thereOf(a.Calendars),
			rulesThere(a.Rules), when(now, a.FinishedAt, a.StartedAt), verdictWords(now, a))
	}
	if err := t.write(w, colors); err != nil {
		return err
	}
	writeTurns(w, shown)
	if err := f.writeFindings(w, shown.findings, rehome.SeverityWarning); err != nil {
		return err
	}
	shown.writeFindingsLeftOut(w)
	return nil
}

// writeWaveStops says which waves run, and what keeps the others. Those that nobody has started are many, and are only counted.
func writeWaveStops(w io.Writer, waves []journey.StatusWave) {
	var running, planned []string
	for _, v := range waves {
		switch v.Stop {
		case itinerary.StopNone:
			running = append(running, v.Name)
		case itinerary.StopPlanned:
			planned = append(planned, v.Name)
		default:
			fmt.Fprintf(w, "wave %s %s\n", v.Name, printable(v.Reason))
			if v.NextStep != "" {
				fmt.Fprintf(w, "  %s\n", printable(v.NextStep))
			}
		}
	}
	if len(running) > 0 {
		fmt.Fprintf(w, "%s: %s\n", verb(len(running), "wave that runs", "waves that run"), strings.Join(running, ", "))
	}
	if n := len(planned); n > 0 {
		fmt.Fprintf(w, "%s not started; the next one is %s\n", plural(n, "wave")+verb(n, " is", " are"), planned[0])
	}
	if len(waves) > 0 {
		fmt.Fprintln(w)
	}
}

// writeStatusWorkers counts the workers, and names those that can do nothing.
func writeStatusWorkers(w io.Writer, workers []journey.StatusWorker) {
	if len(workers) == 0 {
		return
	}
	hindered := 0
	for _, worker := range workers {
		if worker.Hindered != "" {
			hindered++
			fmt.Fprintf(w, "worker %s %s\n", printable(worker.Name), printable(worker.Hindered))
		}
	}
	fmt.Fprintf(w, "%s there", plural(len(workers), "worker")+verb(len(workers), " is", " are"))
	if hindered > 0 {
		fmt.Fprintf(w, "; %d can do nothing", hindered)
	}
	fmt.Fprint(w, "\n\n")
}

// writeHeldUp says what work was held up by, as a whole and at each server.
func writeHeldUp(w io.Writer, spans []journey.HeldUpSpan) {
	if len(spans) == 0 {
		return
	}
	s := spans[0] // the latest
	of := "the last " + plural(s.Minutes, "minute")
	if s.Minutes%60 == 0 {
		of = "the last " + plural(s.Minutes/60, "hour")
	}
	if len(s.By) > 0 {
		fmt.Fprintf(w, "held up in %s by: %s\n", of, shareWords(s.By))
	}
	for _, server := range s.Servers {
		fmt.Fprintf(w, "  %s %s (%s): %s\n", server.Side, printable(server.Host), server.Service, shareWords(server.Shares))
	}
	fmt.Fprintln(w)
}

func shareWords(shares []endpoint.Share) string {
	words := make([]string, len(shares))
	for i, s := range shares {
		words[i] = fmt.Sprintf("%s %d %%", s.By, s.Percent)
	}
	return strings.Join(words, ", ")
}

// rulesThere says how many scripts are at the destination, and how many of them stay off until the switch.
func rulesThere(r *journey.StatusRules) string {
	switch {
	case r == nil:
		return ""
	case r.Waiting > 0:
		return fmt.Sprintf("%d, %d waiting", r.Stored, r.Waiting)
	}
	return number(int(r.Stored))
}

// stateWords says how far an account has come.
func stateWords(a journey.StatusAccount) string {
	switch a.State {
	case ledger.AccountPreStaging:
		return turnState(a.Turn)
	case ledger.AccountPreStaged:
		if a.Verdict == "" {
			return "copied, not verified yet"
		}
		return "copied"
	}
	return string(a.State)
}

// when says when the last pass ended, or that it has not.
func when(now, finished, started time.Time) string {
	switch {
	case !finished.IsZero():
		return shortTime(now, finished)
	case !started.IsZero():
		return "started " + shortTime(now, started)
	}
	return "none"
}

// shortTime is a moment as a table shows it: the time of a moment of today, else also the day.
func shortTime(now, t time.Time) string {
	now, t = now.Local(), t.Local()
	switch {
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2 Jan 2006")
}

// howMany says how many of the source's messages are at the destination.
func howMany(there, of int64) string {
	if there >= of {
		return number(int(there))
	}
	return number(int(there)) + " of " + number(int(of))
}

func verdictWords(now time.Time, a journey.StatusAccount) string {
	if a.Verdict == "" {
		return "not yet"
	}
	words := a.Verdict + " " + shortTime(now, a.VerifiedAt)
	if a.Accepted > 0 {
		words += fmt.Sprintf(", %d accepted", a.Accepted)
	}
	return words
}
