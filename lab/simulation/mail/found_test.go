// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"testing"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

func names(of ...string) map[string]bool {
	all := map[string]bool{}
	for _, name := range of {
		all[name] = true
	}
	return all
}

// allBut are all switches but some.
func allBut(some ...string) map[string]bool {
	off := names(switches()...)
	for _, name := range some {
		delete(off, name)
	}
	return off
}

// few makes a run as small as it can be.
var few = map[string]int{"passes": 1, "events": 1, "mailboxes": 1, "messages": 1, "crowd": 0, "connections": 0}

// Seeds in which a rule did not hold once, and what was the matter. A seed may tell another story when the model is given more
// habits: what it has found has a test of its own beside the code, too.
func TestReplay_foundOnce(t *testing.T) {
	t.Parallel()
	folder := scratch(t)
	pool := ledgers.NewPool(folder)
	for _, found := range []struct {
		plan simulation.Plan
		why  string
	}{
		{simulation.Plan{Seed: 91000054}, "a message that seems too large and cannot be read left its mailbox unfinished"},
		{simulation.Plan{Seed: 91800088}, "both ends had one UIDVALIDITY by chance, and a copy was taken for that of the message of its UID"},
		{simulation.Plan{Seed: 91801138}, "nobody said of a second restore of the destination that it was one"},
		{simulation.Plan{Seed: 95020447}, "a copy that was confirmed had been found as its twin's, and its original was never sent again"},
		{simulation.Plan{Seed: 97700040}, "a parent that the server made again with its child was not subscribed"},
		{simulation.Plan{Seed: 99500440}, "what could not be changed in a mailbox that was read-only for a moment counted as what it cannot store"},
		{simulation.Plan{Seed: 99460835}, "a mailbox that was numbered anew was taken for another one that did not show what it held"},
		{simulation.Plan{Seed: 99403513}, "what the source broke off at had arrived, and an equal message behind it was taken back"},
		{simulation.Plan{Seed: 99516860}, "the copy of a message at which the source broke off was taken for that of an equal one with another date"},
		{simulation.Plan{Seed: 99532098}, "a message that was refused for a moment was copied without its keywords"},
		{simulation.Plan{Seed: 99670090}, "two messages had one UID at the destination, which was put back while both were sent, and one was there"},
		{simulation.Plan{Seed: 99667041}, "a message that had vanished before a renumbering came back, and was copied beside its copy"},
		{simulation.Plan{Seed: 99700008}, "a mailbox with a letter of the same mailing was taken for one that its user had renamed"},
		{simulation.Plan{Seed: 99664795}, "copies that a mover had taken back came back with a backup, and nobody knew them any more"},
		{simulation.Plan{Seed: 99669049}, "what another mover had written beside a copy that was not confirmed was not held against the others"},
		{
			simulation.Plan{
				Seed:   99611626,
				Off:    allBut(restoredLast, restoredFirst, sourceUsers, usersAtOnce, mornings, renames, deletes, headersMissing),
				AtMost: map[string]int{"passes": 3, "events": 4, "mailboxes": 0, "messages": 0, "crowd": 0, "connections": 0},
			},
			"new mail under a UID of what was copied was not brought to a mailbox that had been removed",
		},
		{
			simulation.Plan{Seed: 99116060, Off: allBut(renumbered, mornings, lastRenames), Always: names(lastRenames), AtMost: few},
			"a mailbox that was renamed there and back was copied again when the source had numbered its own anew",
		},
		{
			simulation.Plan{Seed: 99320042, Always: names(lastRenames, renumbered, restoredLast)},
			"a mailbox that was renamed and renumbered there was copied again when the source had numbered its own anew",
		},
	} {
		t.Run(fmt.Sprint(found.plan.Seed), func(t *testing.T) {
			if failure := simulation.Play(t, Kind(folder, pool), found.plan); failure != nil {
				t.Errorf("%v (once: %s)", failure, found.why)
			}
		})
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}
