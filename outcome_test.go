// SPDX-License-Identifier: Apache-2.0

package rehome

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		want Outcome
	}{
		{nil, OutcomeDone},
		{context.Canceled, OutcomeInterrupted},
		{fmt.Errorf("sync: %w", context.Canceled), OutcomeInterrupted},
		{&Fault{Class: ClassTemporary, Cause: context.Canceled}, OutcomeInterrupted},
		{&Fault{Class: ClassTemporary}, OutcomeUnreachable},
		{&Fault{Class: ClassAuth}, OutcomeUnreachable},
		{&Fault{Class: ClassUntrusted}, OutcomeUnreachable},
		{&Fault{Class: ClassThrottled}, OutcomeRemaining},
		{&Fault{Class: ClassPermanent}, OutcomeStuck},
		{&Fault{Class: ClassQuota}, OutcomeStuck},
		{fmt.Errorf("sync: %w", &Fault{Class: ClassOperator}), OutcomeWaiting},
		{&Fault{Class: ClassBug}, OutcomeFailed},
		{errors.New("anything else"), OutcomeFailed},
	} {
		if got := OutcomeOf(test.err); got != test.want {
			t.Errorf("%v: got %s, want %s", test.err, got, test.want)
		}
	}
}
