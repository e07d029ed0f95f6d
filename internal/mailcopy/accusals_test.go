// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"

	"rehome/internal/protocol/imap"
)

// A server that answers NO to one message of a group and BAD to another brings the group back in halves.
func TestAccusals_everyAccusationMakesTheGroupsSmaller(t *testing.T) {
	t.Parallel()
	a := &accusals{condemned: map[imap.UID]string{}}
	four, five := entry{uid: 4}, entry{uid: 5, flags: []string{"urgent"}}
	a.accuse(batch{{uid: 3}, four, five}, "what")
	a.accuse(batch{five}, "what")
	for _, group := range a.groups {
		if group.Len() > 1 && group.Contains(5) {
			t.Errorf("groups %v: 5 is to be tried alone", a.groups)
		}
	}
	a.accuse(batch{five}, "what")
	if _, condemned := a.condemned[5]; !condemned || !a.all().Contains(4) || union(a.groups...).Contains(5) {
		t.Errorf("groups %v, condemned %v, want 5 condemned and the others still to be tried", a.groups, a.condemned)
	}
}
