// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"cmp"
	"slices"

	"rehome/internal/ledger"
)

// What all workers may use together, each bounded by a setting.
const (
	Source      = "source"      // connections
	Destination = "destination" // likewise
	Dsync       = "dsync"       // likewise, for messages that keep their UIDs
	Octets      = ledger.Octets // a second, at each end
)

// Divide says what a worker is to have of the whole, and what it has from now on.
//
// The rules:
//
//   - Nobody has what another one may still use: all together never have more than the whole.
//   - A worker that is to have less keeps what it uses until it uses it no more; others get it then.
//   - All have the same. While some have accounts at work and others do not, the others have one connection each, for the account to
//     come.
//   - Where there are more workers than connections those who have some keep one, and the others have none, of anything: a worker
//     that had one end and waited for the other would be of no use. Who can do nothing for now gives his to those who wait.
func Divide(whole ledger.Amounts, me string, crew []ledger.Member) (target, has ledger.Amounts) {
	var own ledger.Member
	var line []ledger.Member // who takes part, in the order in which they are served
	others := ledger.Amounts{}
	for _, m := range crew {
		if m.Name == me {
			own = m
		} else {
			for part, amount := range m.Has {
				others[part] += amount
			}
		}
		if m.There && !m.Leaving {
			line = append(line, m)
		}
	}
	if own.Leaving || !own.There {
		return own.Has, own.Has
	}
	target = aim(whole, own, line)
	has = ledger.Amounts{}
	short := false
	for part, all := range whole {
		has[part] = max(own.Has[part], min(target[part], all-others[part]))
		short = short || has[part] <= 0
	}
	if short {
		return target, own.Has
	}
	return target, has
}

// aim is what a worker of the line is to have once all others have what they are to have.
func aim(whole ledger.Amounts, own ledger.Member, line []ledger.Member) (target ledger.Amounts) {
	slices.SortStableFunc(line, func(a, b ledger.Member) int { return cmp.Compare(rank(a), rank(b)) })
	served := len(line)
	for _, all := range whole {
		served = int(min(int64(served), max(all, 1)))
	}
	place := slices.IndexFunc(line, func(m ledger.Member) bool { return m.Name == own.Name })
	target = ledger.Amounts{}
	if place >= served && rank(own) != uses {
		return target
	}
	line = line[:max(served, place+1)]
	var busy []ledger.Member
	for _, m := range line {
		if !m.Idle {
			busy = append(busy, m)
		}
	}
	resting := int64(len(line) - len(busy))
	if len(busy) == 0 {
		busy, resting = line, 0
	}
	place = slices.IndexFunc(busy, func(m ledger.Member) bool { return m.Name == own.Name })
	for part, all := range whole {
		if target[part] = 1; place < 0 {
			continue
		}
		each, more := (all-resting)/int64(len(busy)), (all-resting)%int64(len(busy))
		if int64(place) < more {
			each++
		}
		target[part] = max(each, 1)
	}
	return target
}

// The order in which workers are served.
const (
	uses  = iota // it has something
	waits        // it has nothing yet
	rests        // it can do nothing for now, and does not try at this moment
)

func rank(m ledger.Member) int {
	if m.Hindered != "" && m.Idle {
		return rests
	}
	for _, amount := range m.Has {
		if amount > 0 {
			return uses
		}
	}
	return waits
}
