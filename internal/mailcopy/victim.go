// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"context"
	"slices"

	"rehome"
	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Before anything is removed, the victim is looked at: it is, from the first octet to the last, what we wrote,
// or it stays. And while the source has a message in a mailbox that goes to the same place, one of that
// content stays there.

// proveVictims takes out of a removal what is not proved to be ours, and what the source still has.
func (s *slice) proveVictims(ctx context.Context, m *ledger.Mailbox, items []ledger.Item, r removal) (removal, error) {
	if r.remove.Empty() {
		return r, nil
	}
	victims := slices.DeleteFunc(slices.Clone(items), func(item ledger.Item) bool { return !r.remove.Contains(item.UID) })
	proved, others, err := s.proved(ctx, m.Anchor.Destination, victims)
	if err != nil {
		return r, faultOf(err, "check messages deleted at the source in", m.Anchor.Destination)
	}
	if others {
		s.noteDoubt(m.ID)
	}
	if unproved := r.remove.Minus(proved); !unproved.Empty() {
		s.find(removalUnproved.On(m.Anchor.Destination, rehome.Values{"n": unproved.Len()}))
		r = r.spare(unproved)
		r.changed = union(r.changed, unproved)
	}
	wanted, err := s.wantedThere(ctx, m.Anchor.Destination)
	if err != nil {
		return r, err
	}
	r = r.spare(spared(victims, wanted))
	refused, err := s.engine.options.Ledger.RefusedSizes(ctx, s.account.Address)
	return r.spare(likeRefused(victims, refused)), err
}

// proved returns the source UIDs of those whose copies are what we wrote. Others says that some are not.
func (s *slice) proved(ctx context.Context, mailbox string, victims []ledger.Item) (ours imap.UIDSet, others bool, err error) {
	for some := range slices.Chunk(victims, claimWindow) {
		var entries []*entry
		for _, item := range some {
			if item.Digest != nil {
				entries = append(entries, &entry{uid: item.DstUID})
			}
		}
		if err := s.atDestination(s.dst, mailbox).bodies(ctx, entries, bodySeen); err != nil {
			return ours, false, err
		}
		there := map[imap.UID]message.Digest{}
		for _, e := range entries {
			there[e.uid] = e.digest
		}
		for _, item := range some {
			digest := there[item.DstUID]
			switch {
			case digest == message.Digest{}: // nothing to compare, or it did not come
			case unchanged(item, digest):
				ours.Add(item.UID)
			default:
				others = true
			}
		}
	}
	return ours, others, nil
}

// wantedThere counts, by digest, the messages that the source has in mailboxes that go to a destination
// mailbox, and whose own copies there are gone.
func (s *slice) wantedThere(ctx context.Context, destination string) (map[message.Digest]int, error) {
	wanted := map[message.Digest]int{}
	for name, row := range s.view.rows {
		missing := row.Missing()
		if missing.Empty() || s.view.pairFor(name).Destination != destination {
			continue
		}
		err := s.engine.options.Ledger.Stored(ctx, &row, func(batch ledger.Stored) error {
			for _, item := range batch.Items {
				if item.Digest != nil && missing.Contains(item.UID) {
					wanted[message.Digest(item.Digest)]++
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

// likeRefused returns the source UIDs of victims that have the size of a message which the destination does not
// take: it may be the same one, moved to another mailbox, and then the copy is all there is.
func likeRefused(victims []ledger.Item, sizes map[int64]bool) imap.UIDSet {
	var keep imap.UIDSet
	for _, item := range victims {
		if sizes[item.Size] {
			keep.Add(item.UID)
		}
	}
	return keep
}

// spared returns the source UIDs of victims of whose content as many have to stay as are wanted.
func spared(victims []ledger.Item, wanted map[message.Digest]int) imap.UIDSet {
	var keep imap.UIDSet
	taken := map[message.Digest]int{}
	for _, item := range victims {
		if item.Digest == nil {
			continue
		}
		digest := message.Digest(item.Digest)
		if taken[digest] < wanted[digest] {
			taken[digest]++
			keep.Add(item.UID)
		}
	}
	return keep
}

// unfinished says that the source has messages that are not at the destination, for whatever reason but their own:
// one of them may be what has vanished from another mailbox.
func (c Census) unfinished() bool {
	return c.Mendable() || c.Stuck > 0 || c.Barred > 0 || c.Waiting > 0 || c.Untold > 0
}

// removalsWait tells that nothing is removed yet.
func (v accountView) removalsWait() []rehome.Finding {
	waiting := 0
	for _, row := range v.rows {
		waiting += row.Removable().Len()
	}
	if waiting == 0 {
		return nil
	}
	return []rehome.Finding{removalsWait.On("", rehome.Values{"n": waiting})}
}
