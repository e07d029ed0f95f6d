// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// compareCounts is the cheapest level: how many objects there are.
func (c *pimCheck) compareCounts() {
	src, dst := c.result.Source.Objects, c.result.Destination.Objects
	switch {
	case src > dst:
		c.result.Verdicts[pim.VerdictMissing] = src - dst
	case dst > src:
		c.result.Verdicts[pim.VerdictExtra] = dst - src
	}
	c.result.Verdicts[pim.VerdictEqual] = min(src, dst)
	if src != dst {
		c.differ(PIMObject{Verdict: pim.VerdictChanged, Sentence: fmt.Sprintf("%s hold %s at the source and %s at the destination",
			c.kind, count(int64(src), "object"), count(int64(dst), "object"))})
	}
}

// conclude gives every object its last word, with what the copier has noted about it.
func (c *pimCheck) conclude() {
	c.yield()
	c.settleTargets()
	merged := c.mergedForms()
	for _, r := range c.records {
		c.explain(r, merged)
		at := &c.result.Collections[r.collection]
		at.Verdicts[r.verdict]++
		c.result.Verdicts[r.verdict]++
		o := PIMObject{Verdict: r.verdict, Collection: at.Source, Object: printable(r.name), Sentence: printable(r.sentence), Escrow: c.note(r).Escrow}
		switch {
		case r.verdict == pim.VerdictRepaired && len(c.result.Repaired) < c.limit:
			c.result.Repaired = append(c.result.Repaired, o)
		case !r.verdict.Harmless():
			c.differ(o)
		}
	}
	for _, e := range c.leftover {
		c.result.Verdicts[pim.VerdictExtra]++
		sentence := "it is only at the destination"
		if c.gone[noteKey(dav.Key(e.at.Href), e.name)] {
			sentence += ": it was copied there, and has vanished at the source since"
		}
		c.differ(PIMObject{Verdict: pim.VerdictExtra, Collection: e.at.Href, Object: printable(e.name), Sentence: sentence})
	}
}

// yield lets what the copier has noted as gone be what is missing of several that are the same, where another of them was
// found: which of them was paired is chance.
func (c *pimCheck) yield() {
	open := map[form][]*pimRecord{}
	for _, r := range c.records {
		if r.verdict == "" && !r.unreadable && !c.note(r).Missing() {
			f := form{r.collection, r.form}
			open[f] = append(open[f], r)
		}
	}
	for _, r := range c.records {
		f := form{r.collection, r.form}
		if others := open[f]; r.verdict.Harmless() && c.note(r).Missing() && len(others) > 0 {
			other := others[0]
			open[f] = others[1:]
			r.verdict, other.verdict = other.verdict, r.verdict
			r.target, other.target = other.target, r.target
			r.sentence, other.sentence = other.sentence, r.sentence
		}
	}
}

// uncross lets each of two objects that are the same be found in its own place, where they were found in each other's:
// which of the two was paired with which is chance.
func (c *pimCheck) uncross() {
	strays := map[[32]byte][]*pimRecord{}
	for _, r := range c.records {
		home := c.result.Collections[r.collection].Destination
		if r.target == "" || r.target == home || !r.verdict.Harmless() {
			continue
		}
		for _, other := range strays[r.form] {
			if other.target == home {
				r.target, other.target = other.target, r.target
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

// mergedForms are those of which the destination has an object that is as the source's, while the copier has merged
// others with it, or it with others: which of several that are the same is called the one is chance. Having but the
// UID of another is not enough: one of the two may have been changed since.
func (c *pimCheck) mergedForms() map[form]bool {
	there, noted := map[form]bool{}, map[form]bool{}
	for _, r := range c.records {
		f := form{r.collection, r.form}
		there[f] = there[f] || r.verdict != "" && r.verdict.Harmless()
		noted[f] = noted[f] || c.note(r).State == ledger.ObjectMerged
	}
	maps.DeleteFunc(noted, func(f form, merged bool) bool { return !merged || !there[f] })
	return noted
}

// settleTargets says where each collection of the source is: where most of it was found. What was found in another
// one is not where the source has it: a server that allows a UID once has it in one calendar of two, its user may have moved
// it, and a calendar that lacks an event is not equal.
func (c *pimCheck) settleTargets() {
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
			more, most := found[i][href], found[i][at.Destination]
			if more > most || more == most && c.namesakes(href, i) && !c.namesakes(at.Destination, i) {
				at.Destination = href
			}
		}
	}
	c.uncross()
	for _, r := range c.records {
		if at := c.result.Collections[r.collection]; r.target != "" && r.target != at.Destination {
			r.verdict = pim.VerdictChanged
			r.sentence = fmt.Sprintf("at the destination it is in another collection, %q", cmp.Or(c.targets[r.target].Name, lastName(r.target)))
		}
	}
}

func (c *pimCheck) note(r *pimRecord) ledger.Exception {
	return c.noted[noteKey(c.result.Collections[r.collection].Source, r.name)]
}

func noteKey(collection, name string) string { return collection + "\x00" + name }

// explain settles the verdict on one object of the source.
func (c *pimCheck) explain(r *pimRecord, merged map[form]bool) {
	note := c.note(r)
	switch {
	case r.verdict == "" && note.State == ledger.ObjectQuarantined:
		r.verdict, r.sentence = pim.VerdictQuarantined, note.Words
	case r.verdict == "" && note.Missing():
		r.verdict, r.sentence = pim.VerdictMissing, note.Words
	case r.verdict == "" && !r.unreadable && merged[form{r.collection, r.form}]:
		r.verdict, r.sentence = pim.VerdictRepaired, "the same as another object of its collection, which is at the destination"
	case r.verdict == "":
		r.verdict = pim.VerdictMissing
		r.sentence = cmp.Or(note.Words, r.sentence, "it is not at the destination")
	case r.verdict == pim.VerdictChanged && (note.State == ledger.ObjectStored && note.Escrow != "" || note.State == ledger.ObjectQuarantined):
		r.verdict, r.sentence = pim.VerdictQuarantined, note.Words
	case r.verdict.Harmless() && (note.Missing() || note.State == ledger.ObjectQuarantined) && dav.Key(r.target) != dav.Key(note.Target):
		// It may be all that there is of its collection, and is not where that goes.
		r.verdict, r.sentence = pim.VerdictChanged, note.Words
	case r.verdict == pim.VerdictChanged && note.State == ledger.ObjectConflict:
		r.sentence = note.Words
	case r.verdict == pim.VerdictChanged && note.Reverted():
		r.sentence = note.Words
	case r.verdict == pim.VerdictChanged && note.Behind():
		r.sentence = "the destination has an older version of it: " + cmp.Or(note.Words, "the newer one is held back")
	}
}

// differ lists a difference, as far as there is room.
func (c *pimCheck) differ(o PIMObject) {
	if len(c.result.Differences) < c.limit {
		c.result.Differences = append(c.result.Differences, o)
	} else {
		c.result.Unlisted++
	}
}
