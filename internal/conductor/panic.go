// SPDX-License-Identifier: Apache-2.0

package conductor

import (
	"fmt"
	"runtime"
	"strings"

	"rehome"
)

// panicFault is what becomes of a panic: its text and the function that it came from.
func panicFault(account string, cause any) error {
	return &rehome.Fault{
		Class: rehome.ClassBug, Op: "copy", Object: account, Cause: fmt.Errorf("panic in %s: %v", origin(), cause),
		Hint: "this is a mistake in rehome, please report this line; running the same command again is safe",
	}
}

// origin returns the function that panicked, as seen from a deferred call.
func origin() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	panicked := false
	for {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicked && !inRuntime {
			return fmt.Sprintf("%s, line %d", frame.Function, frame.Line)
		}
		if panicked = panicked || inRuntime; !more {
			return "an unknown place"
		}
	}
}
