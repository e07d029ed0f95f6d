// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"cmp"
	"slices"
	"time"

	"rehome"
	"rehome/internal/ledger"
)

// resume puts accounts into the order of a pass, after what former passes have left of their queues.
//
// The rule: a pass that was cut goes on, and does not begin anew. First come those whose turns were not over, in the order
// of their queue, in which an account has gone behind the others before its slice began: one that ends the process does
// not end the next one as well before anybody else has had his turn. Then those that were complete, or are new, in the
// order in which they are named. Last come those that have failed. A failure that was not the last one goes on counting,
// and its wait goes on, bounded anew because a clock may have been set; a wait for something else is looked into at once.
//
// No step is left out although the pass before has ended it: what came to the source since would count as copied.
func resume(former []ledger.Turn, addresses []string, pass rehome.Pass, now time.Time) []ledger.Turn {
	before := make(map[string]ledger.Turn, len(former))
	last := int64(0) // of those that have no turn in this pass, but keep their places
	for _, t := range former {
		before[t.Address] = t
		last = max(last, t.Place)
	}
	queue := make([]ledger.Turn, len(addresses))
	for i, address := range addresses {
		queue[i] = carryOn(before[address], now)
		queue[i].Address, queue[i].Pass = address, pass
	}
	slices.SortStableFunc(queue, func(a, b ledger.Turn) int {
		one := before[a.Address]
		other := before[b.Address]
		return cmp.Or(cmp.Compare(rank(one), rank(other)), cmp.Compare(one.Place, other.Place))
	})
	for i := range queue {
		queue[i].Place = last + int64(i) + 1
	}
	return queue
}

// rank is lower for whom comes first.
func rank(t ledger.Turn) int {
	switch t.State {
	case "", ledger.TurnOver:
		return 1
	case ledger.TurnFailed:
		return 2
	}
	return 0
}

// carryOn is what a turn begins with that was not over, or a new one.
func carryOn(t ledger.Turn, now time.Time) ledger.Turn {
	fresh := ledger.Turn{State: ledger.TurnQueued}
	if t.State == ledger.TurnFailed || t.Failures == 0 {
		return fresh
	}
	t.State = ledger.TurnQueued
	if !t.Due.After(now) {
		t.Due = time.Time{}
		return t
	}
	t.State = ledger.TurnWaiting
	if latest := now.Add(longestPause); t.Due.After(latest) {
		t.Due = latest
	}
	return t
}
