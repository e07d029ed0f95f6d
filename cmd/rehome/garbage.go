// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// leisure is how many octets the heap may hold before the collector comes. By itself it comes at 4 MiB, and then whenever the little that
// lives has doubled: a dozen times in a pass over new mail that needs 20 MiB in all, for a fifth of its CPU time.
const leisure = 16 << 20

// collectAtLeisure sees to that, for as long as the program runs. Behind each collection the limit is set to leisure, or to twice what
// lives if that is more, which is the runtime's own pace. Where a busy machine lets that come late, the heap is still held to the old
// limit: much that comes at once, such as a photo of 20 MB, never finds a limit that was meant for little. Whoever has set the collector in
// the environment has it as it was set.
func collectAtLeisure() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if !limitMemory() {
		return
	}
	debug.SetGCPercent(100 * leisure / (4 << 20)) // the runtime's least heap of 4 MiB is for 100 %
	afterEach(func() { limitMemory() })
}

// limitMemory sets the limit by what the runtime holds now, and reports whether that was told.
func limitMemory() (told bool) {
	live, beside, told := measured()
	if told {
		debug.SetMemoryLimit(limit(live, beside))
	}
	return told
}

// limit is that of all memory of the runtime, in octets: what the heap may hold until the next collection, and what is beside it.
func limit(live, beside uint64) int64 { return int64(max(leisure, 2*live) + beside) }

// measured is what lived when the collector was there last, and what the runtime holds beside the heap, in octets.
func measured() (live, beside uint64, told bool) {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	for _, s := range samples {
		if s.Value.Kind() != metrics.KindUint64 {
			return 0, 0, false
		}
	}
	total, heap := samples[1].Value.Uint64(), samples[2].Value.Uint64()+samples[3].Value.Uint64()+samples[4].Value.Uint64()
	return samples[0].Value.Uint64(), total - min(total, heap), true
}

// afterEach calls look behind each collection: the object that is dropped here does not survive the next one.
func afterEach(look func()) {
	type sentinel struct{ _ [64]byte }
	runtime.AddCleanup(&sentinel{}, func(func()) { look(); afterEach(look) }, look)
}
