// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"fmt"
	"slices"
	"sync"

	"rehome/lab/simulation"
)

// truth is what the models know and rehome has to find out.
type truth struct {
	d       *decisions
	account string

	mu        sync.Mutex
	breaches  []simulation.Failure
	contents  map[string][][]byte // all that the source has ever had, by mark
	touched   map[string]int      // marks of what the destination's user has changed, moved or removed, and how often
	strayed   map[string]int      // how often the destination's user has moved such a one while rehome may not have known that it is there
	again     bool                // what the destination has lost was copied again once
	forgotten bool                // the ledger was lost
	open      bool                // a pass is under way, or has left something
	late      map[string]int      // how many requests about it are still to be worked on
	departed  map[string]int      // how often the source has lost an object of the mark
	entered   map[string]int      // how many objects of the mark the destination's user has put there
}

func newTruth(d *decisions, account string) *truth {
	return &truth{
		d: d, account: account, contents: map[string][][]byte{}, touched: map[string]int{}, strayed: map[string]int{}, late: map[string]int{},
		departed: map[string]int{}, entered: map[string]int{},
	}
}

// breach notes that a rule did not hold.
func (t *truth) breach(rule, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.breaches = append(t.breaches, simulation.Failure{Rule: rule, Detail: fmt.Sprintf(format, args...)})
	t.d.tell("BREACH: %s: %s", rule, fmt.Sprintf(format, args...))
}

// first returns the first breach, nil if every rule held.
func (t *truth) first() *simulation.Failure {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.breaches) == 0 {
		return nil
	}
	return &t.breaches[0]
}

// shown notes what the source has.
func (t *truth) shown(data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	mark := markOf(data)
	t.contents[mark] = append(t.contents[mark], slices.Clone(data))
}

func (t *truth) left(data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.departed[markOf(data)]++
}

func (t *truth) touch(data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.touched[markOf(data)]++
}

// stray notes that the destination's user has moved an object. What rehome has not seen there, or not booked yet, it looks
// for in its place and does not find, each time anew.
func (t *truth) stray(data []byte) {
	t.touch(data)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open || t.late[markOf(data)] > 0 {
		t.strayed[markOf(data)]++
	}
}

// underWay counts requests that are still to be worked on when nobody waits for their answers any more.
func (t *truth) underWay(data []byte, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.late[markOf(data)] += n
}

// settled says whether rehome knows all that it has done: no pass is under way, and the last one has left nothing.
func (t *truth) settled(is bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = !is
}

// repeat notes that what the destination's user has moved or removed may be there once more from now on.
func (t *truth) repeat() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.again = true
}

// forget notes that rehome knows nothing any more: what is still under way is met by nobody who expects it.
func (t *truth) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.again = true
	t.forgotten = true
	for mark, n := range t.late {
		t.strayed[mark] += n
	}
}

// repeated is how often an object may be at the destination because it was copied again.
func (t *truth) repeated(mark string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.again {
		return 0
	}
	return t.touched[mark]
}

// nameless says whether the source has ever had an object of the mark without a UID.
func (t *truth) nameless(mark string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.contents[mark], func(one []byte) bool { return uidOf(one) == "" })
}

func (t *truth) enter(data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entered[markOf(data)]++
}

// everShown says whether the source has ever had an object like this.
func (t *truth) everShown(data []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.contents[markOf(data)], func(one []byte) bool { return carries(one, data) })
}

// overwritten judges a PUT over something: what a user wrote there stays, unless it is what the source had too, or what the destination
// has made of that: a copy of ours is not told from ours that was moved. Another object
// than that is no new version of it (RFC 4791 section 5.3.2.1, RFC 6352 section 6.3.2.1: no-uid-conflict), but takes it away.
func (t *truth) overwritten(before *object, q question) {
	if before.user && !before.copied && !t.everShown(before.data) {
		t.breach("nothing is overwritten that rehome did not put there", "PUT %s over what the user wrote", q.path)
	}
	if was, is := identityOf(before.data), identityOf(q.body); was != "" && is != "" && was != is {
		t.breach("no object is overwritten by another one", "PUT %s of %s over %s", q.path, is, was)
	}
}

// removed judges a DELETE.
func (t *truth) removed(o *object, q question) {
	if isTest(placed{object: o}) {
		return
	}
	if o.user || !o.ours {
		t.breach("nothing is removed that rehome did not put there", "DELETE %s, which the user wrote", q.path)
	}
}

// sent judges a message to people.
func (t *truth) sent(what string, data []byte) {
	if people := strangers(data, t.account); len(people) > 0 {
		t.breach("no message is sent to people", "%s: to %v", what, people)
	}
}
