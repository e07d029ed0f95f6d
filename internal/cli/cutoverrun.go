// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/ledger"
	"rehome/internal/switchover"
)

// gateFlags are the flags by which a person answers for gates.
func gateFlags(cmd *cobra.Command, overrides *[]string, why *string) {
	cmd.Flags().StringArrayVar(overrides, "override", nil, "answer for this gate: go on although it holds the domain (repeatable)")
	cmd.Flags().StringVar(why, "why", "", "the reason for --override, for the audit log")
	var names []string
	for _, gate := range switchover.Gates() {
		names = append(names, string(gate))
	}
	completeValues(cmd, "override", names...)
	cmd.MarkFlagsRequiredTogether("override", "why")
}

func cutoverRunCommand(f *frame) *cobra.Command {
	var options journey.CutoverOptions
	cmd := &cobra.Command{
		Use:   "run [DOMAIN]...",
		Short: "Take domains across: gates, final pass, switch of DNS, proof, test messages, late mail",
		Long: `run takes the domains, or all of them, across, step by step:

  gates       everything that has to be so before a switch is looked at; what is not holds the domain
  final pass  what has changed is copied once more, and the gates are asked again
  switch      the records are written in the order of the plan, each only if it still is what it was
  proof       every server of the zone has to give the new records
  probes      test messages have to arrive, from outside and to outside
  rules       replies and forwards that waited are switched on
  late mail   what still arrives at the source is brought over, until it was quiet for cutover.quiet
  live

You can end it at any moment, and whatever ends it, the same command goes on where it was. Before the
switch it ends by itself when a person has to do something first; --wait makes it wait for that too.
After it, it stays until the domain is live; --once ends it as soon as there is something to wait for,
for use from a timer. A zone that rehome cannot write is changed by you: run shows what to enter, and
goes on when all servers give it.

Each gate that holds a domain says why, who can change it and how. --override GATE --why TEXT goes on all
the same; the audit log keeps both. Only one gate cannot be overridden: what is not known of the zone.

Exit code 0: all domains are live. 5: on the way; run it again. 6: a person has to do something first.`,
		Args:              domainNames,
		ValidArgsFunction: f.completeDomains,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			options.Domains, options.Told = lowered(args), f.tellCutover
			crossing, err := move.RunCutover(ctx, options)
			return f.giveCrossing(crossing, err)
		})),
	}
	gateFlags(cmd, &options.Overrides, &options.Why)
	cmd.Flags().BoolVar(&options.Once, "once", false, "do what can be done now, and end")
	cmd.Flags().BoolVar(&options.Wait, "wait", false, "wait also for what a person has to do")
	cmd.MarkFlagsMutuallyExclusive("once", "wait")
	return cmd
}

func cutoverStatusCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:   "status [DOMAIN]...",
		Short: "Show where each domain stands, what it waits for, and what to do now",
		Long: `status shows where the domains stand on their way across, since when, what they wait for, who can change
that, and what to do now. It reads what is stored, and asks no server.

Exit code 0: all domains are live, rolled back or closed. 5: some are on the way. 6: one waits for a person.`,
		Args:              domainNames,
		ValidArgsFunction: f.completeDomains,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			crossing, err := move.CutoverStatus(ctx, lowered(args))
			return f.giveCrossing(crossing, err)
		})),
	}
}

func cutoverRollbackCommand(f *frame) *cobra.Command {
	var options journey.RollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback DOMAIN...",
		Short: "Take domains back: the records as they were, and the mail that has arrived since",
		Long: `rollback shows what taking the domains back means: how many sets of records are put back, and how many
messages have arrived at the destination since the switch. With --yes it does so: each set of records
becomes what it was, but only if it still is what rehome wrote; when every server gives the old records,
the messages are carried back to the source. Nothing is removed at the destination.

You can end it at any moment; the same command goes on, and so does "rehome cutover run".

Exit code 0: the domains are rolled back. 5: on the way; run it again. 6: --yes is missing, or a person has
to do something first.`,
		Args:              cobra.MatchAll(placed, domainNames),
		ValidArgsFunction: f.completeDomains,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			options.Domains, options.Told = lowered(args), f.tellCutover
			rollback, err := move.RollBack(ctx, options)
			if err != nil {
				return rehome.OutcomeDone, f.whereItStands(rollback.Crossing, err)
			}
			return f.give(rollback, func(w io.Writer) error { return f.writeRollback(w, rollback) })
		})),
	}
	gateFlags(cmd, &options.Overrides, &options.Why)
	cmd.Flags().BoolVar(&options.Begin, "yes", false, "take them back")
	cmd.Flags().BoolVar(&options.Once, "once", false, "do what can be done now, and end")
	return cmd
}

// tellCutover prints what happens, with the time.
func (f *frame) tellCutover(line journey.CutoverLine) {
	f.say("%s %s: %s", line.At.Format(time.TimeOnly), printable(line.Domain), printable(line.Text))
}

// giveCrossing shows where domains stand, also where the run was ended.
func (f *frame) giveCrossing(crossing journey.Crossing, err error) (rehome.Outcome, error) {
	if err != nil {
		return rehome.OutcomeDone, f.whereItStands(crossing, err)
	}
	return f.give(crossing, func(w io.Writer) error { return f.writeCrossing(w, crossing) })
}

