// SPDX-License-Identifier: Apache-2.0

package latemail

import (
	"time"

	"rehome/internal/ledger"
)

// Open are accounts of which it is not known that all late mail is at the destination.
type Open struct {
	Due    []string // something has arrived that no pass has brought
	Unseen []string // not looked at as a whole since the time in question
}

// None reports whether there is no such account.
func (o Open) None() bool { return len(o.Due)+len(o.Unseen) == 0 }

// Judge sorts accounts by what is still open of them. All that moved have to be named: one without a row was never looked at. A
// look that began before since proves nothing about what came behind it.
func Judge(accounts []string, rows []ledger.LateAccount, since time.Time) Open {
	known := map[string]ledger.LateAccount{}
	for _, r := range rows {
		known[r.Address] = r
	}
	var open Open
	for _, address := range accounts {
		switch r := known[address]; {
		case !r.Due.IsZero():
			open.Due = append(open.Due, address)
		case r.Looked.IsZero() || r.Looked.Before(since) || r.Trouble != "":
			open.Unseen = append(open.Unseen, address)
		}
	}
	return open
}
