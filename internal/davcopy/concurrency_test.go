// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"testing"
	"time"
)

func TestLanes_findWhatTheServerStands(t *testing.T) {
	t.Parallel()
	line := func(stands int) func(int) time.Duration {
		return func(n int) time.Duration { return 8 * time.Second / time.Duration(min(n, stands)) }
	}
	for name, test := range map[string]struct {
		took       func(atOnce int) time.Duration // for 50 objects
		most, want int
	}{
		"long line":             {line(100), 8, 8},
		"very long line":        {line(100), 16, 16},
		"one writer at a time":  {line(1), 8, 1},
		"slower with more":      {func(n int) time.Duration { return time.Duration(n) * time.Second }, 8, 1},
		"two are its limit":     {line(2), 8, 2},
		"four are its limit":    {line(4), 8, 4},
		"eight are its limit":   {line(8), 16, 8},
		"two are allowed":       {line(100), 2, 2},
		"one is allowed":        {line(100), 1, 1},
		"too quick to measure":  {func(int) time.Duration { return 0 }, 8, firstLanes},
		"three are allowed":     {line(100), 3, 3},
		"three allowed, serial": {line(1), 3, 1},
	} {
		l := newConcurrency(test.most, 0)
		for range 10 {
			l.learn(50, test.took(l.count))
		}
		if l.count != test.want {
			t.Errorf("%s: %d at once, want %d", name, l.count, test.want)
		}
		if name == "too quick to measure" {
			continue
		}
		// The next collection begins there, and comes to the same.
		next := newConcurrency(test.most, l.proved)
		if next.count != test.want {
			t.Errorf("%s: the next one begins with %d at once, want %d", name, next.count, test.want)
		}
		for range 10 {
			next.learn(50, test.took(next.count))
		}
		if next.count != test.want {
			t.Errorf("%s: the next one comes to %d at once, want %d", name, next.count, test.want)
		}
	}
	l := newConcurrency(8, 0)
	l.learn(telling-1, time.Second)
	if l.count != firstLanes || l.rate != 0 {
		t.Errorf("too few objects were taken for a measure: %+v", l)
	}
}