// whereItStands shows what is known of an operation that was ended.
func (f *frame) whereItStands(crossing journey.Crossing, err error) error {
	if len(crossing.Domains) == 0 || f.json || !errors.Is(err, context.Canceled) {
		return err
	}
	return errors.Join(err, f.writeCrossing(f.app.Out, crossing))
}

func (f *frame) writeCrossing(w io.Writer, crossing journey.Crossing) error {
	colors := paletteFor(w, os.Getenv)
	for _, d := range crossing.Domains {
		fmt.Fprintln(w, colors.bold(printable(d.Domain))+": "+colors.of(journey.Crossing{Domains: []journey.CrossingDomain{d}}.Outcome(), crossingWords(d)))
		for _, r := range d.Records {
			fmt.Fprintf(w, "  %s %s: %s -> %s (%s)\n", printable(r.About), printable(r.Name), printable(orNothing(r.Before)), printable(orNothing(r.After)),
				recordWords(r))
		}
		if d.Arriving != nil {
			fmt.Fprintln(w, "  "+arrivingWords(*d.Arriving))
		}
		for _, h := range d.Waits {
			fmt.Fprintf(w, "  waits (%s): %s\n    %s: %s\n", h.Gate, printable(h.Sentence), printable(h.Who), printable(h.NextStep))
		}
		for _, o := range d.Overrides {
			fmt.Fprintf(w, "  overridden (%s) by %s: %s\n", o.Gate, printable(o.Person), printable(o.Why))
		}
	}
	for _, d := range crossing.Domains {
		if _, err := fmt.Fprintf(w, "now, for %s: %s\n", printable(d.Domain), printable(d.Next)); err != nil {
			return err
		}
	}
	return nil
}

// maxDeliverers is how many hosts are named that still deliver to the source; --json has all.
const maxDeliverers = 5

// arrivingWords say what still arrives at the source.
func arrivingWords(a journey.Arriving) string {
	words := "the old server has received nothing since the final pass began"
	if a.Messages > 0 {
		words = fmt.Sprintf("the old server has received %s since the final pass began, the last at %s, %d in this hour and the one before",
			plural(int(a.Messages), "message"), clock(a.Last), a.LastHour)
		var hosts []string
		for _, h := range a.Hosts[:min(len(a.Hosts), maxDeliverers)] {
			name := h.Name
			if name == "" {
				name = "mail programs, or hosts that the messages do not name"
			}
			hosts = append(hosts, fmt.Sprintf("%s (%d)", printable(name), h.Messages))
		}
		words += "; from " + strings.Join(hosts, ", ")
		if more := len(a.Hosts) - maxDeliverers; more > 0 {
			words += ", and " + plural(more, "other host")
		}
	}
	if len(a.Trouble) > 0 {
		words += "; of " + plural(len(a.Trouble), "account") + " it is not known"
	}
	return words
}

func orNothing(data []string) string {
	if len(data) == 0 {
		return "nothing"
	}
	return strings.Join(data, ", ")
}

// crossingWords say where a domain stands.
func crossingWords(d journey.CrossingDomain) string {
	words := map[ledger.CutoverState]string{
		"": "not begun", ledger.CutoverGates: "before the switch", ledger.CutoverFinalPass: "final pass",
		ledger.CutoverReady:     "copied, right before the switch",
		ledger.CutoverSwitching: "its records are being written", ledger.CutoverProving: "written, not at every server yet",
		ledger.CutoverProbing: "switched, test messages are under way", ledger.CutoverReleasing: "switched, rules are being switched on",
		ledger.CutoverLate: "switched, late mail is being brought", ledger.CutoverLive: "live", ledger.CutoverRestoring: "its records are being put back",
		ledger.CutoverProvingBack: "put back, not at every server yet", ledger.CutoverReturning: "put back, mail is being carried back",
		ledger.CutoverRolledBack: "rolled back", ledger.CutoverClosing: "being closed", ledger.CutoverClosed: "closed",
	}[d.State]
	if d.State == "" {
		return words
	}
	words += ", since " + clock(d.Since)
	if !d.Switched.IsZero() && d.State != ledger.CutoverRolledBack {
		words += fmt.Sprintf("; switched at %s, safe at %s, %s", clock(d.Switched), clock(d.Safe), plural(int(d.Late), "late message"))
	}
	return words
}

func recordWords(r journey.CrossingRecord) string {
	words := strings.ReplaceAll(string(r.State), "_", " ")
	switch r.State {
	case ledger.RecordSeen:
		words = "at every server since " + clock(r.Seen)
	case ledger.RecordSeenBack:
		words = "as it was, at every server since " + clock(r.Seen)
	case ledger.RecordForeign:
		words = "changed by somebody else, left as it is"
	}
	if r.ByHand {
		words += ", by hand"
	}
	return words
}

func (f *frame) writeRollback(w io.Writer, rollback journey.Rollback) error {
	if !rollback.Begun {
		for _, d := range rollback.Domains {
			fmt.Fprintf(w, "%s: %s\n", printable(d.Domain), printable(d.Words()))
		}
		_, err := fmt.Fprintln(w, "nothing was changed; run it again with --yes to take "+verb(len(rollback.Domains), "it", "them")+" back")
		return err
	}
	return f.writeCrossing(w, rollback.Crossing)
}
