// SPDX-License-Identifier: Apache-2.0

package atmail7

import "rehome"

// addForwards takes the forwards of the accounts that move, in their order.
func (a *assembly) addForwards() {
	unknown := 0
	for _, account := range a.org.Accounts {
		forwards, self := a.forwardsOf(account.Address)
		switch {
		case self && len(forwards) == 0:
			a.find(forwardToSelf, account.Address, "forward", nil)
		case !self:
			unknown += len(forwards)
		}
		a.org.Forwards = append(a.org.Forwards, forwards...)
	}
	if unknown > 0 {
		a.find(forwardCopyUnknown, "", "forwards", rehome.Values{"n": unknown})
	}
}

// forwardsOf reads one account's forward. Its own address among others is how such a list keeps a copy, as
// in a .forward file; otherwise the database does not say, and a copy too many loses nothing.
func (a *assembly) forwardsOf(account string) (forwards []rehome.Forward, self bool) {
	for _, part := range splitTargets(a.people.users[account].forward) {
		switch target, ok := parseTarget(part); {
		case !ok:
			a.find(forwardUnparsed, account, "forward", nil)
		case target == account:
			self = true
		default:
			forwards = append(forwards, rehome.Forward{Account: account, Target: target, KeepCopy: true})
		}
	}
	for i := range forwards {
		forwards[i].CopyKnown = self
	}
	return forwards, self
}
