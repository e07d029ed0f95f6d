// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"slices"

	"rehome/internal/protocol/dav"
)

// A collection of the destination that was filled and closed then, so that nobody may write into it any more, keeps what it has. Should
// the ledger be lost, what it holds tells whose it is, before anything is copied once more into one that is open. What cannot be
// brought into it is named.

// closedOne is the closed collection that holds what the source's holds, nil for none: the one where the source's would go if it were
// open if it holds any of it, another one if that is at least half of what it holds; and the one where the source's goes now has no
// more of it.
func (j *collectionJob) closedOne(ctx context.Context) (*dav.Collection, error) {
	closed := slices.DeleteFunc(slices.Clone(j.place.mine), func(c dav.Collection) bool {
		return c.Writable() || !takesAll(c, j.place.source) || j.place.exists && dav.Key(c.Href) == dav.Key(j.place.target.Href)
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
	placed, _ := matched(own, there)
	i, found := placed[0]
	if !found || !j.wouldTake(closed[i]) && 2*common(own[0], there[i]) < total(there[i]) {
		return nil, nil //nolint:nilnil // none of them
	}
	if open, err := j.commonWithTarget(ctx, own[0]); err != nil || open > common(own[0], there[i]) {
		return nil, err
	}
	return &closed[i], nil
}

// wouldTake reports whether the source's would go into a closed collection if it were open, by its name, or as the main one.
func (j *collectionJob) wouldTake(c dav.Collection) bool {
	own := append(names(j.place.source), decodedName(j.place.source.Href))
	return slices.Contains(own, decodedName(c.Href)) || j.place.source.Href == j.place.main && c.Href == j.place.closedMain
}

// commonWithTarget counts what the collection where the source's goes now has of what that holds.
func (j *collectionJob) commonWithTarget(ctx context.Context, own map[string]int) (int, error) {
	if !j.place.exists {
		return 0, nil
	}
	holds, err := j.contents(ctx, j.slice.dst, &j.place.target, false)
	return common(own, holds), faultOf(err, "read at the destination", j.place.target.Href)
}

// closedFallback is the destination's main collection, closed, where something that one of the source holds is, which is refused
// now and of which nothing is known yet; "" for none.
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
	if err != nil || common(own, holds) == 0 {
		return "", faultOf(err, "read at the destination", main.Href)
	}
	return main.Href, nil
}
