// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"context"
	"errors"
)

// Outcome says how an operation has ended. Every answer of an operation has one, and so has every error: whoever shows it,
// as an exit code, a headline or a colour, looks at nothing else to choose which.
type Outcome string

// The outcomes.
const (
	OutcomeDone        Outcome = "done"        // all of it is done, and equal where it was compared
	OutcomeRemaining   Outcome = "remaining"   // something is left, and the same operation goes on with it
	OutcomeDiffers     Outcome = "differs"     // what was compared is not as it should be, or not known
	OutcomeInterrupted Outcome = "interrupted" // it was stopped, and the same operation goes on
	OutcomeWaiting     Outcome = "waiting"     // somebody has to decide, confirm or do something first
	OutcomeStuck       Outcome = "stuck"       // something is left, and repeating does not help: somebody has to mend it
	OutcomeUnreachable Outcome = "unreachable" // an end cannot be reached, trusted or logged in to
	OutcomeFailed      Outcome = "failed"      // a mistake of this program
)

// Answer is what an operation returns.
type Answer interface{ Outcome() Outcome }

// OutcomeOf returns the outcome of an operation that ended with an error; nil is done.
func OutcomeOf(err error) Outcome {
	switch {
	case err == nil:
		return OutcomeDone
	case errors.Is(err, context.Canceled):
		return OutcomeInterrupted
	}
	switch ClassOf(err) {
	case ClassTemporary, ClassAuth, ClassUntrusted:
		return OutcomeUnreachable
	case ClassThrottled:
		return OutcomeRemaining
	case ClassPermanent, ClassQuota:
		return OutcomeStuck
	case ClassOperator:
		return OutcomeWaiting
	}
	return OutcomeFailed
}
