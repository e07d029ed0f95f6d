// SPDX-License-Identifier: Apache-2.0

package atmail7

import (
	"strings"

	"rehome"
)

// addForwards takes the forwards of the accounts that move, in their order.
func (a *assembly) addForwards() {
	for _, account := range a.org.Accounts {
		text := a.people.users[account.Address].forward
		for part := range strings.SplitSeq(text, ",") {
			if strings.TrimSpace(part) == "" {
				continue
			}
			target, err := rehome.ParseAddress(part)
			switch {
			case err != nil:
				a.find(forwardUnparsed, account.Address, "forward")
			case target == account.Address:
				a.find(forwardToSelf, account.Address, "forward")
			default:
				a.addForward(account.Address, target)
			}
		}
	}
	if len(a.org.Forwards) > 0 {
		a.find(forwardCopyUnknown, "", "forwards", len(a.org.Forwards))
	}
}

// addForward keeps a copy in the account: the database does not say, and a copy too many loses
// nothing.
func (a *assembly) addForward(account, target string) {
	a.org.Forwards = append(a.org.Forwards, rehome.Forward{Account: account, Target: target, KeepCopy: true})
}
