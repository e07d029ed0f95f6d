// SPDX-License-Identifier: Apache-2.0

package roster

import (
	"cmp"
	"slices"

	"rehome"
)

// Merge lays the roster over the accounts of the database: field by field, where the roster says
// something. Accounts that only one of them has are kept. The result is sorted by address; without a database it is the roster's
// own rows, so that a large roster is in memory once.
func Merge(database, roster []rehome.Account) []rehome.Account {
	if len(database) == 0 {
		sortByAddress(roster)
		return roster
	}
	merged := append(make([]rehome.Account, 0, len(database)+len(roster)), database...)
	byAddress := make(map[string]int, len(merged))
	for i := range merged {
		byAddress[merged[i].Address] = i
	}
	for _, said := range roster {
		if i, known := byAddress[said.Address]; known {
			overlay(&merged[i], said)
		} else {
			merged = append(merged, said)
		}
	}
	sortByAddress(merged)
	return merged
}

func sortByAddress(accounts []rehome.Account) {
	slices.SortFunc(accounts, func(a, b rehome.Account) int { return cmp.Compare(a.Address, b.Address) })
}

// overlay leaves alone what a roster cannot say: status, quota, services.
func overlay(account *rehome.Account, said rehome.Account) {
	account.FirstName = cmp.Or(said.FirstName, account.FirstName)
	account.LastName = cmp.Or(said.LastName, account.LastName)
	account.Password = cmp.Or(said.Password, account.Password)
	account.SourceUser = cmp.Or(said.SourceUser, account.SourceUser)
	account.SourcePassword = cmp.Or(said.SourcePassword, account.SourcePassword)
	account.DestinationUser = cmp.Or(said.DestinationUser, account.DestinationUser)
	account.DestinationPassword = cmp.Or(said.DestinationPassword, account.DestinationPassword)
}
