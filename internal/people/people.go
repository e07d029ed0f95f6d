// SPDX-License-Identifier: Apache-2.0

// Package people says who moves and who stays, and how each account is opened at either end: the directory of the source
// system and the roster joined, the choice with its reasons, the ways in, the passwords at the destination, and the
// log-ins that try them. It reads no settings and prints nothing; apart from Gather and LogInSeries it only decides.
//
//   - Everybody whom the source knows is either among Moving or among Staying with a reason; nobody is in both.
//   - No password is made up, changed or shown here, except by MakePasswords for those who have none to take along.
//   - A host that refuses or turns away is left alone before it locks anybody out.
//
// A caller gathers everybody from a Directory, narrows them down with Only, and asks PlanAccess, List or a LogInSeries.
package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/atmail8"
	"rehome/internal/vault"
)

// Options say who moves and what their import file gets.
type Options struct {
	Roster       string   // a file of people, which wins row by row; "" is none
	Domains      []string // that move; none means all
	MoveDisabled bool     // also accounts that the source has disabled

	PlainLooksHashed []string // addresses whose password in the roster is plain text although it looks like a hash; "*" is all

	// MakesAccounts says that the accounts of the destination are made from our import file, so that their passwords
	// are those that it holds: by Policy the own one, else one of the sheet that Temporary opens, of those handed out before.
	MakesAccounts bool
	Policy        atmail8.Policy
	Temporary     func() (vault.Sheet, error)
}

// Everybody is who moves and who does not.
type Everybody struct {
	Organisation rehome.Organisation
	Moving       []rehome.Account // by address
	Staying      []Staying
	Findings     []rehome.Finding // of the directory and the roster
	Temporary    vault.Sheet
	Decisions    []atmail8.Decision // one for each of Moving: what the import file gets
	Counts       atmail8.Counts
}

// Staying is an account that does not move, with the reason.
type Staying struct {
	Account string `json:"account"`
	Reason  string `json:"reason"`
}

// Gather reads directory, which may be nil, and roster, chooses who moves, and adds what is known of passwords at both
// ends. That nobody at all is named is an error; that nobody of them moves is not.
func Gather(ctx context.Context, directory Directory, options Options) (*Everybody, error) {
	e := &Everybody{}
	var err error
	if directory != nil {
		if e.Organisation, e.Findings, err = directory.Organisation(ctx); err != nil {
			return nil, err
		}
	}
	if options.Roster != "" {
		if err = e.addRoster(options); err != nil {
			return nil, err
		}
	}
	if len(e.Organisation.Accounts) == 0 {
		return nil, e.nobody()
	}
	if e.Temporary, err = options.Temporary(); err != nil {
		return nil, err
	}
	e.choose(options)
	e.addPasswords(options)
	return e, nil
}

// nobody says why there is not a single account: all that the directory has may be left out.
func (e *Everybody) nobody() error {
	fault := &rehome.Fault{Class: rehome.ClassOperator, Op: "find", Object: "people",
		Cause: errors.New("there are none in the database or the roster"),
		Hint:  "set source.database.dsn, or roster to a CSV file of addresses"}
	left := slices.DeleteFunc(slices.Clone(e.Findings), func(f rehome.Finding) bool { return standingOf(f) == "" })
	if len(left) > 0 {
		fault.Cause = fmt.Errorf("all accounts of the database are left out (%d): of %s, %s", len(left), left[0].Account, left[0].Sentence)
		fault.Hint = left[0].NextStep
	}
	return fault
}

// choose sorts the accounts into those that move and those that stay. Where all move there is one list of them, not two.
func (e *Everybody) choose(options Options) {
	for _, account := range e.Organisation.Accounts {
		if reason := staysBecause(account, options); reason != "" {
			e.Staying = append(e.Staying, Staying{Account: account.Address, Reason: reason})
		}
	}
	e.Moving = e.Organisation.Accounts
	if len(e.Staying) > 0 {
		e.Moving = slices.DeleteFunc(slices.Clone(e.Moving), func(a rehome.Account) bool { return staysBecause(a, options) != "" })
	}
	slices.SortFunc(e.Moving, func(a, b rehome.Account) int { return strings.Compare(a.Address, b.Address) })
}

// staysBecause is why an account does not move; "" if it does.
func staysBecause(account rehome.Account, options Options) string {
	if len(options.Domains) > 0 && !slices.Contains(options.Domains, account.Domain()) {
		return "its domain does not move; to move it, add the domain to domains"
	}
	if account.Disabled && !options.MoveDisabled {
		return "it is disabled at the source; to move it, set accounts.include_disabled: import"
	}
	return ""
}

// addPasswords fills in the log-ins that the roster does not give: at the source the user's own plain password, at a
// destination whose accounts we make what the import file holds.
func (e *Everybody) addPasswords(options Options) {
	// Before the temporary ones are filled in, which would then pass for the people's own.
	e.Decisions, e.Counts = atmail8.PlanPasswords(e.Moving, options.Policy, passwordsOf(e.Temporary))
	for i := range e.Moving {
		account := &e.Moving[i]
		if account.SourcePassword.Empty() && account.Password.Form == rehome.PasswordPlain {
			account.SourcePassword = account.Password.Stored
		}
		if account.DestinationPassword.Empty() && options.MakesAccounts {
			account.DestinationPassword = e.Decisions[i].Password
		}
	}
}

func passwordsOf(sheet vault.Sheet) map[string]rehome.Secret {
	all := make(map[string]rehome.Secret, len(sheet))
	for address, entry := range sheet {
		all[address] = entry.Password
	}
	return all
}

// MakePasswords makes the temporary passwords that are missing, and adds them to the decisions and to the sheet, which the
// caller saves before anybody else sees one. It returns how many were made.
func (e *Everybody) MakePasswords(policy atmail8.Policy, now time.Time) (made int, err error) {
	for i := range e.Decisions {
		decision := &e.Decisions[i]
		if !decision.Missing() {
			continue
		}
		if decision.Password, err = atmail8.TemporaryPassword(policy); err != nil {
			return made, err
		}
		e.Temporary[decision.Address] = vault.Entry{Password: decision.Password, Why: decision.Why(), Created: now.UTC().Truncate(time.Second)}
		made++
	}
	return made, nil
}
