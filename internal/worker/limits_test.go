// SPDX-License-Identifier: Apache-2.0

package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Who has no connection yet waits with the jobs in hand, and does not give them back at once: the queue would give them out again, and with
// them all others.
func TestDesk_waitsUntilItOpens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, leave := newDesk(), make(chan struct{})
		ended, end := context.WithCancel(t.Context())
		began := time.Now()
		wants := func(ctx context.Context, in bool, after time.Duration) {
			t.Helper()
			if got := d.enterSoon(ctx, time.Minute, leave); got != in || time.Since(began) != after {
				t.Errorf("%v after %s, wanted %v after %s", got, time.Since(began), in, after)
			}
		}
		wants(t.Context(), false, time.Minute)
		time.AfterFunc(time.Second, func() { d.allow(true) })
		wants(t.Context(), true, 61*time.Second)
		wants(t.Context(), true, 61*time.Second)
		d.allow(false)
		wants(t.Context(), false, 121*time.Second)
		time.AfterFunc(time.Second, end)
		wants(ended, false, 122*time.Second)
		if d.opened(ended, leave) {
			t.Error("it is closed, and nobody waits for it any more")
		}
		time.AfterFunc(time.Second, func() { d.allow(true) })
		if !d.opened(t.Context(), leave) || time.Since(began) != 123*time.Second {
			t.Errorf("it opened after %s", time.Since(began))
		}
		d.allow(false)
		close(leave)
		wants(t.Context(), false, 123*time.Second)
	})
}
