// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"runtime"
	"syscall"
	"time"
)

// longestRun is how long one run may take, on processors that work on nothing else, before it counts as one that does not
// end.
const longestRun = 2 * time.Minute

// A run of which the machine has worked on other things may take longestWait on the real clock; one that waits for itself,
// and uses no processor, is found by that.
const longestWait = 15 * longestRun

// watch calls over once when a run has taken too long, unless it is stopped before.
func watch(over func()) (stop func()) {
	done := make(chan struct{})
	begun, used := time.Now(), processorTime()
	go func() {
		ticker := time.NewTicker(longestRun / 8)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			if tooLong(time.Since(begun), processorTime()-used, runtime.GOMAXPROCS(0)) {
				over()
				return
			}
		}
	}()
	return func() { close(done) }
}

// tooLong decides by the time on the clock, and by that of the processors on which all workers were.
func tooLong(took, used time.Duration, workers int) bool {
	return used >= longestRun*time.Duration(workers) || took >= longestWait
}

// processorTime is what this process has used; 0 where the system does not say it.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
