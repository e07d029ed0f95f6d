// SPDX-License-Identifier: Apache-2.0

package people

import (
	"cmp"
	"slices"

	"rehome"
)

// DestinationState says how an account stands at the destination.
type DestinationState string

// The ways to stand there.
const (
	StateReady        DestinationState = "ready"
	StateOverQuota    DestinationState = "over_quota"    // less room than the source's account holds, or none left
	StateRefused      DestinationState = "cannot_log_in" // missing, or with another password: a log-in cannot tell
	StateMissing      DestinationState = "missing"       // known from the destination's own list
	StateSecondFactor DestinationState = "second_factor"
	StateExtra        DestinationState = "extra" // there, and nobody who moves
	StateUnknown      DestinationState = "unknown"
)

// CheckedAccount is one account at the destination.
type CheckedAccount struct {
	Account  string           `json:"account"`
	State    DestinationState `json:"presence"`
	Sentence string           `json:"sentence,omitempty"`
	NextStep string           `json:"next_step,omitempty"`
	Used     int64            `json:"used_bytes,omitempty"`
	Limit    int64            `json:"limit_bytes,omitempty"`
	Source   int64            `json:"source_quota_bytes,omitempty"`
}

// AccountsChecked is the destination held against the people who move.
type AccountsChecked struct {
	Accounts []CheckedAccount         `json:"accounts"`
	Counts   map[DestinationState]int `json:"counts"`
	Listed   bool                     `json:"listed"` // the destination's own list was given, so that extra accounts are known
}

// Tried are those of the accounts as whom somebody may log in at the destination: with its own list of accounts (nil is
// not known) only those that it names, because a log-in as nobody counts as a failure there.
func Tried(accounts []rehome.Account, listed []string) []rehome.Account {
	if listed == nil {
		return accounts
	}
	there := make(map[string]bool, len(listed))
	for _, address := range listed {
		there[address] = true
	}
	return slices.DeleteFunc(slices.Clone(accounts), func(a rehome.Account) bool { return !there[a.Address] })
}

// Arrivals holds what log-ins at the destination have shown against the accounts of a move. Only listed, the destination's
// own list (ReadListed), can tell a missing account from a wrong password. With all, accounts on it that nobody expects are
// named too.
func (e *Everybody) Arrivals(accounts []rehome.Account, listed []string, logins map[string]Login, all bool) AccountsChecked {
	checked := AccountsChecked{Counts: map[DestinationState]int{}, Listed: listed != nil, Accounts: []CheckedAccount{}}
	for _, account := range accounts {
		login, tried := logins[account.Address]
		checked.Accounts = append(checked.Accounts, stateOf(account, login, tried))
	}
	if all {
		checked.Accounts = append(checked.Accounts, e.extras(listed)...)
	}
	slices.SortFunc(checked.Accounts, func(a, b CheckedAccount) int { return cmp.Compare(a.Account, b.Account) })
	for _, a := range checked.Accounts {
		checked.Counts[a.State]++
	}
	return checked
}

func stateOf(account rehome.Account, login Login, tried bool) CheckedAccount {
	c := CheckedAccount{Account: account.Address, State: StateReady, Sentence: login.Sentence, NextStep: login.NextStep,
		Used: login.Used, Limit: login.Limit, Source: account.Quota}
	switch {
	case !tried:
		c.State = StateMissing
		c.Sentence = "it is not in the destination's list"
		c.NextStep = "import the accounts file, or find out why its row was rejected"
	case login.Result == LoginSecondFactor:
		c.State = StateSecondFactor
	case login.Result == LoginRefused:
		c.State = StateRefused
	case login.Result != LoginWorks:
		c.State = StateUnknown
	case c.Limit > 0 && c.Used >= c.Limit:
		c.State = StateOverQuota
		c.Sentence = "the mailbox is full"
		c.NextStep = "raise its quota at the destination before mail arrives there"
	case c.Limit > 0 && c.Source > c.Limit:
		c.State = StateOverQuota
		c.Sentence = "its quota is smaller than at the source"
		c.NextStep = "raise its quota at the destination, unless the account uses much less"
	}
	return c
}

// extras are accounts of the domains that move which nobody expects.
func (e *Everybody) extras(listed []string) []CheckedAccount {
	expected := map[string]bool{}
	reasons := map[string]string{}
	for _, account := range e.Moving {
		expected[account.Address] = true
	}
	for _, s := range e.Staying {
		reasons[s.Account] = s.Reason
	}
	var all []CheckedAccount
	for _, address := range listed {
		if expected[address] {
			continue
		}
		extra := CheckedAccount{Account: address, State: StateExtra, Sentence: "it is at the destination, but not in this move",
			NextStep: "delete it there, or name it in the roster"}
		if reason := reasons[address]; reason != "" {
			extra.Sentence = "it is at the destination, but does not move: " + reason
		}
		all = append(all, extra)
	}
	return all
}

// Outcome implements rehome.Answer: not everybody is at the destination, can log in and has room, or somebody is there too many.
func (c AccountsChecked) Outcome() rehome.Outcome {
	if c.Counts[StateReady] < len(c.Accounts) {
		return rehome.OutcomeDiffers
	}
	return rehome.OutcomeDone
}
