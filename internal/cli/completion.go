// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"
	"rehome/internal/verify"
)

// offeredMost is how many values of a move a shell is offered at once: more than anybody reads, and there at once.
const offeredMost = 200

// fromLedger offers values that the ledger of the move has. It contacts no server, and so asks no ledger in a database, and
// creates no ledger. What went wrong is not said: a shell that completes has no place for it, and the command itself will.
func (f *frame) fromLedger(values func(context.Context, *journey.Move) ([]cobra.Completion, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		settings, err := f.settings()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if _, err := os.Stat(settings.Store); !settings.StoreIsFile() || err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		move := journey.New(settings, f.app.Version, nil)
		defer func() { _ = move.Close() }() // only looked at
		all, err := values(cmd.Context(), move)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		offered := slices.DeleteFunc(all, func(value string) bool { return !strings.HasPrefix(value, typed) })
		return offered[:min(len(offered), offeredMost)], cobra.ShellCompDirectiveNoFileComp
	}
}

// completeAccounts offers the accounts that a pass has begun with.
func (f *frame) completeAccounts(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return f.fromLedger(func(ctx context.Context, move *journey.Move) ([]cobra.Completion, error) {
		status, err := move.Status(ctx, people.Choice{})
		var addresses []cobra.Completion
		for _, a := range status.Accounts {
			addresses = append(addresses, a.Account)
		}
		return addresses, err
	})(cmd, args, typed)
}

// completeOpen offers the ids of open differences, each with what differs.
func (f *frame) completeOpen() cobra.CompletionFunc {
	return f.fromLedger(func(ctx context.Context, move *journey.Move) ([]cobra.Completion, error) {
		found, err := move.Differences(ctx, people.Choice{})
		return differenceIDs(found.Open), err
	})
}

// completeAccepted offers the ids of accepted differences, each with what differs.
func (f *frame) completeAccepted() cobra.CompletionFunc {
	return f.fromLedger(func(ctx context.Context, move *journey.Move) ([]cobra.Completion, error) {
		found, err := move.Differences(ctx, people.Choice{})
		var accepted []verify.Open
		for _, a := range found.Accepted {
			accepted = append(accepted, a.Open)
		}
		return differenceIDs(accepted), err
	})
}

// completeWaves offers the names of waves, each with its state.
func (f *frame) completeWaves(cmd *cobra.Command, given []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return f.fromLedger(func(ctx context.Context, move *journey.Move) ([]cobra.Completion, error) {
		all, err := move.Waves(ctx)
		var names []cobra.Completion
		for _, w := range all.Waves {
			if !slices.Contains(given, w.Name) {
				names = append(names, cobra.CompletionWithDesc(w.Name, string(w.State)))
			}
		}
		return names, err
	})(cmd, given, typed)
}

// completeWave is completeWaves for a command that takes one.
func (f *frame) completeWave(cmd *cobra.Command, given []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return f.completeWaves(cmd, given, typed)
}

// completeOperators offers those who may sign in.
func (f *frame) completeOperators() cobra.CompletionFunc {
	return f.fromLedger(func(ctx context.Context, move *journey.Move) ([]cobra.Completion, error) {
		list, err := move.ListOperators(ctx)
		var names []cobra.Completion
		for _, o := range list.Operators {
			names = append(names, cobra.CompletionWithDesc(o.Name, string(o.Role)))
		}
		return names, err
	})
}

// completeTokens offers the names of tokens.
func (f *frame) completeTokens() cobra.CompletionFunc {
	return f.fromLedger(func(ctx context.Context, move *journey.Move) ([]cobra.Completion, error) {
		list, err := move.ListTokens(ctx)
		var names []cobra.Completion
		for _, t := range list.Tokens {
			names = append(names, cobra.CompletionWithDesc(t.Name, string(t.Role)))
		}
		return names, err
	})
}

func differenceIDs(differences []verify.Open) []cobra.Completion {
	var ids []cobra.Completion
	for _, o := range differences {
		ids = append(ids, cobra.CompletionWithDesc(o.ID, printable(o.Account)+": "+openSentence(o)))
	}
	return ids
}

// completeDomains offers the domains that the settings name.
func (f *frame) completeDomains(_ *cobra.Command, given []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	settings, err := f.settings()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	left := slices.DeleteFunc(slices.Clone(settings.Domains), func(domain string) bool { return slices.Contains(given, domain) })
	return left, cobra.ShellCompDirectiveNoFileComp
}

// completeValues has a shell offer the values of a flag.
func completeValues(cmd *cobra.Command, flag string, values ...string) {
	// The error is that of a flag that does not exist: a mistake in the program, which the tests find.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeKinds does so for a flag that takes kinds of content, several with commas between them.
func completeKinds(cmd *cobra.Command, flag string, kinds []rehome.Kind) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		given := strings.Split(before, ",")
		var left []cobra.Completion
		for _, kind := range kinds {
			if !slices.Contains(given, string(kind)) {
				left = append(left, before+string(kind))
			}
		}
		return left, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

// completeFiles has a shell offer files for flags. A command that takes files as arguments says so in its line of usage.
func completeFiles(cmd *cobra.Command, flags ...string) {
	for _, flag := range flags {
		_ = cmd.MarkFlagFilename(flag) // as in completeValues
	}
}

// completeNothingElse has a shell offer nothing where no command has said what: it would offer the names in the folder, also for
// a name, a reason or a number.
func completeNothingElse(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && !namesFiles(cmd.Use) {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if _, offered := cmd.GetFlagCompletionFunc(flag.Name); !offered && takesValue(flag) && !takesFile(flag) {
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, cobra.NoFileCompletions) // as in completeValues
		}
	})
	for _, sub := range cmd.Commands() {
		completeNothingElse(sub)
	}
}

// namesFiles tells whether a line of usage has files among its arguments.
func namesFiles(use string) bool {
	words := strings.Fields(use)
	for i, word := range words[1:] {
		if name := strings.Trim(word, "[]."); (name == "FILE" || name == "LOG" || name == "DIR") && !strings.HasPrefix(words[i], "--") {
			return true
		}
	}
	return false
}

func takesValue(flag *pflag.Flag) bool { return flag.NoOptDefVal == "" }

func takesFile(flag *pflag.Flag) bool {
	_, file := flag.Annotations[cobra.BashCompFilenameExt] // without endings where any will do
	_, folder := flag.Annotations[cobra.BashCompSubdirsInDir]
	return file || folder
}
