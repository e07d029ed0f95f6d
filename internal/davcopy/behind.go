// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"maps"
	"slices"

	"rehome"
	"rehome/internal/protocol/dav"
)

// What the destination has no place for stays behind: it is counted and named, repeating does not bring it there, and
// everything else goes on.

// nowhereError says that the destination neither makes a collection nor has a main one that could hold its objects.
type nowhereError struct{ fault error }

func (n *nowhereError) Error() string { return n.fault.Error() }

// leaveBehind counts the objects of a collection for which there is no place.
func (j *collectionJob) leaveBehind(ctx context.Context, nowhere *nowhereError) error {
	names, err := j.slice.namesAtSource(ctx, j.place.source)
	if err != nil {
		return err
	}
	known, err := j.ledger().Objects(ctx, j.row)
	if err != nil {
		return err
	}
	j.known = known
	if err := j.forgetLost(ctx, names); err != nil {
		return err
	}
	left := 0
	for _, name := range names {
		if !isFailed(known[name]) { // what is, is counted with its own trouble
			left++
		}
		delete(known, name)
	}
	j.slice.countLeft(j.kind, len(names), left)
	j.find(collectionNotMade, rehome.Values{"n": len(names), "why": nowhere})
	return j.slice.forgetGone(ctx, j.kind, j.place.destination, j.row, known)
}

// forgetLost has what the destination had lost before counted with everything else that has no place there, where it is to be copied
// again: nothing but the place is in the way.
func (j *collectionJob) forgetLost(ctx context.Context, names []string) error {
	if !j.slice.engine.options.CopyAgain {
		return nil
	}
	return j.copyAgain(ctx, slices.DeleteFunc(slices.Sorted(slices.Values(names)), func(name string) bool {
		row := j.known[name]
		return !row.Missing() && !row.Reverted()
	}))
}

// leaveKindBehind counts the objects of all collections of a kind that the destination does not offer.
func (s *slice) leaveKindBehind(ctx context.Context, kind rehome.Kind, placements []placement) error {
	left := 0
	for _, p := range placements {
		names, err := s.namesAtSource(ctx, p.source)
		if err != nil {
			return err
		}
		left += len(names)
	}
	s.countLeft(kind, left, left)
	s.find(kindNotOffered.On(string(kind), rehome.Values{"kind": kind, "n": left}))
	return nil
}

// namesAtSource lists a collection of the source.
func (s *slice) namesAtSource(ctx context.Context, c dav.Collection) ([]string, error) {
	names := map[string]bool{}
	_, err := s.src.Changes(ctx, &c, dav.Mark{}, func(item dav.Item) error {
		name := nameBelow(c.Href, item.Href)
		if names[name] = true; item.Removed {
			delete(names, name)
		}
		return nil
	})
	return slices.Collect(maps.Keys(names)), faultOf(err, "list at the source", c.Href)
}

func (s *slice) countLeft(kind rehome.Kind, all, left int) {
	s.count(kind, func(t *Tally) {
		t.Objects += all
		t.Remaining += left
		t.Lasting += left
	})
}
