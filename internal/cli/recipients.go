// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/recipients"

	"github.com/spf13/cobra"
)

func recipientsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "recipients", Short: "Forget no address that receives mail: census, check"})
	group.AddCommand(recipientsCensusCommand(f), recipientsCheckCommand(f))
	return group
}

func recipientsCensusCommand(f *frame) *cobra.Command {
	options := journey.CensusOptions{}
	days := 0
	cmd := &cobra.Command{
		Use:   "census [LOG]...",
		Short: "List who received mail, and which of those addresses nobody has on the books",
		Long: `census reads mail logs of Exim and Postfix (files or folders, plain or gzip) and, with
--messages, the address fields of the newest messages at the source. It writes recipients.csv:
put keep or drop into the Decision column of what it could not place, and take the census as
often as you like; decisions stay.

Exit code 6: some addresses wait for a decision.`,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (Outcome, error) {
			options.Logs = args
			if days > 0 {
				options.Since = time.Now().AddDate(0, 0, -days)
			}
			census, err := move.Census(ctx, options)
			if err != nil {
				return OutcomeDone, err
			}
			outcome := OutcomeDone
			if census.Totals.Undecided+census.Totals.CatchAll > 0 {
				outcome = OutcomeWaiting
			}
			return outcome, f.answer(census, func(w io.Writer) error { return f.writeCensus(w, census) })
		})),
	}
	cmd.Flags().IntVar(&options.Messages, "messages", 0, "newest messages of each mailbox whose address fields are read; 0: none")
	cmd.Flags().IntVar(&days, "days", 0, "count only mail of the last days; 0: all")
	return cmd
}

func (f *frame) writeCensus(w io.Writer, census journey.Census) error {
	t := newTable("STATE", "ADDRESS", "MESSAGES", "LAST", "WHAT TO DO").alignRight(2)
	for _, r := range census.Recipients {
		if r.State == recipients.Known {
			continue
		}
		last := ""
		if !r.Last.IsZero() {
			last = r.Last.Format(time.DateOnly)
		}
		next := r.NextStep
		if r.Decision != "" {
			next = string(r.Decision)
		}
		t.add(string(r.State), r.Address, number(r.Messages), last, next)
	}
	if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
		return err
	}
	if logs := census.Logs; logs != nil {
		fmt.Fprintf(w, "read %d log files, %d lines, %d deliveries\n", logs.Files, logs.Lines, logs.Deliveries)
		for _, unread := range logs.Unread {
			fmt.Fprintf(w, "warning: not read to its end: %s\n", printable(unread))
		}
	}
	if census.Headers > 0 {
		fmt.Fprintf(w, "read the address fields of %d messages\n", census.Headers)
	}
	n := census.Totals
	fmt.Fprintf(w, "%d known + %d decided + %d by a catch-all + %d undecided = %d addresses that received mail; %d more are on the books and received none\n",
		n.Known, n.Decided, n.CatchAll, n.Undecided, n.All, n.Silent)
	if err := f.writeFindings(w, census.Findings, rehome.SeverityWarning); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "wrote %s; fill in its Decision column, then run \"rehome recipients check\"\n", census.File)
	return err
}

func recipientsCheckCommand(f *frame) *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Ask the destination's mail hosts what they answer for every recipient",
		Long: `check asks every address of destination.mx for every account, alias and address of the census, by
RCPT TO and without ever sending a message: over one slow connection, an address that nobody has
first. It stops when a host asks to wait, and goes on later; so does the next run. Where hosts
differ, the worst answer counts.

Exit code 0: all agree. 5: a host had enough or cannot be reached, run it again later. 6: something differs.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (Outcome, error) {
			return f.parity(move.CheckRecipients(ctx, again, f.told))
		})),
	}
	cmd.Flags().BoolVar(&again, "again", false, "forget the answers of earlier runs")
	return cmd
}

func (f *frame) told(sentence string) { f.say("%s", printable(sentence)) }

// parity shows a comparison and chooses the outcome.
func (f *frame) parity(parity recipients.Parity, err error) (Outcome, error) {
	if err != nil {
		return OutcomeDone, err
	}
	outcome := OutcomeDone
	switch n := parity.Totals; {
	case n.Missing+n.Extra+n.Open > 0:
		outcome = OutcomeWaiting
	case n.Pending > 0 || slices.ContainsFunc(parity.Hosts, func(h recipients.Asked) bool { return h.Error != "" }):
		outcome = OutcomePartial
	}
	return outcome, f.answer(parity, func(w io.Writer) error { return f.writeParity(w, parity) })
}

func (f *frame) writeParity(w io.Writer, parity recipients.Parity) error {
	t := newTable("VERDICT", "ADDRESS", "EXPECTED", "ANSWER", "WHAT TO DO")
	for _, line := range parity.Lines {
		if line.Verdict == recipients.Agrees {
			continue
		}
		answer := string(line.Answer)
		if line.Server != "" {
			answer += ": " + line.Server
		}
		if line.Host != "" {
			answer += " (only " + line.Host + ")"
		}
		t.add(string(line.Verdict), line.Address, string(line.Expect)+" ("+line.Why+")", answer, line.NextStep)
	}
	if len(t.rows) > 0 {
		if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
			return err
		}
	}
	for _, host := range parity.Hosts {
		for _, domain := range host.AcceptAll {
			fmt.Fprintf(w, "note: %s takes any address of %s, so that its answers there prove little\n", printable(host.Host), printable(domain))
		}
		if host.Error != "" {
			fmt.Fprintf(w, "error: %s was not asked to the end and does not count: %s\n", printable(host.Host), printable(host.Error))
			fmt.Fprintf(w, "  -> %s\n", printable(host.NextStep))
		}
	}
	fmt.Fprintf(w, "asked %s\n", plural(len(parity.Hosts), "mail host"))
	n := parity.Totals
	_, err := fmt.Fprintf(w, "%d agree + %d missing + %d extra + %d open + %d not conclusive + %d not answered = %d addresses\n",
		n.Agrees, n.Missing, n.Extra, n.Open, n.Unsure, n.Pending, n.All)
	return err
}
