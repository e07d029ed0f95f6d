// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"time"
)

// A server of the store that starts again is waited for; what lasts longer has to be seen by somebody.
const (
	firstJoinPause   = time.Second
	longestJoinPause = 30 * time.Second
	longestAbsence   = 15 * time.Minute
)

// absence is the time since a worker, or a command that watches workers, has lost the store.
type absence struct {
	again string // what is tried again, such as "to join"
	since time.Time
	pause time.Duration
	said  string
}

// after says what follows a session, or an attempt, that has ended with an error: a sentence, which is not said again for the same
// error, and a pause; or that it has lasted too long. Joined is whether the store was there before the error.
func (a *absence) after(err error, joined bool, now time.Time) (say string, pause time.Duration, over error) {
	if joined || a.since.IsZero() {
		*a = absence{again: a.again, since: now, pause: firstJoinPause}
	}
	if gone := now.Sub(a.since); gone >= longestAbsence {
		return "", 0, fmt.Errorf("tried %s again for %d minutes: %w", a.again, int(gone.Minutes()), err)
	}
	if text := err.Error(); text != a.said {
		a.said = text
		say = fmt.Sprintf("lost the store: %v; trying %s again for up to %d minutes", err, a.again, int(longestAbsence.Minutes()))
	}
	pause = a.pause
	a.pause = min(2*a.pause, longestJoinPause)
	return say, pause, nil
}
