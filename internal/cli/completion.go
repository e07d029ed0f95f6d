// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"slices"

	"github.com/spf13/cobra"

	"rehome"
	"rehome/internal/journey"
	"rehome/internal/people"
)

// completeAccounts offers the accounts that a pass has begun with. It contacts no server, and creates no ledger.
func (f *frame) completeAccounts(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	settings, err := f.settings()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if _, err := os.Stat(settings.Store); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	move := journey.New(settings, f.app.Version, nil)
	defer func() { _ = move.Close() }() // only looked at
	status, err := move.Status(cmd.Context(), people.Choice{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var addresses []cobra.Completion
	for _, a := range status.Accounts {
		addresses = append(addresses, a.Account)
	}
	return addresses, cobra.ShellCompDirectiveNoFileComp
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

// completeKinds does so for a flag that takes kinds of content.
func completeKinds(cmd *cobra.Command, flag string, kinds []rehome.Kind) {
	var names []string
	for _, kind := range kinds {
		names = append(names, string(kind))
	}
	completeValues(cmd, flag, slices.Clone(names)...)
}
