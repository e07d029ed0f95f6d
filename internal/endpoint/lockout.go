// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"rehome"
	"rehome/internal/protocol/imap"
)

// lockout remembers which log-ins a host has refused: none is tried twice, because hosts lock out
// those who guess.
//
// Before the first account is let in, a refusal may as well be of what all accounts share: a master user's
// password, an address that is blocked. So until then no more log-ins are under way than may be refused, and
// when those are, nobody else is tried. One refusal is enough for a master user that was never let in.
type lockout struct {
	side   rehome.Side
	master string // the master user who opens every account, "" for none
	most   int    // refusals before the first welcome
	hint   string

	mu       sync.Mutex
	refused  map[string]error // by address
	first    error            // of those
	welcomed bool             // some log-in has worked
	trying   int              // log-ins under way
	changed  chan struct{}    // closed when whoever waits may look again
}

// manyRefusals is how many accounts a host may refuse before the first that it lets in; then the
// fault is not theirs.
const manyRefusals = 3

func newLockout(side rehome.Side, hint string) *lockout {
	return &lockout{side: side, hint: hint, most: manyRefusals, changed: make(chan struct{})}
}

// newMasterLockout is newLockout for a master user. One who has opened accounts in an earlier run gets the
// benefit of the doubt: the first account may have been deleted since.
func newMasterLockout(side rehome.Side, master string, worked bool, hint string) *lockout {
	l := newLockout(side, hint)
	l.master = master
	if master != "" && !worked {
		l.most = 1
	}
	return l
}

// admit waits until a log-in may be tried, and returns why it is not tried at all: this one was refused
// already, or so many were that the host would soon lock this machine out. Without an error the caller tells
// note how it ended.
func (l *lockout) admit(ctx context.Context, account rehome.Account) error {
	for {
		admitted, changed, err := l.attempt(account)
		if admitted || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *lockout) attempt(account rehome.Account) (admitted bool, changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.refused[account.Address] != nil:
		return false, nil, l.refused[account.Address]
	case l.welcomed || len(l.refused)+l.trying < l.most:
		l.trying++
		return true, nil, nil
	case len(l.refused) >= l.most:
		return false, nil, l.notTried(account)
	}
	return false, l.changed, nil
}

func (l *lockout) notTried(account rehome.Account) error {
	cause := fmt.Errorf("not tried: the host refused the first %d accounts, and might lock out this machine", l.most)
	if l.most == 1 {
		cause = fmt.Errorf("not tried: %w", l.first)
	}
	return &rehome.Fault{Class: rehome.ClassAuth, Op: "log in at the " + string(l.side) + " as", Object: l.name(account), Side: l.side,
		Cause: cause, Hint: l.hint}
}

// name says as whom an account is opened.
func (l *lockout) name(account rehome.Account) string {
	if l.master == "" {
		return loginAt(l.side, account)
	}
	return fmt.Sprintf("master user %s for %s", l.master, loginAt(l.side, account))
}

// note takes the outcome of a log-in that was admitted; only a refusal counts against the host.
func (l *lockout) note(account rehome.Account, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trying--
	switch {
	case err == nil:
		l.welcomed = true
	case rehome.ClassOf(err) == rehome.ClassAuth:
		// The password was right, and this account is not to be had (RFC 5530, section 3).
		l.welcomed = l.welcomed || l.master != "" && imap.IsCode(err, "AUTHORIZATIONFAILED")
		if l.refused == nil {
			l.refused = map[string]error{}
			l.first = err
		}
		l.refused[account.Address] = err
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// welcome notes that the host lets us in, whatever becomes of the account.
func (l *lockout) welcome() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.welcomed = true
}

// settled returns the first refusal when so many were refused that nobody else is tried; else nil.
func (l *lockout) settled() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.welcomed || len(l.refused) < l.most {
		return nil
	}
	return l.first
}

// prove lets accounts in one after the other until one is welcome or the host is settled, and returns the
// refusal in that case. Other trouble is the account's own and for its turn to tell.
func (l *lockout) prove(accounts []rehome.Account, open func(rehome.Account) error) error {
	for _, account := range accounts {
		err := open(account)
		if refusal := l.settled(); refusal != nil {
			return refusal
		}
		if rehome.ClassOf(err) != rehome.ClassAuth || errors.Is(err, context.Canceled) {
			return nil
		}
	}
	return nil
}
