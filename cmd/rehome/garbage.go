// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// leisure is how much the heap may hold before the collector comes. By itself it comes at 4 MiB, and then whenever the little that
// lives has doubled: a dozen times in a pass over new mail that needs 20 MiB in all, for a fifth of its CPU time.
const leisure = 24 << 20

// collectAtLeisure sees to that, for as long as the program runs: what lives is looked at behind each collection. Whoever has set the
// collector in the environment has it as it was set.
func collectAtLeisure() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(pace(4 << 20)) // the runtime's own minimum is for 100 %
	afterEach(func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if live[0].Value.Kind() == metrics.KindUint64 {
			debug.SetGCPercent(pace(live[0].Value.Uint64()))
		}
	})
}

// pace is by how many percent what lives may grow until the next collection.
func pace(live uint64) int {
	return int(max(100, 100*(leisure-min(leisure, live))/max(live, 1<<20)))
}

// afterEach calls look behind each collection: the object that is dropped here does not survive the next one.
func afterEach(look func()) {
	type sentinel struct{ _ [64]byte }
	runtime.AddCleanup(&sentinel{}, func(func()) { look(); afterEach(look) }, look)
}
