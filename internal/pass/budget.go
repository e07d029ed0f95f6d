// SPDX-License-Identifier: Apache-2.0

package pass

import (
	"math"
	"sync/atomic"
	"time"
)

// Budget bounds one slice. When Time or Octets is used up, the slice ends at the next batch; where nobody wants it to, it goes on until
// longestSlice times as much is. When Stop or Recall is closed it ends at the next item: what is under way is brought to its end, and its
// answers awaited.
type Budget struct {
	Time   time.Duration
	Octets int64

	// Wanted reports whether others wait for what the slice has, such as its connections. Nil is always.
	Wanted func() bool

	Stop   <-chan struct{} // ends the pass; nil is never
	Recall <-chan struct{} // has whoever runs the slices look whether the account may go on; nil is never
}

// DefaultBudget is what a slice gets: long enough to make set-up cost nothing, short enough that accounts take turns.
var DefaultBudget = Budget{Time: 30 * time.Second, Octets: 256 << 20}

// longestSlice bounds a slice that nobody wants to end, in budgets: five minutes of the default one. What it has seen of both ends is not
// older then.
const longestSlice = 10

// Meter is what a slice has used of its Budget. It is safe for concurrent use.
type Meter struct {
	budget Budget
	began  time.Time
	octets atomic.Int64
	first  atomic.Int64 // how long after began the first octets were carried, in nanoseconds; 0 is not yet
}

// Begin starts the meter of a slice that begins now.
func (b Budget) Begin() *Meter { return &Meter{budget: b, began: time.Now()} }

// Spend counts octets that were carried.
func (m *Meter) Spend(octets int64) {
	m.first.CompareAndSwap(0, max(int64(time.Since(m.began)), 1))
	m.octets.Add(octets)
}

// Left returns how many octets may be carried at once: those that are left of the budget that is in use, and no more than its time is long
// enough for. Whoever carries looks at the time only between what is carried at once.
func (m *Meter) Left() int64 {
	if m.budget.Octets <= 0 {
		return 0
	}
	carried := m.octets.Load()
	return min(m.budget.Octets-carried%m.budget.Octets, inTime(carried, time.Duration(m.first.Load()), time.Since(m.began), m.budget.Time))
}

// How many octets are carried at once before it is known how long that takes, and where little time is left: a smaller round costs its
// round trips and nothing is gained.
const (
	unknownPace = 16 << 20
	leastAtOnce = 4 << 20
)

// inTime is how many octets can be carried in what is left of the time, as fast as those before, of which the first came so long after the
// beginning.
func inTime(carried int64, first, spent, budget time.Duration) int64 {
	switch {
	case budget <= 0:
		return leastAtOnce
	case carried == 0 || spent <= first:
		return unknownPace
	}
	left := budget - spent%budget
	return int64(max(min(float64(carried)*left.Seconds()/(spent-first).Seconds(), math.MaxInt32), leastAtOnce))
}

// Over reports whether the slice is to end at the next batch.
func (m *Meter) Over() bool {
	switch b := m.budget; {
	case m.Stopped():
		return true
	case !m.used(1):
		return false
	default:
		return b.Wanted == nil || m.used(longestSlice) || b.Wanted()
	}
}

// used reports whether so many budgets are used up.
func (m *Meter) used(budgets int64) bool {
	return m.octets.Load() >= budgets*m.budget.Octets || time.Since(m.began) >= time.Duration(budgets)*m.budget.Time
}

// Stopped reports whether nothing new may begin.
func (m *Meter) Stopped() bool {
	select {
	case <-m.budget.Stop:
		return true
	case <-m.budget.Recall:
		return true
	default: // also when there is nobody who stops
		return false
	}
}
