// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/checkup"
	"rehome/internal/dnswrite"
	"rehome/internal/journey"

	"github.com/spf13/cobra"
)

// stageWait is how long servers are watched by default: secondaries that are told of changes follow within seconds.
const stageWait = 2 * time.Minute

// howStaged is what the help of both commands says about how they work.
const howStaged = `

Without --write, it shows each change and writes nothing. With --write, it writes to where dns.providers in the settings
says for each zone, if everything there is still as it was looked at: what somebody else has changed meanwhile is shown,
and stays. What already is as it should be is not written again, so repeating is safe. Then it asks every authoritative
server until all have the change, for as long as --wait says. The audit log keeps what was written.

A zone that dns.providers does not name is changed by hand: the answer has what to enter, one value on each line, and with
--write rehome watches the servers until it is there.

Exit code 0: every server has every change. 5: some servers do not have it yet. 6: somebody has to confirm with --write, to
enter something by hand, or to look at what somebody else has changed. 3: something is not known, or where it is written
cannot be reached or does not accept the key.`

func dnsLowerTTLCommand(f *frame) *cobra.Command {
	return f.stageCommand(&cobra.Command{
		Use:   "lower-ttl [DOMAIN]...",
		Short: "Show how to lower the TTLs of the records that change at the switch; with --write lower them",
		Long: `lower-ttl lowers the TTL of every record that changes at the switch to cutover.ttl, or to what the provider allows, and
changes nothing else. Do it at least as long before the switch as the old TTLs are: it says when the switch is safe.` + howStaged,
		Example: "  rehome dns lower-ttl example.com\n  rehome dns lower-ttl --write",
	}, (*journey.Move).LowerTTL)
}

func dnsStageCommand(f *frame) *cobra.Command {
	return f.stageCommand(&cobra.Command{
		Use:   "stage [DOMAIN]...",
		Short: "Show what has to be published before the switch; with --write publish it",
		Long: `stage publishes what has to stand in DNS before the switch: the destination's DKIM keys, its servers in SPF beside the old
ones, and a new id of the MTA-STS policy once the policy file names the destination's hosts. Texts that others have put at
the same name stay. Mail still goes to the source. What is no record, such as the policy file, it lists for you to do.` + howStaged,
		Example: "  rehome dns stage example.com\n  rehome dns stage --write --wait 10m",
	}, (*journey.Move).StageDNS)
}

// stageCommand completes a command that changes records before the switch.
func (f *frame) stageCommand(cmd *cobra.Command,
	operation func(*journey.Move, context.Context, []string, journey.StageOptions) (journey.Staged, error)) *cobra.Command {
	options := journey.StageOptions{Wait: stageWait, Told: f.sayPlain}
	cmd.Args, cmd.ValidArgsFunction = domainNames, f.completeDomains
	cmd.RunE = f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
		staged, err := operation(move, ctx, lowered(args), options)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.give(staged, func(w io.Writer) error { return f.writeStaged(w, staged, cmd.CommandPath()) })
	}))
	cmd.Flags().BoolVar(&options.Write, "write", false, "write the changes")
	cmd.Flags().DurationVar(&options.Wait, "wait", options.Wait, "with --write: how long to watch the authoritative servers")
	return cmd
}

func (f *frame) writeStaged(w io.Writer, staged journey.Staged, command string) error {
	colors := paletteFor(w, os.Getenv)
	for i, d := range staged.Domains {
		if i > 0 && !f.quiet {
			fmt.Fprintln(w)
		}
		f.writeStagedDomain(w, colors, d)
	}
	if f.quiet {
		return nil
	}
	_, err := fmt.Fprintln(w, colors.of(staged.Outcome(), stageSummary(staged, command)))
	return err
}

// writeStagedDomain prints a line for each change, what people have to do beside it, and what went wrong.
func (f *frame) writeStagedDomain(w io.Writer, colors palette, d journey.StagedDomain) {
	fmt.Fprintln(w, colors.bold(printable(d.Domain))+" ("+printable(writtenBy(d.Writer))+")")
	subjects := len("unknown")
	for _, c := range d.Changes {
		subjects = max(subjects, cells(c.About))
	}
	for _, c := range d.Changes {
		if f.quiet && c.State != journey.ChangeFailed {
			continue
		}
		writeAdvice(w, stageMark(c, colors), subjects, checkup.Advice{Subject: c.About, Sentence: stagedSentence(c)})
	}
	for _, why := range d.Unknown {
		writeAdvice(w, colors.red("x"), subjects, checkup.Advice{Subject: "unknown", Sentence: why,
			NextStep: fmt.Sprintf("see what every server says with %q", "rehome dns check "+d.Domain)})
	}
	if len(d.Changes) == 0 && d.Error == "" && len(d.Unknown) == 0 && !f.quiet {
		fmt.Fprintln(w, "  there is nothing to change")
	}
	for _, s := range d.Others {
		if !f.quiet {
			writeAdvice(w, colors.yellow("!"), subjects, checkup.Advice{Subject: s.About, Sentence: "left to people: " + stepSentence(s, "")})
		}
	}
	if d.Error != "" {
		writeAdvice(w, colors.red("x"), subjects, checkup.Advice{Subject: "error", Sentence: d.Error, NextStep: d.NextStep})
	}
	if d.Cards != "" && byHand(d) && !f.quiet {
		fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(d.Cards))
	}
}

