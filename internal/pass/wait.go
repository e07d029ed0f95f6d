// SPDX-License-Identifier: Apache-2.0

package pass

import "time"

// Wait is a place into which nothing is sent for now, because what was under way when a connection broke may still
// arrive there.
type Wait struct {
	Mailbox  string    // of the destination
	Messages int       // that may still arrive
	Look     time.Time // when it is worth to look again
	Until    time.Time // when they are believed lost, if nothing is seen of them until then
}

// NextLook returns the earliest moment at which one of the waits is worth another look, and the latest at which all of
// them are over; zero times when there are none.
func NextLook(waits []Wait) (look, until time.Time) {
	for _, w := range waits {
		if look.IsZero() || w.Look.Before(look) {
			look = w.Look
		}
		if until.Before(w.Until) {
			until = w.Until
		}
	}
	return look, until
}
