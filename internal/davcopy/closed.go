// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"slices"
	"strings"

	"rehome/internal/protocol/dav"
)

// A collection of the destination that was filled and closed then, so that nobody may write into it any more, keeps what it has. Should
// the ledger be lost, what it holds tells whose it is, before anything is copied once more into one that is open. What cannot be
// brought into it is named. What it lists and does not return may be any of it.

// closedOne is the closed collection that holds what the source's holds, nil for none: the one where the source's would go if it were
// open if it holds any of it, or may do so, another one if that is at least half of what it holds; and the one where the source's goes
// now has no more of it, and not all of that. One with a place of its own leaves to another that has none what is named for that: where
// both hold something of it, the source has moved it.
func (j *collectionJob) closedOne(ctx context.Context) (*dav.Collection, error) {
	closed := slices.DeleteFunc(slices.Clone(j.place.mine), func(c dav.Collection) bool {
		anothers := j.place.exists && (dav.Key(c.Href) == dav.Key(j.place.target.Href) || j.isNamedForAnother(c))
		return c.Writable() || !takesAll(c, j.place.source) || anothers
	})
	if len(closed) == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	if rows, err := j.ledger().Objects(ctx, j.row); err != nil || len(rows) > 0 { // what has gone somewhere goes on there
		return nil, err
	}
	closed, own, there, err := j.holdings(ctx, closed, j.place.homeless)
	if err != nil || len(closed) == 0 {
		return nil, err
	}
	placed, taken := matched(own, there)
	i, found := placed[0]
	for k := 0; !found && k < len(closed); k++ {
		i = k
		found = !taken[k] && len(own[0]) > 0 && hides(there[k]) && j.wouldTake(closed[k]) && !j.isNamedForAnother(closed[k])
	}
	if !found || !j.wouldTake(closed[i]) && 2*common(own[0], there[i]) < total(there[i]) {
		return nil, nil //nolint:nilnil // none of them
	}
	if open, err := j.targetHolds(ctx); err != nil || hasMore(own[0], open, there[i]) {
		return nil, err
	}
	return &closed[i], nil
}

// hasMore reports whether an open collection has more than a closed one of what one of the source holds, or all that the closed one has of
// it: then nothing is copied twice into the open one. What the closed one does not return may be anything. It is pure.
func hasMore(own, open, closed map[string]int) bool {
	has := common(own, closed)
	return common(own, open) > has || !hides(closed) && has == common(both(own, closed), open)
}

// both are the objects that two have. It is pure.
func both(a, b map[string]int) map[string]int {
	all := map[string]int{}
	for what, times := range a {
		if n := min(times, b[what]); n > 0 {
			all[what] = n
		}
	}
	return all
}

// hides reports whether a collection of the destination holds anything that it does not return: that is known by its name alone. It is
// pure.
func hides(there map[string]int) bool {
	for what := range there {
		if strings.HasPrefix(what, byName) {
			return true
		}
	}
	return false
}

// wouldTake reports whether the source's would go into a closed collection if it were open, by its name, or as the main one.
func (j *collectionJob) wouldTake(c dav.Collection) bool {
	return isNamedFor(c, j.place.source) || j.place.source.Href == j.place.main && c.Href == j.place.closedMain
}

// isNamedForAnother reports whether a collection has a name of another one of the source that has no place yet.
func (j *collectionJob) isNamedForAnother(c dav.Collection) bool {
	return slices.ContainsFunc(j.place.homeless, func(other dav.Collection) bool { return isNamedFor(c, other) })
}

// isNamedFor reports whether a collection has the name of one of the source, or one that a new collection for that would get. It is pure.
func isNamedFor(c, source dav.Collection) bool {
	return slices.Contains(append(names(source), decodedName(source.Href)), decodedName(c.Href))
}

// targetHolds is what the collection holds where the source's goes now.
func (j *collectionJob) targetHolds(ctx context.Context) (map[string]int, error) {
	if !j.place.exists {
		return map[string]int{}, nil
	}
	holds, err := j.contents(ctx, j.slice.dst, &j.place.target, false)
	return holds, faultOf(err, "read at the destination", j.place.target.Href)
}

// closedFallback is the destination's main collection, closed, where something that one of the source holds is, or may be, which is refused
// now and of which nothing is known yet; "" for none, and where an open one has more of it, or all of that.
func (j *collectionJob) closedFallback(ctx context.Context) (string, error) {
	main, there := j.place.others[dav.Key(j.place.closedMain)]
	if j.place.begun || !there {
		return "", nil
	}
	own, err := j.heldNow(ctx, j.slice.src, j.place.source, true)
	if err != nil || len(own) == 0 {
		return "", faultOf(err, "read at the source", j.place.source.Href)
	}
	holds, err := j.contents(ctx, j.slice.dst, &main, false)
	if err != nil || common(own, holds) == 0 && !hides(holds) {
		return "", faultOf(err, "read at the destination", main.Href)
	}
	if open, err := j.mainHolds(ctx, own); err != nil || hasMore(own, open, holds) {
		return "", err
	}
	return main.Href, nil
}
