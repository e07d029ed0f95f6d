// SPDX-License-Identifier: Apache-2.0

package mailcopy_test

import (
	"testing"

	"rehome/internal/mailcopy"
)

// A mailbox in which the work broke off is not complete, even if all of its messages are there.
func TestCensus_brokenOff(t *testing.T) {
	t.Parallel()
	c := mailcopy.Census{There: 7, BrokenOff: 1}
	if c.Complete() || !c.Mendable() || c.Lasting() {
		t.Errorf("%+v: complete %v, mendable %v, lasting %v", c, c.Complete(), c.Mendable(), c.Lasting())
	}
}
