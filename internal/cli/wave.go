// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
)

func waveCommand(f *frame) *cobra.Command {
	group := asGroup(&cobra.Command{Use: "wave", Short: "Copy accounts in waves: create, add, start, pause, resume, status"})
	group.AddCommand(waveCreateCommand(f), waveAddCommand(f), waveRemoveCommand(f), waveSetCommand(f), waveStartCommand(f),
		wavePauseCommand(f), waveResumeCommand(f), waveStatusCommand(f))
	return group
}

// waveChoice are the flags that choose accounts for a wave.
type waveChoice struct {
	who             *selection
	choice          journey.WaveChoice
	larger, smaller string
	rest            bool
	command         string
	required        bool // something has to choose
}

func (f *frame) waveChoiceFlags(cmd *cobra.Command, command string, required bool) *waveChoice {
	c := &waveChoice{who: f.selectAccounts(cmd), command: command, required: required}
	flags := cmd.Flags()
	flags.StringSliceVar(&c.choice.Domains, "domain", nil, "only accounts of this domain (repeatable)")
	flags.StringVar(&c.larger, "larger-than", "", "only accounts with more mail than this, such as 5GB; known after their first pass")
	flags.StringVar(&c.smaller, "smaller-than", "", "only accounts with less mail than this; known after their first pass")
	flags.IntVar(&c.choice.Size, "size", 0, "so many accounts at most; a group that belongs together is not cut")
	flags.BoolVar(&c.choice.LargestFirst, "largest", false, "with --size: those with the most mail")
	flags.BoolVar(&c.choice.SmallestFirst, "smallest", false, "with --size: those with the least mail")
	flags.BoolVar(&c.choice.Apart, "apart", false, "leave out those who belong to them: by shares, forwards and common addresses")
	flags.BoolVar(&c.rest, "rest", false, "all accounts that are in no wave")
	cmd.MarkFlagsMutuallyExclusive("largest", "smallest")
	return c
}

// read returns what the flags say; nil when they choose nobody.
func (c *waveChoice) read(in io.Reader) (*journey.WaveChoice, error) {
	var err error
	if c.choice.Accounts, err = c.who.choice(in); err != nil {
		return nil, err
	}
	for _, size := range []struct {
		flag, text string
		into       *int64
	}{{"larger-than", c.larger, &c.choice.LargerThan}, {"smaller-than", c.smaller, &c.choice.SmallerThan}} {
		if size.text == "" {
			continue
		}
		n, err := humanize.ParseBytes(size.text)
		if err != nil || n == 0 || n > 1<<60 {
			return nil, &usageError{command: c.command,
				cause: fmt.Errorf("invalid value %q for --%s; use a size such as 500MB or 5GB", size.text, size.flag)}
		}
		*size.into = int64(n)
	}
	if c.choice.Size < 1 && c.who.command.Flags().Changed("size") {
		return nil, &usageError{command: c.command, cause: errors.New("--size has to be 1 or more")}
	}
	some := !c.choice.Accounts.All() || len(c.choice.Domains) > 0 || c.choice.LargerThan+c.choice.SmallerThan > 0 || c.choice.Size > 0
	switch {
	case some || c.rest:
		return &c.choice, nil
	case c.required:
		return nil, &usageError{command: c.command, cause: errors.New("nothing says which accounts; use --account, --account-file, --domain, " +
			"--larger-than, --smaller-than, --size, or --rest for all that are in no wave")}
	}
	return nil, nil
}

// waveChange are the flags that set a wave.
type waveChange struct {
	change   journey.WaveChange
	priority int
	hours    []string
	zone     string
	after    string
}

