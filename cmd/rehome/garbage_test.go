// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

func TestPace(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 2400, 1 << 20: 2300, 4 << 20: 500, 8 << 20: 200, 12 << 20: 100, 24 << 20: 100, 1 << 40: 100} {
		if got := pace(live); got != want {
			t.Errorf("with %d MiB alive: %d %%, want %d %%", live>>20, got, want)
		}
	}
}
