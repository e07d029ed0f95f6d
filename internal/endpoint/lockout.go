// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"fmt"
	"sync"

	"rehome"
)

// lockout remembers which log-ins a host has refused: none is tried twice, because hosts lock out
// those who guess. The zero value knows of none.
type lockout struct {
	mu       sync.Mutex
	refused  map[string]error // by address
	welcomed bool             // some log-in has worked
}

// manyRefusals is how many accounts a host may refuse before the first that it lets in; then the
// fault is not theirs.
const manyRefusals = 3

// check returns why a log-in is not even tried: this one was refused already, or the host has refused
// one after the other and would soon lock this machine out.
func (l *lockout) check(account rehome.Account, side rehome.Side, hint string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refused[account.Address]; err != nil {
		return err
	}
	if l.welcomed || len(l.refused) < manyRefusals {
		return nil
	}
	return &rehome.Fault{
		Class: rehome.ClassAuth, Op: "log in at the " + string(side) + " as", Object: loginAt(side, account),
		Cause: fmt.Errorf("not tried: the host has refused the first %d accounts, and would lock this machine out", manyRefusals),
		Hint:  hint,
	}
}

// note takes the outcome of a log-in; only a refusal counts against it.
func (l *lockout) note(account rehome.Account, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.welcomed = true
	case rehome.ClassOf(err) == rehome.ClassAuth:
		if l.refused == nil {
			l.refused = map[string]error{}
		}
		l.refused[account.Address] = err
	}
}

// loginAt is the name by which an account logs in at a side.
func loginAt(side rehome.Side, account rehome.Account) string {
	if side == rehome.Destination {
		return account.DestinationLogin()
	}
	return account.SourceLogin()
}
