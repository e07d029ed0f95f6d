// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"cmp"
	"slices"

	"rehome/internal/protocol/dav"
)

// An object of the destination may be one of several of the source: the same event in two calendars. Which of them it is
// hangs on where the neighbours of each were found, so what can be but one, or but ones of one collection, is settled
// first, while it is read; the others are when all of them are known.

// guest is an object of the destination that may be one of several collections of the source.
type guest struct {
	at         *dav.Collection
	object     *sight
	candidates []*record
}

// candidates are the source's objects that one of the destination's may be and for which nothing was found yet: those of
// its UID, and where one of the two has no UID those of its name; where both have none those that are the same.
func (c *check) candidates(s *sight) []*record {
	all := slices.DeleteFunc(slices.Clone(c.byName[s.name]), func(r *record) bool { return r.own && s.own })
	if s.own {
		all = append(all, c.byUID[s.uid()]...)
	} else if s.legible {
		all = append(all, c.byForm[s.form]...)
	}
	return slices.DeleteFunc(all, func(r *record) bool { return r.state != "" })
}

// rank says how alike an object of the destination and one of the source are: the same bytes, the same meaning, but the
// same UID or name; the lower the better.
func (s *sight) rank(r *record) int {
	rank := 4
	switch {
	case r.digest == s.digest:
		rank = 0
	case r.form == s.form:
		rank = 2
	}
	if r.name != s.name {
		rank++
	}
	return rank
}

// closest is the candidate that is the most alike, nil where there is none.
func (s *sight) closest(candidates []*record) *record {
	if len(candidates) == 0 {
		return nil
	}
	return slices.MinFunc(candidates, func(a, b *record) int { return cmp.Compare(s.rank(a), s.rank(b)) })
}

// ambiguous reports whether the candidates are of several collections.
func ambiguous(candidates []*record) bool {
	return slices.ContainsFunc(candidates, func(r *record) bool { return r.collection != candidates[0].collection })
}

// vote notes that an object of a collection of the source was found in one of the destination.
func (c *check) vote(at *dav.Collection, r *record) {
	if c.votes[at.Href] == nil {
		c.votes[at.Href] = map[int]int{}
	}
	c.votes[at.Href][r.collection]++
}

// namesakes reports whether a collection of the destination is called like one of the source.
func (c *check) namesakes(href string, collection int) bool {
	src, dst := c.sources[collection], c.targets[href]
	return lastName(src.Href) == lastName(href) || src.Name != "" && src.Name == dst.Name
}

// choice is a candidate for a guest.
type choice struct {
	guest *guest
	r     *record
}

// seat settles what may be one of several: the most alike first, then where the neighbours are, then by the names of the
// collections.
func (c *check) seat() {
	var all []choice
	for i := range c.guests {
		for _, r := range c.guests[i].candidates {
			all = append(all, choice{&c.guests[i], r})
		}
	}
	name := func(x choice) int {
		if c.namesakes(x.guest.at.Href, x.r.collection) {
			return 1
		}
		return 0
	}
	votes := func(x choice) int { return c.votes[x.guest.at.Href][x.r.collection] }
	slices.SortStableFunc(all, func(a, b choice) int {
		return cmp.Or(cmp.Compare(a.guest.object.rank(a.r)/2, b.guest.object.rank(b.r)/2), cmp.Compare(votes(b), votes(a)), cmp.Compare(name(b), name(a)),
			cmp.Compare(a.guest.object.rank(a.r), b.guest.object.rank(b.r)))
	})
	seated := map[*guest]bool{}
	for _, x := range all {
		if x.r.state == "" && !seated[x.guest] {
			seated[x.guest] = true
			c.settle(x.guest.at, x.r, x.guest.object, nil) // its bytes are not held any more
		}
	}
	for i := range c.guests {
		if g := &c.guests[i]; !seated[g] {
			c.leftover = append(c.leftover, extra{g.object, g.at})
		}
	}
}

func unserved(err error) string {
	return "the destination lists it, but does not return it: " + err.Error()
}
