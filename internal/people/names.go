// SPDX-License-Identifier: Apache-2.0

package people

import (
	"slices"
	"strings"

	"rehome"
)

// Names finds the accounts of the names that stand in logs: addresses, logins of the source, and what is before the "@" of an address.
type Names map[string][]string

// NamesOf knows what each of the accounts may be called.
func NamesOf(accounts []rehome.Account) Names {
	names := Names{}
	for _, account := range accounts {
		local, _, _ := strings.Cut(account.Address, "@")
		called := []string{account.Address, strings.ToLower(account.SourceLogin()), local}
		slices.Sort(called)
		for _, name := range slices.Compact(called) {
			names[name] = append(names[name], account.Address)
		}
	}
	return names
}

// Of returns the address of a name; ok is false if the name is of no account, or may be of several.
func (n Names) Of(name string) (address string, ok bool) {
	if addresses := n[name]; len(addresses) == 1 {
		return addresses[0], true
	}
	return "", false
}
