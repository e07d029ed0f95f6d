// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"testing"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/imap"
)

// A message that was in a refused group, and is a suspect besides, is copied with the group: it is not copied again.
func TestCopyAll_leavesAloneWhatIsSettled(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &slice{started: now, meter: pass.Budget{Time: time.Hour, Octets: 1}.Begin()}
	row := &ledger.Mailbox{Done: imap.NewUIDSet(3, 4), Refused: map[imap.UID]ledger.Refusal{5: {When: now}}}
	j := &mailboxJob{slice: s, row: row} // without connections: a look at either end would break
	if done, err := j.copyAll(t.Context(), imap.NewUIDSet(3, 4, 5)); !done || err != nil {
		t.Errorf("done %v, error %v", done, err)
	}
}

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

// A message at which the source broke off comes after those that were refused: the mailbox is not to blame before it was
// tried.
func TestCondemnedAll_notBeforeEveryMessageWasTried(t *testing.T) {
	t.Parallel()
	a := &accusals{condemned: map[imap.UID]string{1: "no", 2: "no", 4: "no", 5: "no", 6: "no"}}
	for _, test := range []struct {
		open imap.UIDSet
		want bool
	}{
		{upTo(6), false},
		{imap.NewUIDSet(1, 2, 4, 5, 6), true},
	} {
		if got := a.condemnedAll(test.open); got != test.want {
			t.Errorf("of %s all are refused: %v, want %v", test.open, got, test.want)
		}
	}
}

// A message at which the source has broken off is not tried with a group that was refused: it would break off again, before
// anything else is tried, in every slice.
func TestTryAccused_leavesSuspectsToTheirTurn(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &slice{started: now, meter: pass.Budget{Time: time.Hour, Octets: 1}.Begin(), memory: &memory{accused: map[string]*accusals{}}}
	j := &mailboxJob{slice: s, row: &ledger.Mailbox{}} // without connections: a look at either end would break
	a := s.memory.accusalsOf("")
	a.groups = []imap.UIDSet{imap.NewUIDSet(1, 3)}
	if done, err := j.tryAccused(t.Context(), imap.NewUIDSet(1, 3), imap.UIDSet{}); !done || err != nil || len(a.groups) > 0 {
		t.Errorf("done %v, error %v, groups %v", done, err, a.groups)
	}
}
