// SPDX-License-Identifier: Apache-2.0

package conductor

import "time"

// When there is enough to tell the time that is left from.
const (
	firstEstimate = 10 * time.Second // since the pass began
	tellingMany   = 10               // accounts that have ended, or were looked at; in a small pass half of them
	longestGuess  = 100 * 24 * time.Hour
)

// basis is what an estimate is made of.
type basis struct {
	begun    share         // accounts whose turn has come
	ahead    share         // those whose turn has not
	finished int           // accounts
	elapsed  time.Duration // since the pass began
	carried  load          // in the last minutes
	span     time.Duration // so long
}

// remaining estimates the time that is left, 0 when nothing can be said. Where more messages than accounts went by lately,
// the octets tell that are still to be carried; otherwise the accounts that are still to be looked at.
func (b basis) remaining() time.Duration {
	if b.elapsed < firstEstimate || b.span <= 0 {
		return 0
	}
	if b.carried.octets > 0 && b.carried.messages > 0 && b.carried.messages >= b.carried.accounts {
		left, known := b.octetsLeft()
		if !known {
			return 0
		}
		return after(left, float64(b.carried.octets)/b.span.Seconds())
	}
	speed, known := b.accountSpeed()
	if !known {
		return 0
	}
	return after(float64(b.begun.accounts+b.ahead.accounts-b.finished), speed)
}

// octetsLeft is what has still to be carried, of all accounts. Those whose turn has not come are believed to have got as
// much new mail since the last pass as the others had.
func (b basis) octetsLeft() (left float64, known bool) {
	all := b.begun.plus(b.ahead)
	if all.known < all.accounts {
		return 0, false
	}
	left = float64(all.left)
	if all.leftUnsized > 0 {
		left += float64(all.leftUnsized) * float64(b.carried.octets) / float64(max(b.carried.messages, 1))
	}
	if b.ahead.accounts == 0 {
		return left, true
	}
	if b.begun.looked < b.telling() {
		return 0, false
	}
	if b.begun.base > 0 {
		left += float64(b.ahead.octets) * float64(b.begun.fresh) / float64(b.begun.base)
	}
	return left, true
}

// accountSpeed is how many accounts end in a second, lately or, where these are too few, since the pass began.
func (b basis) accountSpeed() (speed float64, known bool) {
	switch {
	case b.carried.accounts >= int64(b.telling()):
		return float64(b.carried.accounts) / b.span.Seconds(), true
	case b.finished >= b.telling():
		return float64(b.finished) / b.elapsed.Seconds(), true
	}
	return 0, false
}

// telling is how many accounts say something of the others.
func (b basis) telling() int {
	all := b.begun.accounts + b.ahead.accounts
	return min(tellingMany, (all+1)/2)
}

func after(left, speed float64) time.Duration {
	if left <= 0 || speed <= 0 || left/speed > longestGuess.Seconds() {
		return 0
	}
	return max(time.Duration(left/speed*float64(time.Second)).Round(time.Second), time.Second)
}
