// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/recipients"

	"github.com/spf13/cobra"
)

func recipientsCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "recipients", Short: "Find every address that receives mail: census, check"})
	group.AddCommand(recipientsCensusCommand(f), recipientsCheckCommand(f))
	return group
}

func recipientsCensusCommand(f *frame) *cobra.Command {
	options := recipients.CensusOptions{}
	days := 0
	cmd := &cobra.Command{
		Use:   "census [LOG]...",
		Short: "List the addresses that received mail, and those without an account or alias",
		Long: `census reads mail logs of Exim, Postfix, Sendmail, qmail, Courier, Cyrus and Dovecot and, with
--messages, the address fields of the newest messages at the source. Logs are files or folders, plain or
compressed (gzip, bzip2, xz, zstd). It writes recipients.csv. For each address without an account or
alias, enter keep or drop in the Decision column. You can run the census again at any time; your
decisions are kept.

Exit code 6: some addresses wait for your decision, or a log was not understood.`,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
			options.Logs = args
			if days > 0 {
				options.Since = time.Now().AddDate(0, 0, -days)
			}
			census, err := move.Census(ctx, options)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(census, func(w io.Writer) error { return f.writeCensus(w, census) })
		})),
	}
	cmd.Flags().IntVar(&options.Messages, "messages", 0, "read the address fields of this many of the newest messages in each mailbox; 0: none")
	cmd.Flags().IntVar(&days, "days", 0, "count only mail from this many past days; 0: all")
	return cmd
}

func (f *frame) writeCensus(w io.Writer, census recipients.Census) error {
	t := newTable("STATE", "ADDRESS", "MESSAGES", "LAST", "NEXT STEP").alignRight(2)
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
	if census.Logs != nil {
		writeLogsRead(w, *census.Logs, deliveryLine)
	}
	if census.Headers > 0 {
		fmt.Fprintf(w, "read the address fields of %s\n", plural(census.Headers, "message"))
	}
	n := census.Totals
	fmt.Fprintf(w, "%d known + %d decided + %d by a catch-all + %d undecided = %d addresses that received mail; %d other known "+
		"addresses received none\n",
		n.Known, n.Decided, n.CatchAll, n.Undecided, n.All, n.Silent)
	writeCensusNotes(w, census)
	if err := f.writeFindings(w, census.Findings, rehome.SeverityWarning); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "wrote %s; fill in its Decision column, then run \"rehome recipients check\"\n", census.File)
	return err
}

// writeCensusNotes says what the totals leave out.
func writeCensusNotes(w io.Writer, census recipients.Census) {
	if n := census.Totals.Unseen; n > 0 {
		fmt.Fprintf(w, "note: %s of these received no mail here; an alias that rehome does not understand is all there is\n", number(n))
	}
	if n := len(census.WithoutDomain); n > 0 {
		fmt.Fprintf(w, "note: the logs show mail for %s with no account or alias, or with more than one: %s\n",
			plural(n, "name")+" without a domain", printable(listed(census.WithoutDomain)))
	}
	if n := len(census.Doubtful.Addresses); n > 0 {
		fmt.Fprintf(w, "note: %s that %s not understood %s addresses in your domains that are seen nowhere else: %s\n",
			plural(census.Doubtful.Lines, "line"), verb(census.Doubtful.Lines, "was", "were"), verb(census.Doubtful.Lines, "names", "name"),
			printable(listed(census.Doubtful.Addresses)))
	}
	if n := census.Totals.Older; n > 0 {
		fmt.Fprintf(w, "note: %s older than --days and not counted\n", count(n, "delivery is", "deliveries are"))
	}
	if n := census.Totals.NotListed; n > 0 {
		fmt.Fprintf(w, "warning: %s to further addresses not counted: the list is full\n", count(n, "delivery is", "deliveries are"))
	}
}

func recipientsCheckCommand(f *frame) *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Ask the destination's mail hosts whether they accept mail for every recipient",
		Long: `check asks every mail host in destination.mx about every account, alias and census address. It uses
RCPT TO and never sends a message. It opens one connection at a time, asks slowly, and starts with an
address that does not exist. When a host asks it to wait, it pauses and continues later, or in the next
run. If hosts disagree, the worst answer counts.

Exit code 0: all answers are as expected. 5: a host asked us to stop or cannot be reached; run it again
later. 6: at least one answer differs.`,
		Args: cobra.NoArgs,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, _ []string) (rehome.Outcome, error) {
			return f.parity(move.CheckRecipients(ctx, again, f.sayPlain))
		})),
	}
	cmd.Flags().BoolVar(&again, "again", false, "ignore the answers of earlier runs")
	return cmd
}

// sayPlain says a sentence that may contain a server's words.
func (f *frame) sayPlain(sentence string) { f.say("%s", printable(sentence)) }

// parity shows a comparison.
func (f *frame) parity(parity recipients.Parity, err error) (rehome.Outcome, error) {
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(parity, func(w io.Writer) error { return f.writeParity(w, parity) })
}

func (f *frame) writeParity(w io.Writer, parity recipients.Parity) error {
	t := newTable("VERDICT", "ADDRESS", "EXPECTED", "ANSWER", "NEXT STEP")
	for _, line := range parity.Lines {
		if line.Agreement == recipients.Agrees {
			continue
		}
		answer := string(line.Answer)
		if line.Server != "" {
			answer += ": " + line.Server
		}
		if line.Host != "" {
			answer += " (only " + line.Host + ")"
		}
		t.add(string(line.Agreement), line.Address, string(line.Expect)+" ("+line.Why+")", answer, line.NextStep)
	}
	if len(t.rows) > 0 {
		if err := t.write(w, paletteFor(w, os.Getenv)); err != nil {
			return err
		}
	}
	for _, host := range parity.Hosts {
		for _, domain := range host.AcceptAll {
			fmt.Fprintf(w, "note: %s accepts any address in %s, so its answers for that domain prove little\n", printable(host.Host), printable(domain))
		}
		if host.Error != "" {
			fmt.Fprintf(w, "error: %s was not asked about every address and does not count: %s\n", printable(host.Host), printable(host.Error))
			fmt.Fprintf(w, "  -> %s\n", printable(host.NextStep))
		}
	}
	fmt.Fprintf(w, "asked %s\n", plural(len(parity.Hosts), "mail host"))
	n := parity.Totals
	_, err := fmt.Fprintf(w, "%d agree + %d missing + %d extra + %d open + %d not conclusive + %d not answered = %d addresses\n",
		n.Agrees, n.Missing, n.Extra, n.Open, n.Unsure, n.Pending, n.All)
	return err
}
