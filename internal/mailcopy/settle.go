// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"time"

	"rehome/internal/ledger"
	"rehome/internal/pass"
)

// DefaultSettle covers a destination that stands still for half a minute and then takes what the buffers
// of two kernels hold off a line of 125 kB/s.
const DefaultSettle = 90 * time.Second

// firstLook is how soon an interrupted batch is looked for again; later looks come at twice the time.
const firstLook = 3 * time.Second

// verdict says of open intents, after a look that began at asked and did not find them, which are void
// and what the others wait for.
//
// An intent is void only when nothing of it can still arrive: when the look began no earlier than settle
// after the last sign of life. A clock that was put back must not make that longer than settle from now.
func verdict(open []ledger.Intent, asked time.Time, settle time.Duration) (void []ledger.Intent, wait pass.Wait) {
	for _, intent := range open {
		alive := intent.Alive
		if alive.IsZero() || alive.After(asked) {
			alive = asked
		}
		quiet := asked.Sub(alive)
		if quiet >= settle {
			void = append(void, intent)
			continue
		}
		until := alive.Add(settle)
		look := asked.Add(max(quiet, firstLook))
		if look.After(until) {
			look = until
		}
		wait.Messages += len(intent.Items)
		if wait.Until.Before(until) {
			wait.Until = until
		}
		if wait.Look.IsZero() || look.Before(wait.Look) {
			wait.Look = look
		}
	}
	return void, wait
}
