// SPDX-License-Identifier: Apache-2.0

package atmail8

import (
	"strings"

	"rehome"
)

// Origin says where the password in the import file comes from.
type Origin string

// The two origins.
const (
	OriginOwn       Origin = "own"       // the account's own password
	OriginTemporary Origin = "temporary" // a random one, on the sheet of temporary passwords
)

// Reason says why an account needs a temporary password.
type Reason string

// The reasons.
const (
	ReasonHashed Reason = "hashed" // the source keeps only a hash
	ReasonSealed Reason = "sealed" // the source keeps it encrypted with its master key
	ReasonLDAP   Reason = "ldap"   // a directory keeps it
	ReasonNone   Reason = "none"   // no password is known
	ReasonPolicy Reason = "policy" // the own password breaks the destination's policy
)

// Decision is what the import file gets for one account.
type Decision struct {
	Address    string
	Origin     Origin
	Reason     Reason        // only with OriginTemporary
	Violations []string      // only with ReasonPolicy
	Password   rehome.Secret // empty if a temporary password is still to be made
}

// Missing reports whether a temporary password is still to be made.
func (d Decision) Missing() bool { return d.Origin == OriginTemporary && d.Password.Empty() }

// Why is the reason as a sentence for the sheet of temporary passwords.
func (d Decision) Why() string {
	switch d.Reason {
	case ReasonHashed:
		return "the old server stores only a hash of the password"
	case ReasonSealed:
		return "the old server stores the password encrypted"
	case ReasonLDAP:
		return "the password is kept in a directory"
	case ReasonNone:
		return "no password is known"
	case ReasonPolicy:
		return "the old password breaks the policy of the new server: " + strings.Join(d.Violations, "; ")
	}
	return ""
}

// Counts sums up the decisions.
type Counts struct {
	Own        int
	Temporary  int
	Missing    int // of Temporary: still to be made
	Superseded int // own password is used although the sheet has a temporary one
	ByReason   map[Reason]int
}

// PlanPasswords decides for each account, in the order given, what the import file gets: its own
// password if it is known and passes the policy, otherwise a temporary one. Temporary passwords
// that exist, by address, are used again: they may have reached their users already.
//
// A password meant for the destination comes before the one at the source.
func PlanPasswords(accounts []rehome.Account, policy Policy, temporary map[string]rehome.Secret) ([]Decision, Counts) {
	decisions := make([]Decision, 0, len(accounts))
	counts := Counts{ByReason: map[Reason]int{}}
	for _, account := range accounts {
		decision := decide(account, policy)
		existing := temporary[account.Address]
		if decision.Origin == OriginTemporary {
			decision.Password = existing
			counts.Temporary++
			counts.ByReason[decision.Reason]++
		} else {
			counts.Own++
			if !existing.Empty() {
				counts.Superseded++
			}
		}
		if decision.Missing() {
			counts.Missing++
		}
		decisions = append(decisions, decision)
	}
	return decisions, counts
}

func decide(account rehome.Account, policy Policy) Decision {
	d := Decision{Address: account.Address, Origin: OriginTemporary}
	own := account.DestinationPassword
	if own.Empty() && account.Password.Form == rehome.PasswordPlain {
		own = account.Password.Stored
	}
	if own.Empty() {
		d.Reason = reasonOf(account.Password.Form)
		return d
	}
	if d.Violations = policy.Violations(own.Reveal()); len(d.Violations) > 0 {
		d.Reason = ReasonPolicy
		return d
	}
	d.Origin = OriginOwn
	d.Password = own
	return d
}

func reasonOf(form rehome.PasswordForm) Reason {
	switch form {
	case rehome.PasswordMD5, rehome.PasswordCrypt, rehome.PasswordOther:
		return ReasonHashed
	case rehome.PasswordSealed:
		return ReasonSealed
	case rehome.PasswordLDAP:
		return ReasonLDAP
	}
	return ReasonNone
}
