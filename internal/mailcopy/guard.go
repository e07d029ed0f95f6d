// SPDX-License-Identifier: Apache-2.0

package mailcopy

import "rehome"

// guarded runs work and turns a panic into an error. Everything that an engine lets run on a goroutine
// of its own, or of a connection, goes through it: a mistake then costs one account and not the process.
func guarded(account string, work func() error) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = rehome.Recovered("copy", account, panicked)
		}
	}()
	return work()
}

// guardedCall is guarded for a function with an argument, such as the callbacks of a FETCH, which run
// on the connection's reader.
func guardedCall[T any](account string, call func(T) error) func(T) error {
	return func(argument T) error { return guarded(account, func() error { return call(argument) }) }
}
