// SPDX-License-Identifier: Apache-2.0

package maillog

import (
	"net/netip"
	"time"
)

// POP3 has nothing by which a program says who it is. So the log-ins that this program has made itself stand in the logs like those of
// anybody, and would make everybody whose maildrop was looked at somebody who polls.
//
// The rule: a log-in may be our own if it came from an address of ours, at about the time, and only as many as we have made. Who polls
// from the same machine is seen all the same, since there are more log-ins then than ours.

// Visit is what is known of our own log-ins by POP3 to one account from one address.
type Visit struct {
	Account     string
	From        netip.Addr // as this machine knows it
	Times       int
	First, Last time.Time
}

// Own tells log-ins that may be our own. It counts down: each line of a log is asked about once. A nil *Own knows of none.
type Own struct {
	addresses map[netip.Addr]bool
	left      map[string]*allowance // by account
}

// allowance is how many lines of an account may still be ours, and from when to when.
type allowance struct {
	logins, ends int
	first, last  time.Time
}

// NewOwn returns one that knows of visits, of which an account may have several.
func NewOwn(visits []Visit) *Own {
	o := &Own{addresses: map[netip.Addr]bool{}, left: map[string]*allowance{}}
	for _, v := range visits {
		o.addresses[v.From.Unmap()] = true
		a := o.left[v.Account]
		if a == nil {
			a = &allowance{first: v.First, last: v.Last}
			o.left[v.Account] = a
		}
		a.logins += v.Times
		a.ends += v.Times
		if v.First.Before(a.first) {
			a.first = v.First
		}
		if v.Last.After(a.last) {
			a.last = v.Last
		}
	}
	return o
}

// zones is how far the time of a line may be off: many logs do not say in which zone they are written.
const zones = 26 * time.Hour

// Is reports whether a line that tells of a log-in to an account by POP3 may tell of one of ours. Dovecot tells of each once more when it
// ends (ended), without an address.
func (o *Own) Is(account string, from netip.Addr, ended bool, when time.Time) bool {
	if o == nil {
		return false
	}
	a := o.left[account]
	if a == nil || !when.IsZero() && (when.Before(a.first.Add(-zones)) || when.After(a.last.Add(zones))) {
		return false
	}
	left := &a.logins
	switch {
	case ended:
		left = &a.ends
	case !o.addresses[from]:
		return false
	}
	*left--
	return *left >= 0
}
