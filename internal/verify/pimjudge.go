// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
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
	targets := make([]map[string]int, len(c.result.Collections))
	present := map[string]bool{} // UIDs of which the destination has an object that is as the source's
	for uid, records := range c.byUID {
		present[uid] = slices.ContainsFunc(records, func(r *pimRecord) bool { return r.verdict != "" && r.verdict.Harmless() })
	}
	for _, r := range c.records {
		c.explain(r, present)
		at := &c.result.Collections[r.collection]
		at.Verdicts[r.verdict]++
		c.result.Verdicts[r.verdict]++
		if targets[r.collection] == nil {
			targets[r.collection] = map[string]int{}
		}
		targets[r.collection][r.target]++
		o := PIMObject{Verdict: r.verdict, Collection: at.Source, Object: printable(r.name), Sentence: printable(r.sentence), Escrow: c.note(r).Escrow}
		switch {
		case r.verdict == pim.VerdictRepaired && len(c.result.Repaired) < c.limit:
			c.result.Repaired = append(c.result.Repaired, o)
		case !r.verdict.Harmless():
			c.differ(o)
		}
	}
	for i, found := range targets {
		for href, n := range found {
			if href != "" && n > found[c.result.Collections[i].Destination] {
				c.result.Collections[i].Destination = href
			}
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

func (c *pimCheck) note(r *pimRecord) ledger.Exception {
	return c.noted[noteKey(c.result.Collections[r.collection].Source, r.name)]
}

func noteKey(collection, name string) string { return collection + "\x00" + name }

// explain settles the verdict on one object of the source.
func (c *pimCheck) explain(r *pimRecord, present map[string]bool) {
	note := c.note(r)
	switch {
	case r.verdict == "" && note.State == ledger.ObjectQuarantined:
		r.verdict, r.sentence = pim.VerdictQuarantined, note.Words
	case r.verdict == "" && note.State == ledger.ObjectMerged && present[note.UID]:
		r.verdict, r.sentence = pim.VerdictRepaired, "the same as another object of its collection, which is at the destination"
	case r.verdict == "":
		r.verdict = pim.VerdictMissing
		r.sentence = cmp.Or(note.Words, r.sentence, "it is not at the destination")
	case r.verdict == pim.VerdictChanged && note.State == ledger.ObjectStored && note.Escrow != "":
		r.verdict, r.sentence = pim.VerdictQuarantined, note.Words
	case r.verdict == pim.VerdictChanged && note.State == ledger.ObjectConflict:
		r.sentence = note.Words
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
