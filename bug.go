// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"fmt"
	"runtime"
	"strings"
)

// Recovered turns what recover returned into the Fault of a mistake in this program, with the place it
// came from: one account's work ends, the process goes on. It must be called by the deferred function.
func Recovered(op, object string, panicked any) *Fault {
	return &Fault{
		Class: ClassBug, Op: op, Object: object, Cause: fmt.Errorf("panic in %s: %v", panicOrigin(), panicked),
		Hint: "this is a mistake in rehome, please report this line; running the same command again is safe",
	}
}

// Guarded runs a part of an account's work and turns a panic into an error. Everything that runs on a goroutine of its own,
// or of a connection, goes through it: a mistake then costs one account and not the process.
func Guarded(account string, part func() error) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = Recovered("work on", account, panicked)
		}
	}()
	return part()
}

// panicOrigin returns the function that panicked, as seen from a deferred call.
func panicOrigin() string {
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
