// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// compareCounts is the cheapest level: how many objects there are.
func (c *check) compareCounts() {
	src, dst := c.result.Source.Objects, c.result.Destination.Objects
	switch {
	case src > dst:
		c.result.States[pim.StateMissing] = src - dst
	case dst > src:
		c.result.States[pim.StateExtra] = dst - src
	}
	c.result.States[pim.StateEqual] = min(src, dst)
	if src != dst {
		c.differ(verify.Object{State: pim.StateChanged, Sentence: fmt.Sprintf("%s have %s at the source and %s at the destination",
			c.kind, verify.Count(int64(src), "object"), verify.Count(int64(dst), "object"))})
	}
}

// conclude gives every object its last word, with the reason that is known for it.
func (c *check) conclude() {
	c.yield()
	c.settleTargets()
	there := c.identitiesThere()
	for _, r := range c.records {
		c.explain(r, there)
		at := &c.result.Collections[r.collection]
		at.States[r.state]++
		c.result.States[r.state]++
		o := verify.Object{State: r.state, Collection: at.Source, Object: r.name, Sentence: r.words, Escrow: c.reason(r).Escrow}
		switch {
		case r.state == pim.StateRepaired && len(c.result.Repaired) < c.how.Limit:
			c.result.Repaired = append(c.result.Repaired, o)
		case !r.state.Harmless():
			o.Since = r.since()
			if o.Since != nil && c.reason(r).Words == "" {
				o.Sentence += ": " + o.Since.Clause()
			}
			o.SourceDigest, o.DestinationDigest = r.digests()
			c.differ(o)
		}
	}
	c.setRoots()
	slices.SortFunc(c.leftover, func(a, b extra) int { // they come as they are served
		return cmp.Or(cmp.Compare(a.at.Href, b.at.Href), cmp.Compare(a.name, b.name))
	})
	for _, e := range c.leftover {
		c.result.States[pim.StateExtra]++
		sentence := "it is only at the destination"
		if c.why.vanished[place{dav.Key(e.at.Href), e.name}] {
			sentence += ": it was copied there, and has disappeared from the source since"
		}
		o := verify.Object{State: pim.StateExtra, Collection: e.at.Href, Object: e.name, Sentence: sentence}
		if e.paired != 0 {
			o.Since = &verify.Change{What: verify.DeletedAtSource, After: time.Unix(e.paired, 0).UTC()}
			o.Sentence = "it is only at the destination: " + o.Since.Clause()
		}
		c.differ(o)
	}
}

// yield lets what is known as lost be what is missing of several that are the same, where another of them was found: which
// of them was paired is chance.
func (c *check) yield() {
	open := map[form][]*record{}
	for _, r := range c.records {
		if r.state == "" && !r.unreadable && c.reason(r).Trouble != Lost {
			f := form{r.collection, r.form}
			open[f] = append(open[f], r)
		}
	}
	for _, r := range c.records {
		f := form{r.collection, r.form}
		if others := open[f]; r.state.Harmless() && c.reason(r).Trouble == Lost && len(others) > 0 {
			other := others[0]
			open[f] = others[1:]
			r.state, other.state = other.state, r.state
			r.target, other.target = other.target, r.target
			r.formThere, other.formThere = other.formThere, r.formThere
			r.paired, other.paired = other.paired, r.paired
			r.words, other.words = other.words, r.words
		}
	}
}

// uncross lets each of two objects that are the same be found in its own place, where they were found in each other's:
// which of the two was paired with which is chance.
func (c *check) uncross() {
	strays := map[[32]byte][]*record{}
	for _, r := range c.records {
		home := c.result.Collections[r.collection].Destination
		if r.target == "" || r.target == home || !r.state.Harmless() {
			continue
		}
		for _, other := range strays[r.form] {
			if other.target == home {
				r.target, other.target = other.target, r.target
				r.formThere, other.formThere = other.formThere, r.formThere
				break
			}
		}
		if r.target != home {
			strays[r.form] = append(strays[r.form], r)
		}
	}
}