func writtenBy(c dnswrite.Capability) string {
	switch {
	case c.Title == "":
		return "not known where it is written"
	case c.ByHand:
		return "changed by hand: " + c.Race()
	}
	return "written to " + c.Title + ": " + c.Race()
}

// byHand reports whether a person still has to change something.
func byHand(d journey.StagedDomain) bool {
	for _, c := range d.Changes {
		if d.Writer.ByHand && c.State != journey.ChangeAlready {
			return true
		}
	}
	return false
}

func stageMark(c journey.StagedChange, colors palette) string {
	switch {
	case c.State == journey.ChangeFailed:
		return colors.red("x")
	case c.State == journey.ChangePlanned || c.State == journey.ChangeByHand || !c.Everywhere:
		return colors.yellow("~")
	}
	return colors.green("+")
}

// stagedSentence says what becomes or has become of one set.
func stagedSentence(c journey.StagedChange) string {
	key := c.New.Key.String()
	switch c.State {
	case journey.ChangeWritten:
		return key + " is now " + setWords(c.New) + where(c)
	case journey.ChangeAlready:
		return key + " already is " + setWords(c.New) + where(c)
	case journey.ChangeFailed:
		return "not changed: " + exchanged(c)
	}
	return c.Sentence + ": " + exchanged(c)
}

// exchanged shows what goes and what comes; what stays is only counted.
func exchanged(c journey.StagedChange) string {
	key := c.New.Key.String()
	var gone, come, stay []string
	for _, value := range c.Old.Values {
		if slices.Contains(c.New.Values, value) {
			stay = append(stay, value)
		} else {
			gone = append(gone, value)
		}
	}
	for _, value := range c.New.Values {
		if !slices.Contains(stay, value) {
			come = append(come, value)
		}
	}
	ttl := fmt.Sprintf(", TTL %d instead of %d seconds", c.New.TTL, c.Old.TTL)
	if c.Old.TTL == c.New.TTL || len(c.Old.Values) == 0 {
		ttl = fmt.Sprintf(", TTL %d seconds", c.New.TTL)
	}
	switch {
	case len(c.New.Values) == 0:
		return key + " without " + strings.Join(gone, ", ")
	case len(gone)+len(come) == 0:
		return key + " " + strings.Join(stay, ", ") + ttl
	case len(gone)+len(stay) == 0:
		return key + ": " + strings.Join(come, ", ") + ttl
	case len(gone) == 0:
		key += " with " + strings.Join(come, ", ")
	case len(come) == 0:
		key += " without " + strings.Join(gone, ", ")
	default:
		key += " " + strings.Join(come, ", ") + " instead of " + strings.Join(gone, ", ")
	}
	if len(stay) > 0 {
		key += ", beside " + plural(len(stay), "record") + " that stay" + strings.Repeat("s", 2-min(len(stay), 2))
	}
	return key + ttl
}

func setWords(s dnswrite.Set) string {
	if len(s.Values) == 0 {
		return "gone"
	}
	return s.String()
}

// where says which servers have it.
func where(c journey.StagedChange) string {
	switch {
	case c.Everywhere:
		return ", at every server"
	case len(c.Missing) == 0: // nobody was asked
		return ""
	}
	var missing []string
	for _, says := range c.Missing {
		line := says.Server
		if says.Addr.IsValid() {
			line = strings.TrimSpace(line + " " + says.Addr.String())
		}
		switch {
		case says.Words != "":
			line += " (" + says.Words + ")"
		case len(says.Values) == 0:
			line += " (has none)"
		default:
			line += fmt.Sprintf(" (has %s with a TTL of %d seconds)", strings.Join(says.Values, ", "), says.TTL)
		}
		missing = append(missing, line)
	}
	return "; not yet at " + strings.Join(missing, ", ")
}

// stageSummary says in one line how it stands and what to do now.
func stageSummary(staged journey.Staged, command string) string {
	counts, hand, others, failed, open := map[journey.ChangeState]int{}, false, 0, false, false
	var latest time.Time
	for _, d := range staged.Domains {
		failed = failed || d.Error != "" || len(d.Unknown) > 0
		open = open || d.Open
		others += len(d.Others)
		hand = hand || byHand(d)
		if d.Earliest.After(latest) {
			latest = d.Earliest
		}
		for _, c := range d.Changes {
			counts[c.State]++
		}
	}
	again := fmt.Sprintf("%q", command+" --write")
	switch outcome := staged.Outcome(); {
	case failed:
		return "not all can be done: see the lines marked x; it is safe to run " + again + " again"
	case counts[journey.ChangePlanned] > 0 && hand:
		return "nothing was written; enter what the instructions say, and run " + again + " to have the servers watched"
	case counts[journey.ChangePlanned] > 0:
		return fmt.Sprintf("nothing was written; run %s to write %s", again, plural(counts[journey.ChangePlanned], "change"))
	case counts[journey.ChangeByHand] > 0:
		return "enter what the instructions say; run " + again + " to have the servers watched again"
	case outcome == rehome.OutcomeRemaining:
		return "some servers do not have it yet; run " + again + " again: it writes nothing twice"
	case others > 0:
		return "the records are as they should be before the switch; the lines marked ! are left to you"
	case latest.IsZero():
		return `the records are as they should be; run "rehome cutover plan" to see what else the switch waits for`
	}
	line := "the records are as they should be; earliest safe switch: " + latest.UTC().Format("Mon 2006-01-02 15:04 UTC")
	if open {
		line += `, if the other steps of "rehome cutover plan" are taken now`
	}
	return line
}
