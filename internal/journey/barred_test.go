// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"testing"
	"testing/synctest"
	"time"

	"rehome"
)

func TestBarred_isLeftAloneForAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b barred
		accounts := []rehome.Account{{Address: "a"}, {Address: "b"}}
		b.note("a")
		if left := b.without(accounts); len(left) != 1 || left[0].Address != "b" || len(accounts) != 2 || accounts[0].Address != "a" {
			t.Errorf("got %v of %v", left, accounts)
		}
		time.Sleep(barredFor)
		if left := b.without(accounts); len(left) != 2 {
			t.Errorf("an hour later: got %v", left)
		}
	})
}
