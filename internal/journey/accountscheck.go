// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"

	"rehome"
)

// Presence says how an account stands at the destination.
type Presence string

// The ways to stand there.
const (
	PresenceReady        Presence = "ready"
	PresenceOverQuota    Presence = "over_quota"    // less room than the source's account holds, or none left
	PresenceRefused      Presence = "cannot_log_in" // missing, or with another password: a log-in cannot tell
	PresenceMissing      Presence = "missing"       // known from the destination's own list
	PresenceSecondFactor Presence = "second_factor"
	PresenceExtra        Presence = "extra" // there, and nobody who moves
	PresenceUnknown      Presence = "unknown"
)

// CheckedAccount is one account at the destination.
type CheckedAccount struct {
	Account  string   `json:"account"`
	Presence Presence `json:"presence"`
	Sentence string   `json:"sentence,omitempty"`
	NextStep string   `json:"next_step,omitempty"`
	Used     int64    `json:"used_bytes,omitempty"`
	Limit    int64    `json:"limit_bytes,omitempty"`
	Source   int64    `json:"source_quota_bytes,omitempty"`
}

// AccountsChecked is the destination held against the people who move.
type AccountsChecked struct {
	Accounts []CheckedAccount `json:"accounts"`
	Counts   map[Presence]int `json:"counts"`
	Listed   bool             `json:"listed"` // the destination's own list was given, so that extra accounts are known
}

// CheckAccounts logs in once as everybody at the destination. listed, if not nil, is the destination's own
// list of accounts (ReadListed): only that can tell a missing account from a wrong password, and name
// accounts that nobody expects.
func (m *Move) CheckAccounts(ctx context.Context, listed []string, options LoginOptions) (AccountsChecked, error) {
	p, err := m.people(ctx)
	if err != nil {
		return AccountsChecked{}, err
	}
	accounts, err := p.only(options.Accounts)
	if err != nil {
		return AccountsChecked{}, err
	}
	there := map[string]bool{}
	for _, address := range listed {
		there[address] = true
	}
	var tried []rehome.Account
	for _, account := range accounts {
		if listed == nil || there[account.Address] {
			tried = append(tried, account) // a log-in as nobody counts as a failure there
		}
	}
	logins, err := m.logIns(ctx, rehome.Destination, tried, options)
	if err != nil {
		return AccountsChecked{}, err
	}
	checked := AccountsChecked{Counts: map[Presence]int{}, Listed: listed != nil, Accounts: []CheckedAccount{}}
	for _, account := range accounts {
		login, known := logins[account.Address]
		checked.Accounts = append(checked.Accounts, presenceOf(account, login, known))
	}
	if len(options.Accounts) == 0 {
		checked.Accounts = append(checked.Accounts, extras(p, listed)...)
	}
	slices.SortFunc(checked.Accounts, func(a, b CheckedAccount) int { return cmp.Compare(a.Account, b.Account) })
	for _, a := range checked.Accounts {
		checked.Counts[a.Presence]++
	}
	return checked, nil
}

func presenceOf(account rehome.Account, login Login, tried bool) CheckedAccount {
	c := CheckedAccount{Account: account.Address, Presence: PresenceReady, Sentence: login.Sentence, NextStep: login.NextStep,
		Used: login.Used, Limit: login.Limit, Source: account.Quota}
	switch {
	case !tried:
		c.Presence, c.Sentence = PresenceMissing, "the destination's list does not have it"
		c.NextStep = "import the file of accounts, or look why its row was refused"
	case login.Verdict == LoginSecondFactor:
		c.Presence = PresenceSecondFactor
	case login.Verdict == LoginRefused:
		c.Presence = PresenceRefused
	case login.Verdict != LoginWorks:
		c.Presence = PresenceUnknown
	case c.Limit > 0 && c.Used >= c.Limit:
		c.Presence, c.Sentence = PresenceOverQuota, "the account is full"
		c.NextStep = "raise its quota at the destination before mail comes"
	case c.Limit > 0 && c.Source > c.Limit:
		c.Presence, c.Sentence = PresenceOverQuota, "it may hold less than at the source"
		c.NextStep = "raise its quota at the destination, unless little of the old one is used"
	}
	return c
}

// extras are accounts of the domains that move which nobody expects.
func extras(p *people, listed []string) []CheckedAccount {
	expected, reasons := map[string]bool{}, map[string]string{}
	for _, account := range p.moving {
		expected[account.Address] = true
	}
	for _, s := range p.staying {
		reasons[s.Account] = s.Reason
	}
	var all []CheckedAccount
	for _, address := range listed {
		if expected[address] {
			continue
		}
		extra := CheckedAccount{Account: address, Presence: PresenceExtra, Sentence: "the destination has it, and nobody of that address moves",
			NextStep: "remove it there, or name it in the roster"}
		if reason := reasons[address]; reason != "" {
			extra.Sentence = "the destination has it, and it stays: " + reason
		}
		all = append(all, extra)
	}
	return all
}

// ReadListed reads the list of accounts that the destination exports. The form of that file is not
// documented, so every field that is an e-mail address counts, of each row the first.
func ReadListed(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "open the list of accounts", Object: file, Cause: errors.Unwrap(err), Hint: "check the path"}
	}
	defer f.Close()
	rows := csv.NewReader(io.LimitReader(f, 64<<20))
	rows.FieldsPerRecord, rows.LazyQuotes = -1, true
	found := []string{}
	for {
		fields, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the list of accounts", Object: file, Cause: errors.New("it is no CSV"),
				Hint: "export it again from the Account Manager"}
		}
		for _, field := range fields {
			if address, err := rehome.ParseAddress(field); err == nil {
				found = append(found, address)
				break
			}
		}
	}
	if len(found) == 0 {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read the list of accounts", Object: file, Cause: errors.New("it names no e-mail address"),
			Hint: "export the accounts from the Account Manager as CSV"}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}
