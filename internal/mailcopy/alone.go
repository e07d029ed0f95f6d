// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// mostAlone bounds how many silent messages of a mailbox are asked for alone in one pass. Of more than that it is not said
// that repeating does not help.
const mostAlone = 64

// askAlone asks for the newest of the messages that are untold one by one, and sorts again what speaks: a server that refuses
// to answer for many often gives each of them. What does not speak then either is mute, see Census.Untold.
func (c claimant) askAlone(ctx context.Context, s *endState) error {
	silent := s.untold()
	if c.atSource {
		silent = union(silent, intersection(s.silent, c.job.untold()))
	}
	var asked imap.UIDSet
	for asked.Len() < mostAlone {
		claims, err := newestClaims(ctx, c.job.ledger(), *c.job.row, func(item ledger.Item) (imap.UID, bool) {
			uid, is := c.claims(item)
			return uid, is && silent.Contains(uid) && !asked.Contains(uid)
		})
		if err != nil || len(claims) == 0 {
			return err
		}
		for i, one := range claims {
			asked.Add(one.uid)
			var alone endState
			err := examineClaims(ctx, c.asker(), claims[i:i+1], &alone)
			if err == nil {
				err = c.prove(ctx, claims[i:i+1], &alone)
			}
			if err != nil {
				return err
			}
			if !alone.silent.Empty() {
				c.job.mute.Add(one.item.UID)
				continue
			}
			s.add(alone)
		}
	}
	return nil
}

// add takes over what messages have said that were silent.
func (s *endState) add(told endState) {
	s.same.AddSet(told.same)
	s.other.AddSet(told.other)
	s.differing.AddSet(told.differing)
	s.unlike.AddSet(told.unlike)
	s.silent = s.silent.Minus(union(told.same, told.other, told.unproved))
	s.unproved = union(s.unproved.Minus(union(told.same, told.other)), told.unproved)
}
