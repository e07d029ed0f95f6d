// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"testing"
	"time"
)

// A pass over a few accounts is seen to end at once, and one over very many takes next to nothing of what the ledger can do.
func TestPauseBehind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		took time.Duration
		left int64
		want time.Duration
	}{
		{time.Millisecond, 0, 50 * time.Millisecond},
		{time.Millisecond, 40, 50 * time.Millisecond},
		{2 * time.Millisecond, 40, 100 * time.Millisecond},
		{2 * time.Millisecond, 3000, 3 * time.Second},
		{30 * time.Millisecond, 300_000, 10 * time.Second},
		{time.Second, 300_000, 50 * time.Second},
	} {
		if got := pauseBehind(test.took, test.left); got != test.want {
			t.Errorf("a look of %s with %d left: %s, want %s", test.took, test.left, got, test.want)
		}
	}
}
