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
