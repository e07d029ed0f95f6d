// SPDX-License-Identifier: Apache-2.0

package proof

import (
	"fmt"
	"maps"
	"net/url"
	"slices"

	"rehome/lab/judge"
)

// mayMean lists what the judge may see of an object that the verifier has a verdict on.
func mayMean(verdict string) []judge.Kind {
	switch verdict {
	case "repaired":
		return []judge.Kind{judge.ObjectChanged, judge.ObjectLost, judge.OccurrencesDiffer}
	case "quarantined":
		return []judge.Kind{judge.ObjectChanged, judge.ObjectLost, judge.OccurrencesDiffer, judge.ObjectUnreadable}
	case "changed":
		return []judge.Kind{judge.ObjectChanged, judge.OccurrencesDiffer}
	case "missing":
		return []judge.Kind{judge.ObjectLost, judge.ObjectUnreadable}
	case "extra":
		return []judge.Kind{judge.ObjectExtra, judge.ObjectTwice}
	}
	return nil
}

// objectKinds are what the judge says of single objects.
func objectKinds() []judge.Kind {
	return []judge.Kind{
		judge.ObjectLost, judge.ObjectTwice, judge.ObjectExtra, judge.ObjectChanged, judge.ObjectUnreadable, judge.OccurrencesDiffer,
	}
}

// disagreeOnObjects compares the verdicts on each object, by its name.
func disagreeOnObjects(a Account, v verified, judged judge.Differences) (lines []string) {
	theirs := map[string][]object{}
	ours := map[string]judge.Differences{}
	for _, k := range []*struct {
		Differences, Repaired []object
		Unlisted              int
	}{v.Contacts, v.Calendars} {
		if k == nil {
			return []string{"the verifier has not compared contacts or calendars"}
		}
		if k.Unlisted > 0 {
			return nil // too much differs for a comparison of each
		}
		for _, o := range slices.Concat(k.Differences, k.Repaired) {
			name, err := url.PathUnescape(o.Object)
			if err != nil {
				name = o.Object
			}
			theirs[name] = append(theirs[name], o)
		}
	}
	for _, d := range judged.Of(objectKinds()...) {
		ours[d.Name] = append(ours[d.Name], d)
	}
	for name := range maps.Keys(theirs) {
		if _, both := ours[name]; !both {
			ours[name] = nil
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if !a.agree(theirs[name], ours[name]) {
			lines = append(lines, fmt.Sprintf("object %q\n  the verifier: %v\n  the judge: %s", name, theirs[name], ours[name]))
		}
	}
	return lines
}

// agree says that the two may have seen the same of one object.
func (a Account) agree(theirs []object, ours judge.Differences) bool {
	var allowed []judge.Kind
	must := false
	for _, o := range theirs {
		allowed = append(allowed, mayMean(o.Verdict)...)
		must = must || o.Verdict != "repaired"
	}
	for _, d := range ours {
		if !slices.Contains(allowed, d.Kind) {
			return false
		}
		if !must && !a.foreseen(d) {
			return false // a repair that nobody foresaw
		}
	}
	return !must || len(ours) > 0
}