func (f *frame) waveChangeFlags(cmd *cobra.Command) *waveChange {
	c := &waveChange{}
	flags := cmd.Flags()
	flags.IntVar(&c.priority, "priority", 0, "the wave with the highest goes first")
	flags.StringArrayVar(&c.hours, "window", nil, "hours in which it is copied, such as 22:00-06:00 or 'sat,sun 00:00-24:00' (repeatable); or always")
	flags.StringVar(&c.zone, "time-zone", "", "of --window, such as Europe/Berlin (default: that of each machine)")
	flags.StringVar(&c.after, "after", "", "another wave that has to be through before it starts")
	_ = cmd.RegisterFlagCompletionFunc("after", f.completeWaves) // the flag exists
	flags.StringArrayVar(&c.change.Brake, "brake", nil,
		"what stops it: refused=0.5%, failed=1%, differs=0.5%, answer=10s, within span=15m; off is never (repeatable)")
	return c
}

// read returns what was set on the command line.
func (c *waveChange) read(cmd *cobra.Command) journey.WaveChange {
	change := c.change
	if cmd.Flags().Changed("priority") {
		change.Priority = &c.priority
	}
	if cmd.Flags().Changed("window") {
		change.Hours = &c.hours
	}
	if cmd.Flags().Changed("time-zone") {
		change.Zone = &c.zone
	}
	if cmd.Flags().Changed("after") {
		change.After = &c.after
	}
	return change
}

func waveCreateCommand(f *frame) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create WAVE",
		Short: "Make a wave, and say which accounts are in it",
		Long: `create makes a wave: accounts that are copied together, when you start it. An account is in one wave at
most; once it is in one, "rehome sync" copies it only while that wave runs.

Choose by --account, --account-file, --domain, the size of the mail, or so many with --size. A size is
known when a pass has looked at the account: before the first one, name the large accounts in a file, from
the quotas of the source for example, or leave it to the first pass. Only
accounts that are in no wave are chosen. Those who use something of each other come along: who share a
calendar or an address book, who forward to each other, who both get the mail of one address. A calendar
or an address that more than a dozen have in common does not count. Leave somebody out with --exclude,
or all who come along with --apart.

A wave is copied at any time unless --window gives its hours; a day in front of them is that on which
they begin. In a wave whoever has most mail is first.

The brake stops a wave when within --brake span=15m the log-ins of more than 0.5% of its accounts were
refused, more than 1% of their passes failed, more than 0.5% of those that were compared differ, three
accounts at least in each case, or when a host takes more than 10 s for an answer on average.`,
		Args: placed,
	}
	who := f.waveChoiceFlags(cmd, "rehome wave create", false)
	settings := f.waveChangeFlags(cmd)
	cmd.RunE = f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
		choice, err := who.read(f.app.In)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.giveFilled(move.CreateWave(ctx, args[0], settings.read(cmd), choice))
	}))
	return cmd
}

func waveAddCommand(f *frame) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "add WAVE",
		ValidArgsFunction: f.completeWave,
		Short:             "Put more accounts into a wave",
		Long: `add puts accounts that are in no wave into this one. They are chosen as with "rehome wave create". Those
who are in another wave stay there, and are counted; take them out of it first.`,
		Args: placed,
	}
	who := f.waveChoiceFlags(cmd, "rehome wave add", true)
	cmd.RunE = f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
		choice, err := who.read(f.app.In)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.giveFilled(move.AddToWave(ctx, args[0], *choice))
	}))
	return cmd
}

func waveRemoveCommand(f *frame) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "remove WAVE",
		ValidArgsFunction: f.completeWave,
		Short:             "Take accounts out of a wave, or remove it",
		Long: `remove takes the accounts given with --account or --account-file out of the wave. Without these the wave
itself is removed. What was copied stays; the accounts are in no wave then, and "rehome sync" copies
them like all others.`,
		Args: placed,
	}
	who := f.selectAccounts(cmd)
	cmd.RunE = f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
		choice, err := who.choice(f.app.In)
		if err != nil {
			return rehome.OutcomeDone, err
		}
		return f.giveFilled(move.RemoveFromWave(ctx, args[0], choice))
	}))
	return cmd
}

func waveSetCommand(f *frame) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "set WAVE",
		ValidArgsFunction: f.completeWave,
		Short:             "Change hours, priority or brake of a wave",
		Long: `set changes what is given and leaves the rest as it is. --window replaces all hours; --window always
removes them. A wave that runs follows at the next slice.`,
		Args: placed,
	}
	settings := f.waveChangeFlags(cmd)
	cmd.RunE = f.run(f.withMove(func(ctx context.Context, move *journey.Move, args []string) (rehome.Outcome, error) {
		return f.giveWaves(move.SetWave(ctx, args[0], settings.read(cmd)))
	}))
	return cmd
}

