// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"cmp"
	"crypto/sha256"
	"slices"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// An object of the destination may be one of several of the source: the same event in two calendars. Which of them it is
// hangs on where the neighbours of each were found, so what can be but one, or but ones of one collection, is settled
// first, while it is read; the others are when all of them are known.

// guest is an object of the destination that may be one of several collections of the source.
type guest struct {
	at         *dav.Collection
	object     key
	item       dav.Item
	err        error // it is not served
	candidates []*record
}

// key is what an object of the destination is recognised by.
type key struct {
	name         string // decoded
	digest, form [32]byte
}

// candidates are the source's objects that one of the destination's may be and for which nothing was found yet: those of
// its UID, and where one of the two has no UID those of its name; where both have none those that are the same.
func (c *check) candidates(o dav.Object) (key, []*record) {
	key := key{name: lastName(o.Href), digest: sha256.Sum256(o.Data)}
	key.form = formOf(o.Data, c.content)
	object, err := pim.Inspect(o.Data)
	hasUID := err == nil && object.UID != ""
	all := slices.DeleteFunc(slices.Clone(c.byName[key.name]), func(r *record) bool { return r.uid != "" && hasUID })
	if hasUID {
		all = append(all, c.byUID[object.UID]...)
	} else if err == nil {
		all = append(all, c.byForm[key.form]...)
	}
	return key, slices.DeleteFunc(all, func(r *record) bool { return r.state != "" })
}

// rank says how alike an object of the destination and one of the source are: the same bytes, the same meaning, but the
// same UID or name; the lower the better.
func (k key) rank(r *record) int {
	rank := 4
	switch {
	case r.digest == k.digest:
		rank = 0
	case r.form == k.form:
		rank = 2
	}
	if r.name != k.name {
		rank++
	}
	return rank
}

// closest is the candidate that is the most alike, nil where there is none.
func (k key) closest(candidates []*record) *record {
	if len(candidates) == 0 {
		return nil
	}
	return slices.MinFunc(candidates, func(a, b *record) int { return cmp.Compare(k.rank(a), k.rank(b)) })
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
			c.settle(x.guest, x.r)
		}
	}
	for i := range c.guests {
		if g := &c.guests[i]; !seated[g] {
			c.leftover = append(c.leftover, extra{g.at, g.object.name})
		}
	}
}

// settle pairs a guest whose bytes are not held any more.
func (c *check) settle(g *guest, r *record) {
	r.target, r.formThere = g.at.Href, g.object.form
	r.state = pim.StateChanged
	switch {
	case r.unreadable: // what nobody has seen is not equal to anything
	case g.err != nil:
		r.sentence = unserved(g.err)
	case r.digest == g.object.digest:
		r.state = pim.StateIdentical
	default:
		c.later = append(c.later, again{r, g.at, g.item})
	}
}

func unserved(err error) string {
	return "the destination lists it, but does not return it: " + err.Error()
}
