// SPDX-License-Identifier: Apache-2.0

package pass_test

import (
	"testing"
	"testing/synctest"
	"time"

	"rehome/internal/pass"
)

// A slice that nobody wants to end goes on for ten budgets, of either kind, and ends with the one it has when somebody does.
func TestMeter_overWhenWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wanted := false
		budget := pass.Budget{Time: time.Minute, Octets: 100}
		always := budget.Begin()
		budget.Wanted = func() bool { return wanted }
		byTime, byOctets := budget.Begin(), budget.Begin()
		want := func(when string, m *pass.Meter, over bool, left int64) {
			t.Helper()
			if m.Over() != over || m.Left() != left {
				t.Errorf("%s: over %v, %d octets left, want %v and %d", when, m.Over(), m.Left(), over, left)
			}
		}
		wanted = true
		byOctets.Spend(99)
		want("within the budget", byOctets, false, 1)
		byOctets.Spend(1)
		want("somebody waits", byOctets, true, 100)
		wanted = false
		want("nobody waits", byOctets, false, 100)
		byOctets.Spend(899)
		want("shortly before the end", byOctets, false, 1)
		byOctets.Spend(1)
		want("at the end", byOctets, true, 100)

		time.Sleep(time.Minute)
		want("the time is over", always, true, 100)
		want("nobody waits", byTime, false, 100)
		wanted = true
		want("somebody waits", byTime, true, 100)
		wanted = false
		time.Sleep(9 * time.Minute)
		want("at the end", byTime, true, 100)
		if none := (pass.Budget{}).Begin(); !none.Over() || none.Left() != 0 {
			t.Error("no budget lets a slice go on")
		}
	})
}

func TestMeter_stops(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*pass.Budget) chan struct{}{
		"stop":   func(b *pass.Budget) chan struct{} { c := make(chan struct{}); b.Stop = c; return c },
		"recall": func(b *pass.Budget) chan struct{} { c := make(chan struct{}); b.Recall = c; return c },
	} {
		budget := pass.Budget{Time: time.Hour, Octets: 100, Wanted: func() bool { return false }}
		over := end(&budget)
		m := budget.Begin()
		if m.Over() || m.Stopped() {
			t.Errorf("%s: it has ended before", name)
		}
		close(over)
		if !m.Over() || !m.Stopped() {
			t.Errorf("%s: it goes on", name)
		}
	}
}

// A round is not larger than what is left of the time is long enough for: without a pace it is small, and a slow line does not keep an account
// at work for as long as the octets of a whole budget take.
func TestMeter_leftInTime(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, c := range map[string]struct {
		look, carry time.Duration // before anything is carried, and in which it is
		carried     int64
		want        int64
	}{
		"no pace is known":                     {5 * time.Second, 0, 0, 16 * mib},
		"a slow line":                          {5 * time.Second, 5 * time.Second, 5 * mib, 20 * mib},
		"a fast one":                           {5 * time.Second, time.Second, 100 * mib, 156 * mib},
		"little time is left":                  {time.Second, 28 * time.Second, 5 * mib, 4 * mib},
		"in the second budget as in the first": {0, 60 * time.Second, 60 * mib, 30 * mib},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := pass.Budget{Time: 30 * time.Second, Octets: 256 * mib}.Begin()
			time.Sleep(c.look)
			if c.carried > 0 {
				m.Spend(0)
				time.Sleep(c.carry)
				m.Spend(c.carried)
			}
			if got := m.Left(); got != c.want {
				t.Errorf("%s: %d MiB, want %d", name, got/mib, c.want/mib)
			}
		})
	}
}
