// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"math/rand/v2"
	"testing"

	"rehome/internal/protocol/imap"
)

// Whatever part of a group is answered with BAD, it ends: no message is in two groups, and each is condemned
// in the end or taken.
func TestAccusals_end(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(23, 29))
	for range 2000 {
		var whole batch
		for uid := range 1 + chance.IntN(40) {
			e := entry{uid: imap.UID(uid + 1)}
			if chance.IntN(2) == 0 {
				e.flags = []string{"keyword"}
			}
			whole = append(whole, e)
		}
		a := &accusals{condemned: map[imap.UID]string{}}
		a.accuse(whole, "no")
		steps := 0
		for ; len(a.groups) > 0 && steps < 1000; steps++ {
			group := a.groups[chance.IntN(len(a.groups))]
			var some batch // a part of it: a NO has taken it apart before
			for _, e := range whole {
				if group.Contains(e.uid) && (len(some) == 0 || chance.IntN(2) == 0) {
					some = append(some, e)
				}
			}
			a.accuse(some, "no")
		}
		if len(a.groups) > 0 || len(a.condemned) != len(whole) {
			t.Fatalf("after %d steps %d groups are left, and %d of %d messages are condemned", steps, len(a.groups), len(a.condemned), len(whole))
		}
	}
}