// form is what an object is in its collection.
type form struct {
	collection int
	digest     [32]byte
}

// identity is what makes objects of one collection the same: there an object of a UID is one (RFC 4791 section 4.1, RFC 6352
// section 5.1), as long as it says the same.
type identity struct {
	form
	uid string
}

func (r *record) identity() identity { return identity{form{r.collection, r.form}, r.uidThere()} }

// identitiesThere are those of which the destination has an object that is as the source's. Having but the UID of another
// is not enough: one of the two may have been changed since. Nor is being the same without a UID: such may be two.
func (c *check) identitiesThere() map[identity]bool {
	there := map[identity]bool{}
	for _, r := range c.records {
		if r.uidThere() != "" && !r.unreadable && r.state.Harmless() {
			there[r.identity()] = true
		}
	}
	return there
}

// settleTargets says where each collection of the source is: where most of it was found. What was found in another
// one is not where the source has it: a server that allows a UID once has it in one calendar of two, its user may have moved
// it, and a calendar that lacks an event is not equal.
func (c *check) settleTargets() {
	found := make([]map[string]int, len(c.result.Collections))
	for i := range found {
		found[i] = map[string]int{}
	}
	for _, r := range c.records {
		if r.target != "" {
			found[r.collection][r.target]++
		}
	}
	for i := range found {
		at := &c.result.Collections[i]
		for _, href := range slices.Sorted(maps.Keys(found[i])) {
			more := found[i][href]
			most := found[i][at.Destination]
			if more > most || more == most && c.namesakes(href, i) && !c.namesakes(at.Destination, i) {
				at.Destination = href
			}
		}
	}
	c.uncross()
	for _, r := range c.records {
		if at := c.result.Collections[r.collection]; r.target != "" && r.target != at.Destination {
			r.state = pim.StateChanged
			r.words = fmt.Sprintf("it is in another collection at the destination, %q", cmp.Or(c.targets[r.target].Name, lastName(r.target)))
		}
	}
}

// since is what has happened to an object that is missing, nil where that is not known.
func (r *record) since() *verify.Change {
	if r.state != pim.StateMissing || r.paired == 0 {
		return nil
	}
	return &verify.Change{What: verify.DeletedAtDestination, After: time.Unix(r.paired, 0).UTC()}
}

func (c *check) reason(r *record) Reason {
	return c.why.source[place{c.result.Collections[r.collection].Source, r.name}]
}

// explain settles the state of one object of the source.
func (c *check) explain(r *record, there map[identity]bool) {
	why := c.reason(r)
	switch {
	case r.state == "":
		r.state, r.words = r.absent(why, there)
	case r.state.Harmless() && why.misplaced(r.target):
		r.state = pim.StateChanged
		r.words = why.Words
	case r.state == pim.StateChanged:
		r.state, r.words = r.other(why)
	}
}

// absent is what is said of an object of which nothing was found.
func (r *record) absent(why Reason, there map[identity]bool) (pim.State, string) {
	switch {
	case why.Trouble == Refused:
		return pim.StateQuarantined, why.Words
	case why.Trouble == Lost:
		return pim.StateMissing, why.Words
	case why.Trouble == "" && !r.unreadable && there[r.identity()]:
		return pim.StateRepaired, "identical to another object of its collection, which is at the destination"
	}
	return pim.StateMissing, cmp.Or(why.Words, r.words, "it is not at the destination")
}

// other is what is said of an object that is another one at the destination.
func (r *record) other(why Reason) (pim.State, string) {
	switch why.Trouble {
	case Refused, Damaged:
		return pim.StateQuarantined, why.Words
	case Diverged:
		return pim.StateChanged, why.Words
	case Older:
		return pim.StateChanged, "the destination has an older version: " + cmp.Or(why.Words, "the newer one is held back")
	}
	return pim.StateChanged, r.words
}

// differ lists a difference, as far as there is room.
func (c *check) differ(o verify.Object) {
	if len(c.result.Differences) < c.how.Limit {
		c.result.Differences = append(c.result.Differences, o)
	} else {
		c.result.Unlisted++
	}
}
