// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"context"
	"maps"
	"slices"

	"rehome"
)

// Description is what a check shows of a database.
type Description struct {
	Server   string    `json:"server"` // version, as the server says it
	Profile  string    `json:"profile"`
	ReadOnly bool      `json:"read_only"` // the server itself refuses writes in our sessions
	Tables   []string  `json:"tables"`    // those that are read, by their real names
	Missing  []Missing `json:"missing,omitempty"`

	Domains   []string                    `json:"domains"`
	Accounts  int                         `json:"accounts"`
	Disabled  int                         `json:"disabled"` // of Accounts
	Aliases   int                         `json:"aliases"`
	Forwards  int                         `json:"forwards"`
	Passwords map[rehome.PasswordForm]int `json:"passwords"` // accounts by form
}

// Describe reads the organisation and sums it up.
func (d *Database) Describe(ctx context.Context) (Description, error) {
	org, _, err := d.Organisation(ctx)
	if err != nil {
		return Description{}, err
	}
	about := Description{
		Server: d.server, Profile: d.schema.profile, ReadOnly: d.readOnly, Tables: d.schema.names(), Missing: d.schema.missing,
		Domains: org.Domains, Accounts: len(org.Accounts), Aliases: len(org.Aliases), Forwards: len(org.Forwards),
		Passwords: map[rehome.PasswordForm]int{},
	}
	for _, account := range org.Accounts {
		about.Passwords[account.Password.Form]++
		if account.Disabled {
			about.Disabled++
		}
	}
	return about, nil
}

// names returns the real tables, each once, sorted.
func (s *schema) names() []string {
	all := map[string]bool{}
	for _, tables := range s.tables {
		for _, t := range tables {
			all[t.name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}