func waveStatusCommand(f *frame) *cobra.Command {
	return &cobra.Command{
		Use:               "status [WAVE]...",
		ValidArgsFunction: f.completeWaves,
		Aliases:           []string{"list"},
		Short:             "Show the waves: how far each is, why one stands, what keeps one from being through",
		Long: `status shows all waves, or those that are named, in the order in which they are copied. It reads the ledger
only, and may be called while accounts are copied. A wave is through when all of its accounts are
complete, were compared, and are equal but for what "rehome findings accept" has accepted.`,
		RunE: f.run(f.withMove(func(ctx context.Context, move *journey.Move, names []string) (rehome.Outcome, error) {
			waves, err := move.Waves(ctx, names...)
			if err != nil {
				return rehome.OutcomeDone, err
			}
			return f.give(waves, func(w io.Writer) error { return writeWaves(w, waves, len(names) > 0) })
		})),
	}
}

func (f *frame) giveFilled(filled journey.WaveFilled, err error) (rehome.Outcome, error) {
	if err != nil {
		return rehome.OutcomeDone, err
	}
	return f.give(filled, func(w io.Writer) error { return writeFilled(w, filled) })
}

func writeFilled(w io.Writer, filled journey.WaveFilled) error {
	switch {
	case filled.Gone:
		_, err := fmt.Fprintf(w, "wave %s is removed; %s %s in no wave now\n", filled.Wave,
			plural(filled.Removed, "account"), verb(filled.Removed, "is", "are"))
		return err
	case filled.Removed > 0:
		fmt.Fprintf(w, "%s taken out\n", plural(filled.Removed, "account"))
	case filled.Added > 0:
		fmt.Fprintf(w, "%s added\n", plural(filled.Added, "account"))
	default:
		fmt.Fprintln(w, "no account was added")
	}
	if n := len(filled.Together); n > 0 {
		shown := filled.Together[:min(n, mostTogether)]
		fmt.Fprintf(w, "%d of them because they belong to others: %s", n, printable(joinedOr(shown, "")))
		if n > len(shown) {
			fmt.Fprintf(w, " and %d more", n-len(shown))
		}
		fmt.Fprintln(w)
	}
	writeNotFilled(w, filled)
	next := fmt.Sprintf(`next: run "rehome wave add %s --account-file FILE", or "rehome wave add --help" for other choices`, filled.Wave)
	if filled.Accounts > 0 {
		next = fmt.Sprintf(`next: run "rehome wave start %s"`, filled.Wave)
	}
	_, err := fmt.Fprintf(w, "%s %s in wave %s; %s\n", plural(int(filled.Accounts), "account"),
		verb(int(filled.Accounts), "is", "are"), filled.Wave, next)
	return err
}

// writeNotFilled says who was asked for and not added.
func writeNotFilled(w io.Writer, filled journey.WaveFilled) {
	if n := filled.Already; n > 0 {
		fmt.Fprintf(w, "%s %s in it already\n", plural(n, "account"), verb(n, "is", "are"))
	}
	for _, other := range filled.Others[:min(len(filled.Others), mostTogether)] {
		fmt.Fprintf(w, "%s stays in wave %s\n  -> to move it, run \"rehome wave remove %s --account %s\" first\n",
			printable(other.Account), other.Wave, other.Wave, printable(other.Account))
	}
	if more := len(filled.Others) - mostTogether; more > 0 {
		fmt.Fprintf(w, "%d more stay in other waves\n", more)
	}
	if filled.Unmeasured > 0 {
		fmt.Fprintf(w, "%s left out: how large they are is not known before their first pass\n"+
			"  -> name the large ones in a file (--account-file), or copy them once first\n",
			plural(filled.Unmeasured, "account"))
	}
}

// mostTogether is how many accounts that come along are named.
const mostTogether = 10
