// SPDX-License-Identifier: Apache-2.0

package mailcopy

import "rehome"

// guardedCall is rehome.Guarded for a function with an argument, such as the callbacks of a FETCH, which run
// on the connection's reader.
func guardedCall[T any](account string, call func(T) error) func(T) error {
	return func(argument T) error { return rehome.Guarded(account, func() error { return call(argument) }) }
}
