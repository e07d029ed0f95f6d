// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// ObjectTerms is what a test knows of a move of contacts and calendars. The zero value wants each collection
// under the last part of its path.
type ObjectTerms struct {
	// Where tells the path of the collection, among those of the destination, into which a collection of the
	// source belongs; "" is nowhere.
	Where func(source *Collection, among []*Collection) (path string)
	// Own says that a collection of the destination is its user's own.
	Own func(destination *Collection) bool
}

// CompareObjects returns everything in which the destination is not what the source and the terms want.
func CompareObjects(src, dst *Objects, terms ObjectTerms) Differences {
	c := objectComparison{terms: terms}
	wanted := map[string][]*Collection{}
	for _, from := range src.Collections {
		if to, moves := c.where(from, dst.Collections); moves && to == nil {
			c.add(Difference{Kind: CollectionLost, Place: from.Path, Source: fmt.Sprintf("%d objects", len(from.Objects))})
		} else if moves {
			wanted[to.Path] = append(wanted[to.Path], from)
		}
	}
	for _, to := range dst.Collections {
		switch from := wanted[to.Path]; {
		case len(from) > 0:
			c.collection(from, to)
		case len(to.Objects) > 0 && (terms.Own == nil || !terms.Own(to)):
			c.add(Difference{Kind: CollectionExtra, Place: to.Path, Destination: fmt.Sprintf("%d objects", len(to.Objects))})
		}
	}
	return c.found
}

type objectComparison struct {
	terms ObjectTerms
	found Differences
}

func (c *objectComparison) add(d Difference) { c.found = append(c.found, d) }

func (c *objectComparison) where(from *Collection, all []*Collection) (to *Collection, moves bool) {
	var among []*Collection
	for _, one := range all {
		if one.Kind == from.Kind {
			among = append(among, one)
		}
	}
	want := func(one *Collection) bool { return path.Base(one.Path) == path.Base(from.Path) }
	if c.terms.Where != nil {
		told := c.terms.Where(from, among)
		if told == "" {
			return nil, false
		}
		want = func(one *Collection) bool { return one.Path == told }
	}
	if at := slices.IndexFunc(among, want); at >= 0 {
		return among[at], true
	}
	return nil, true
}

// thing is an object that has been read.
type thing struct {
	Object
	place  string
	uid    string
	root   *component
	fourth *component // of a contact that the server gives in another form as well
}

func (t *thing) title() string { return strings.TrimSpace(t.uid + " " + t.Name) }

// things reads the objects; what cannot be read has no root, and is compared by its octets.
func (c *objectComparison) things(all []*Collection, end string) (rest []*thing) {
	for _, one := range all {
		for _, o := range one.Objects {
			t := &thing{Object: o, place: one.Path}
			if o.Refusal != "" {
				d := Difference{Kind: ObjectUnreadable, Place: one.Path, Name: o.Name, What: o.Name, Source: o.Refusal}
				if end == "destination" {
					d.Source = ""
					d.Destination = o.Refusal
				}
				c.add(d)
				continue
			}
			if root, err := readObject(o.Data); err == nil {
				t.root, t.uid = root, root.uid()
			}
			if fourth, err := readObject(o.Fourth); err == nil {
				t.fourth = fourth
			}
			rest = append(rest, t)
		}
	}
	return rest
}

// collection compares one collection of the destination with those that belong into it.
func (c *objectComparison) collection(from []*Collection, to *Collection) {
	want := c.things(from, "source")
	got := c.things([]*Collection{to}, "destination")
	known := map[string]bool{}
	for _, t := range want {
		known[t.uid] = t.uid != ""
	}
	// The surest pairs first: the same in all, then the same UID and name, the same UID, and of what has no UID, or
	// cannot be read, the same name.
	equal := func(a, b *thing) bool { return a.uid == b.uid && len(compareThings(a, b)) == 0 }
	sameUID := func(a, b *thing) bool { return a.uid == b.uid && a.uid != "" }
	for _, alike := range []func(a, b *thing) bool{
		func(a, b *thing) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) },
		func(a, b *thing) bool { return bytes.Equal(a.Data, b.Data) },
		func(a, b *thing) bool { return a.Name == b.Name && equal(a, b) },
		equal,
		func(a, b *thing) bool { return a.Name == b.Name && sameUID(a, b) },
		sameUID,
		func(a, b *thing) bool { return a.Name == b.Name && (a.uid == "" || b.uid == "") },
	} {
		want, got = c.pair(want, got, alike)
	}
	for _, t := range want {
		c.add(Difference{Kind: ObjectLost, Place: t.place, Name: t.Name, What: t.title(), Source: t.facts()})
	}
	for _, t := range got {
		kind := ObjectExtra
		if known[t.uid] {
			kind = ObjectTwice
		}
		c.add(Difference{Kind: kind, Place: from[0].Path, Name: t.Name, What: t.title(), Destination: t.facts()})
	}
}

func (t *thing) facts() string { return fmt.Sprintf("%s, %d octets", t.Name, len(t.Data)) }

