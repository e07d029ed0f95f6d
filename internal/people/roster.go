// SPDX-License-Identifier: Apache-2.0

package people

import (
	"errors"
	"os"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/passhash"
	"rehome/internal/roster"
	"rehome/internal/vault"
)

// addRoster lets the rows of a file win over what the directory says.
func (e *Everybody) addRoster(options Options) error {
	// The roster may hold passwords; that there is none is for Load to say.
	if err := vault.CheckPrivate(options.Roster); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	rows, findings, err := roster.Load(options.Roster)
	if err != nil {
		return err
	}
	e.Findings = append(e.Findings, findings...)
	for i := range rows {
		if !options.saysPlain(rows[i].Address) && withoutHashes(&rows[i]) {
			e.Findings = append(e.Findings, roster.PasswordHashed.On("roster", nil).Of(rows[i].Address))
		}
	}
	e.Organisation.Accounts = roster.Merge(e.Organisation.Accounts, rows)
	e.settleUnfit(rows)
	return nil
}

// settleUnfit takes back what was found of accounts without a valid address that a row moves to another one.
func (e *Everybody) settleUnfit(rows []rehome.Account) {
	logins := map[string]bool{}
	for _, row := range rows {
		logins[strings.ToLower(row.SourceUser)] = true
	}
	e.Findings = slices.DeleteFunc(e.Findings, func(f rehome.Finding) bool { return AddressUnfit.Is(f) && logins[f.Account] })
}

func (o Options) saysPlain(address string) bool {
	return slices.ContainsFunc(o.PlainLooksHashed, func(named string) bool { return named == "*" || strings.EqualFold(named, address) })
}

// withoutHashes takes the hashes of a row for what they are: nobody can log in with one. The old crypt(3) of DES is not
// among them, as the passwords that people are given often look like it.
func withoutHashes(account *rehome.Account) (found bool) {
	if account.Password.Form == rehome.PasswordPlain && looksHashed(account.Password.Stored) {
		account.Password.Form = rehome.PasswordOther
		account.SourcePassword = rehome.Secret{}
		found = true
	}
	if looksHashed(account.DestinationPassword) {
		account.DestinationPassword = rehome.Secret{}
		found = true
	}
	return found
}

func looksHashed(password rehome.Secret) bool {
	stored := password.Reveal()
	return passhash.LooksCrypt(stored) || passhash.LooksLabelled(stored) || passhash.LooksForeign(stored) ||
		passhash.LooksHex(stored) && slices.Contains([]int{32, 40, 64, 128}, len(stored))
}
