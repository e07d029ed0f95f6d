// SPDX-License-Identifier: Apache-2.0

package pass

import (
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
}

// Begin starts the meter of a slice that begins now.
func (b Budget) Begin() *Meter { return &Meter{budget: b, began: time.Now()} }

// Spend counts octets that were carried.
func (m *Meter) Spend(octets int64) { m.octets.Add(octets) }

// Left returns how many octets are left of the budget that is in use.
func (m *Meter) Left() int64 {
	if m.budget.Octets <= 0 {
		return 0
	}
	return m.budget.Octets - m.octets.Load()%m.budget.Octets
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