func (c *objectComparison) pair(want, got []*thing, alike func(a, b *thing) bool) (wantLeft, gotLeft []*thing) {
	byUID := map[string][]*thing{} // what has no UID may be anybody's
	for _, t := range got {
		byUID[t.uid] = append(byUID[t.uid], t)
	}
	taken := map[*thing]bool{}
	for _, t := range want {
		candidates := byUID[t.uid]
		if t.uid == "" {
			candidates = got
		} else if len(byUID[""]) > 0 {
			candidates = slices.Concat(candidates, byUID[""])
		}
		at := slices.IndexFunc(candidates, func(other *thing) bool { return !taken[other] && alike(t, other) })
		if at < 0 {
			wantLeft = append(wantLeft, t)
			continue
		}
		taken[candidates[at]] = true
		c.found = append(c.found, compareThings(t, candidates[at])...)
	}
	for _, t := range got {
		if !taken[t] {
			gotLeft = append(gotLeft, t)
		}
	}
	return wantLeft, gotLeft
}

// compareThings returns the one difference between two objects that are meant to be the same, or none.
func compareThings(a, b *thing) Differences {
	if bytes.Equal(a.Data, b.Data) {
		return nil
	}
	changed := Difference{Kind: ObjectChanged, Place: a.place, Name: a.Name, What: a.title()}
	if a.root == nil || b.root == nil {
		changed.Source, changed.Destination = a.facts(), b.facts()
		return Differences{changed}
	}
	only, other := unlike(a.root.entries(""), b.root.entries(""))
	if a.fourth != nil || b.fourth != nil {
		only, other = unlikeInVersions(a, b, only, other)
	}
	if len(only)+len(other) > 0 {
		changed.Source, changed.Destination = describe(only), describe(other)
		return Differences{changed}
	}
	if old, now := a.root.sequence(), b.root.sequence(); now < old {
		changed.Source, changed.Destination = fmt.Sprintf("SEQUENCE %d", old), fmt.Sprint(now)
		return Differences{changed}
	}
	if slices.Equal(a.root.zoneLines(), b.root.zoneLines()) {
		return nil // the same rules in the same zones
	}
	if x, y := a.root.occurrences(), b.root.occurrences(); !slices.Equal(x, y) {
		first := 0
		for first < min(len(x), len(y)) && x[first] == y[first] {
			first++
		}
		changed.Kind = OccurrencesDiffer
		changed.Source, changed.Destination = at(x, first), at(y, first)
		return Differences{changed}
	}
	return nil
}

// unlikeInVersions compares contacts of which a server gives two forms: as 3.0 Cyrus cuts what only 4.0 can
// hold, as 4.0 it rewrites what is stored as 3.0. They are the same if they are in the fuller form, or if they are
// in the plain one and no property is missing in the fuller one.
func unlikeInVersions(a, b *thing, only, other []entry) (onlyA, onlyB []entry) {
	x := cmp.Or(a.fourth, a.root).entries("")
	y := cmp.Or(b.fourth, b.root).entries("")
	onlyA, onlyB = unlike(x, y)
	if len(only)+len(other) == 0 && slices.Equal(propertyNames(x), propertyNames(y)) {
		return nil, nil
	}
	return onlyA, onlyB
}

func propertyNames(all []entry) (names []string) {
	for _, e := range all {
		names = append(names, strings.TrimPrefix(e.name, "X-ADDRESSBOOKSERVER-"))
	}
	slices.Sort(names)
	return names
}

func at(list []string, i int) string {
	if i >= len(list) {
		return fmt.Sprintf("%d times in all", len(list))
	}
	return list[i]
}

// unlike returns what only one side says. What a server adds for itself does not count: properties and parameters
// that begin with X-.
func unlike(a, b []entry) (onlyA, onlyB []entry) {
	left := slices.Clone(b)
	take := func(same func(entry) bool) bool {
		at := slices.IndexFunc(left, same)
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
		}
		return at >= 0
	}
	var second []entry
	for _, e := range a {
		if !take(func(o entry) bool { return o.where == e.where && o.what == e.what }) {
			second = append(second, e)
		}
	}
	for _, e := range second {
		if !take(func(o entry) bool { return o.where == e.where && o.rest == e.rest && onlyAdded(e.params, o.params) }) {
			onlyA = append(onlyA, e)
		}
	}
	for _, e := range left {
		if !strings.HasPrefix(e.name, "X-") {
			onlyB = append(onlyB, e)
		}
	}
	return onlyA, onlyB
}

// onlyAdded says that the second list of parameters is the first and some of the server's own, or of those
// that say what goes without saying.
func onlyAdded(before, after string) bool {
	old := params(before)
	now := params(after)
	for _, p := range now {
		if !slices.Contains(old, p) && !strings.HasPrefix(p, "X-") && p != "VALUE=text" && p != "VALUE=date-time" {
			return false
		}
	}
	for _, p := range old {
		if !slices.Contains(now, p) && p != "VALUE=text" && p != "VALUE=date-time" {
			return false
		}
	}
	return true
}

func params(joined string) []string {
	return strings.FieldsFunc(joined, func(r rune) bool { return r == ';' })
}

// describe shows what differs, cut short.
func describe(entries []entry) string {
	var shown []string
	for _, e := range entries[:min(len(entries), 5)] {
		shown = append(shown, fmt.Sprintf("%s %.120q", e.where, e.what))
	}
	if len(entries) > len(shown) {
		shown = append(shown, fmt.Sprintf("%d more", len(entries)-len(shown)))
	}
	return strings.Join(shown, ", ")
}
