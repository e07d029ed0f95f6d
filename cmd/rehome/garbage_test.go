// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"testing"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	const beside = 6
	for live, want := range map[uint64]int64{0: 16, 4: 16, 8: 16, 12: 24, 40: 80} {
		if got := limit(live<<20, beside<<20) >> 20; got != want+beside {
			t.Errorf("with %d MiB alive and %d beside: %d MiB, want %d", live, beside, got, want+beside)
		}
	}
}

func TestMeasured(t *testing.T) {
	t.Parallel()
	kept := make([]byte, 32<<20)
	runtime.GC()
	live, beside, told := measured()
	if !told || live < uint64(len(kept)) || beside < 1<<20 || beside > 1<<30 {
		t.Errorf("%d live, %d beside, %v, with %d octets kept", live, beside, told, len(kept))
	}
	runtime.KeepAlive(kept)
}
