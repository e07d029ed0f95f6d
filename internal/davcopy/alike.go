// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// A server that chooses the names of collections has kept what people call them, and people call several the same. Without a
// ledger, which of them is which is told by what they hold.

// findAlike looks for a collection that was made for the source's before: by a request whose answer was lost, on a server that
// chooses names, or by a move whose ledger is lost. Then that one is the one, and no other is made beside it.
func (j *collectionJob) findAlike(ctx context.Context) (found bool, err error) {
	if rows, err := j.ledger().Objects(ctx, j.row); err != nil || len(rows) > 0 { // what has gone somewhere goes on there
		return false, err
	}
	made, err := j.chosen(ctx, j.place.alike)
	if err == nil && made == nil {
		made, err = j.unnamed(ctx)
	}
	if err == nil && made == nil {
		made, err = j.heldMostly(ctx)
	}
	if err == nil && made == nil {
		made, err = j.spareOne(ctx)
	}
	if err != nil || made == nil {
		return false, err
	}
	return true, j.goTo(ctx, *made, j.place.begun)
}

// unnamed is the collection without a displayname that holds something of what the source's holds, nil for none: on a server that
// keeps no names and chooses hrefs it is told by nothing else. Any other of the source that has no place may be meant as well. The main
// one, unless it is but the only one, and one that is empty, may be anybody's.
func (j *collectionJob) unnamed(ctx context.Context) (*dav.Collection, error) {
	var all []dav.Collection
	for _, key := range slices.Sorted(maps.Keys(j.place.others)) {
		c := j.place.others[key]
		if c.Name == "" && c.Writable() && takesAll(c, j.place.source) && (j.place.lone || key != dav.Key(j.place.fallback)) {
			all = append(all, c)
		}
	}
	all, own, there, err := j.holdings(ctx, all, j.place.homeless)
	if err != nil {
		return nil, err
	}
	placed, _ := matched(own, there)
	if i, found := placed[0]; found {
		return &all[i], nil
	}
	return nil, nil //nolint:nilnil // none of them
}

// heldMostly is the collection that was made for the source's by what it holds, nil for none: its user calls it otherwise by now, or
// nobody may write into it any more.
func (j *collectionJob) heldMostly(ctx context.Context) (*dav.Collection, error) {
	var all []dav.Collection
	for _, c := range j.place.mine {
		if !takesAll(c, j.place.source) || !j.place.lone && dav.Key(c.Href) == dav.Key(j.place.fallback) {
			continue
		}
		holds, err := j.heldNow(ctx, j.slice.dst, c, false)
		if err != nil {
			return nil, faultOf(err, "read at the destination", c.Href)
		}
		if len(holds) > 0 { // else nothing needs to be read at the source
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b dav.Collection) int { return cmp.Compare(dav.Key(a.Href), dav.Key(b.Href)) })
	all, own, there, err := j.holdings(ctx, all, j.place.homeless)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	placed, _ := matched(own, there)
	i, found := placed[0]
	if !found {
		return nil, nil //nolint:nilnil // none of them
	}
	main, err := j.mainHolds(ctx, own[0])
	if err != nil || !madeFor(own[0], there[i], main, 0) {
		return nil, err
	}
	if !madeFor(own[0], there[i], main, 1) { // else no more of the source needs to be read
		if theirs, err := j.nobodys(ctx, own[0], there[i]); err != nil || theirs > 0 {
			return nil, err
		}
	}
	return &all[i], nil
}

// nobodys counts what a collection of the destination holds and none of the source does.
func (j *collectionJob) nobodys(ctx context.Context, own, there map[string]int) (int, error) {
	left := without(there, own)
	for _, c := range j.place.rest {
		if len(left) == 0 {
			break
		}
		holds, err := j.heldNow(ctx, j.slice.src, c, true)
		if err != nil {
			return 0, faultOf(err, "read at the source", c.Href)
		}
		left = without(left, holds)
	}
	return total(left), nil
}

// without are the objects that one has more often than another. It is pure.
func without(a, b map[string]int) map[string]int {
	all := map[string]int{}
	for what, times := range a {
		if n := times - b[what]; n > 0 {
			all[what] = n
		}
	}
	return all
}

// madeFor reports whether a collection was made for what one of the source holds, by what it holds, and what the main one does. Where it
// has less than half of the source's, and that is less than half of what it has, it is one of their own, into which its user has brought
// something over; and so it is where the main one has more of that, because the source's own was refused before, or as much,
// and this one has anything that is theirs, which the source has nowhere. What both have does not count against one that has nothing of
// theirs: the source has moved it, and it was left in the main one. It is pure.
func madeFor(own, there, main map[string]int, theirs int) bool {
	held, all := common(own, there), total(there)
	most := 2*held >= all || 2*held >= objects(own)
	return most && (held > common(own, main) || theirs == 0 && held >= common(own, without(main, there)))
}

// objects counts those that could be read of what a collection of the source holds, which is noted by names, too. It is pure.
func objects(own map[string]int) (n int) {
	for what, times := range own {
		if !strings.HasPrefix(what, byName) {
			n += times
		}
	}
	return n
}

// spareOne is the only collection that is left, for the source's main one, nil where what it holds is another one's.
func (j *collectionJob) spareOne(ctx context.Context) (*dav.Collection, error) {
	spare := j.place.spare
	if spare == nil {
		return nil, nil //nolint:nilnil // there is none
	}
	if holds, err := j.contents(ctx, j.slice.dst, spare, false); err != nil || len(holds) == 0 {
		return spare, faultOf(err, "read at the destination", spare.Href)
	}
	_, own, there, err := j.holdings(ctx, []dav.Collection{*spare}, j.place.homeless)
	if err != nil || len(there) == 0 {
		return nil, err
	}
	placed, taken := matched(own, there)
	if _, mine := placed[0]; taken[0] && !mine {
		return nil, nil //nolint:nilnil // it is another one's
	}
	return spare, nil
}

// chosen is the one of several collections of one displayname that the source's has gone to before, nil for none: the one that holds
// the most of what it holds, unless that is another one's of the source that is called the same; else, where none is, the only one
// that holds anything; else one that is empty, made by a request whose answer was lost.
func (j *collectionJob) chosen(ctx context.Context, alike []dav.Collection) (*dav.Collection, error) {
	alike, own, there, err := j.holdings(ctx, alike, j.place.namesakes)
	if err != nil || len(alike) == 0 {
		return nil, err
	}
	i := choose(own, there, len(j.place.namesakes) == 0)
	if i >= 0 && len(there[i]) == 0 {
		// An empty one was made for another of its displayname.
		if main, err := j.mainHolds(ctx, own[0]); common(own[0], main) > 0 || err != nil {
			return nil, err
		}
	}
	if i >= 0 {
		return &alike[i], nil
	}
	return nil, nil //nolint:nilnil // none of them
}

// mainHolds is what the destination's main collection holds, where one of the source may have gone there because it was refused: nothing
// is known of it yet.
func (j *collectionJob) mainHolds(ctx context.Context, own map[string]int) (map[string]int, error) {
	main, there := j.place.others[dav.Key(j.place.fallback)]
	if j.place.begun || !there || len(own) == 0 {
		return map[string]int{}, nil
	}
	holds, err := j.contents(ctx, j.slice.dst, &main, false)
	return holds, faultOf(err, "read at the destination", main.Href)
}

// holdings returns those of some collections that nothing of the source goes to, what each of them holds, and what is held by the
// source's, first, and by those others of the source that have no place. What is named for one of them, and holds anything of it, is that
// one's, however much of another it holds: nobody may write into it any more, else it would have its place there.
func (j *collectionJob) holdings(ctx context.Context, all, others []dav.Collection) (free []dav.Collection, own, there []map[string]int, err error) {
	free, used, err := j.unused(ctx, all)
	if err != nil || len(free) == 0 {
		return nil, nil, nil, err
	}
	var sources []dav.Collection
	for _, c := range append([]dav.Collection{j.place.source}, others...) {
		if used[c.Href] { // it has its place
			continue
		}
		sources = append(sources, c)
		holds, err := j.heldNow(ctx, j.slice.src, c, true)
		if err != nil {
			return nil, nil, nil, faultOf(err, "read at the source", c.Href)
		}
		own = append(own, holds)
	}
	all, free = free, nil
	for _, c := range all {
		holds, err := j.heldNow(ctx, j.slice.dst, c, false)
		if err != nil {
			return nil, nil, nil, faultOf(err, "read at the destination", c.Href)
		}
		switch named := namedFor(c, holds, sources, own); {
		case named == 0:
			return []dav.Collection{c}, own[:1], []map[string]int{holds}, nil
		case named < 0:
			free, there = append(free, c), append(there, holds)
		}
	}
	return free, own, there, nil
}

// namedFor tells for which collection of the source one of the destination is named that holds anything of it, -1 for none. It is pure.
func namedFor(c dav.Collection, holds map[string]int, sources []dav.Collection, own []map[string]int) int {
	for i := range sources {
		if isNamedFor(c, sources[i]) && common(own[i], holds) > 0 {
			return i
		}
	}
	return -1
}

// choose tells which collection of the destination is the first of those of the source, by what they hold; -1 for none. What two have
// the most in common goes together first. alone says that no other of the source could be meant; one that holds nothing there is not meant
// by what holds something. It is pure.
func choose(own, there []map[string]int, alone bool) int {
	alone = alone || len(own[0]) > 0 && !slices.ContainsFunc(own[1:], func(other map[string]int) bool { return len(other) > 0 })
	placed, taken := matched(own, there)
	if d, found := placed[0]; found {
		return d
	}
	var full, empty []int
	for d := range there {
		switch {
		case taken[d]:
		case len(there[d]) == 0:
			empty = append(empty, d)
		default:
			full = append(full, d)
		}
	}
	if alone && len(full) == 1 {
		return full[0]
	}
	if len(empty) > 0 {
		return empty[0]
	}
	return -1
}

// matched puts collections together by what they have in common: for those of the source, which of the destination it is, and which
// of these are taken so. It is pure.
func matched(own, there []map[string]int) (placed map[int]int, taken map[int]bool) {
	type pair struct{ source, destination, common int }
	var pairs []pair
	for s := range own {
		for d := range there {
			pairs = append(pairs, pair{s, d, common(own[s], there[d])})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { // the most of it, with the least of anything else
		return cmp.Or(cmp.Compare(b.common, a.common), cmp.Compare(len(there[a.destination]), len(there[b.destination])))
	})
	placed, taken = map[int]int{}, map[int]bool{}
	for _, p := range pairs {
		if _, has := placed[p.source]; has || p.common == 0 || taken[p.destination] {
			continue
		}
		placed[p.source], taken[p.destination] = p.destination, true
	}
	return placed, taken
}

// lister reads what a collection holds.
type lister interface {
	Changes(ctx context.Context, c *dav.Collection, since dav.Mark, each func(dav.Item) error) (dav.Listing, error)
	Read(ctx context.Context, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error
}

// heldNow is contents, read once in a slice: for collections of the source, and those of the destination that nothing goes to.
func (j *collectionJob) heldNow(ctx context.Context, end lister, c dav.Collection, named bool) (map[string]int, error) {
	j.slice.mu.Lock()
	holds, read := j.slice.holdings[holder{c.Href, named}]
	j.slice.mu.Unlock()
	if read {
		return holds, nil
	}
	holds, err := j.contents(ctx, end, &c, named)
	if err != nil {
		return nil, err
	}
	j.slice.mu.Lock()
	defer j.slice.mu.Unlock()
	j.slice.holdings[holder{c.Href, named}] = holds
	return holds, nil
}

// holder is a collection of which it was read what it holds: at the source by names, too.
type holder struct {
	href   string
	source bool
}

// contents are the objects of a collection by what tells them apart, and how many there are of each: the UID, or what they are. Of what
// cannot be read its name is all that there is; named says that all are known by their names, too.
func (j *collectionJob) contents(ctx context.Context, end lister, c *dav.Collection, named bool) (map[string]int, error) {
	items := map[string]dav.Item{}
	_, err := end.Changes(ctx, c, dav.Mark{}, func(item dav.Item) error {
		if items[item.Href] = item; item.Removed {
			delete(items, item.Href)
		}
		return nil
	})
	all := map[string]int{}
	if err != nil || len(items) == 0 {
		return all, err
	}
	err = readPatiently(ctx, end, c, inOrder(items), func(o dav.Object) error {
		object, err := inspect(o.Data)
		if unread := o.Err != nil || err != nil; unread || named {
			all[byName+decodedName(o.Href)]++
			if unread {
				return nil
			}
		}
		switch {
		case pim.IsTrial(o.Data):
		case object.UID != "":
			if all[object.UID]++; named { // what is not read there may have this name, too
				all[byName+pim.NameFor(object.UID, j.content())]++
			}
		default:
			form, _ := pim.Digest(o.Data, j.content())
			all[string(form[:])]++
		}
		return nil
	})
	return all, err
}

// readings is how often an object is asked for that is not returned, where a collection is told by what it holds.
const readings = 3

// readPatiently reads objects, and asks again for those that are not returned: a server that fails at one for a moment would hide
// whose a collection is. What is not returned in the end comes with its error.
func readPatiently(ctx context.Context, end lister, c *dav.Collection, items []dav.Item, each func(dav.Object) error) error {
	for reading := 1; len(items) > 0; reading++ {
		asked := map[string]dav.Item{}
		for _, item := range items {
			asked[item.Href] = item
		}
		items = nil
		err := end.Read(ctx, c, inOrder(asked), func(o dav.Object) error {
			if item, known := asked[o.Href]; known && o.Err != nil && !isGone(o.Err) && reading < readings {
				items = append(items, item)
				return nil
			}
			return each(o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// byName begins what stands for an object by its name.
const byName = "\x1e"

// total counts all objects. It is pure.
func total(all map[string]int) (n int) {
	for _, times := range all {
		n += times
	}
	return n
}

// common counts the objects that both have. It is pure.
func common(a, b map[string]int) (n int) {
	for what, times := range a {
		n += min(times, b[what])
	}
	return n
}

// madeBefore is the only collection of that displayname that nothing of the source goes to, nil where there is none.
func (j *collectionJob) madeBefore(ctx context.Context, all []dav.Collection, name string) (*dav.Collection, error) {
	all, _, err := j.unused(ctx, all)
	all = slices.DeleteFunc(all, func(c dav.Collection) bool { return c.Name != name || !c.Writable() })
	if err != nil || len(all) != 1 {
		return nil, err
	}
	return &all[0], nil
}

// unused are those collections of the destination that nothing else of the source goes to, and the hrefs of what does at the source. What
// has gone into a closed one that is named for this one of the source, because its own was refused, does not bar it from there.
func (j *collectionJob) unused(ctx context.Context, all []dav.Collection) (unused []dav.Collection, going map[string]bool, err error) {
	known, err := j.ledger().Collections(ctx, j.slice.account.Address)
	used, going := maps.Clone(j.place.claimed), map[string]bool{}
	if used == nil {
		used = map[string]bool{}
	}
	for href, row := range known {
		if row.ID != j.row.ID {
			target, there := j.place.others[dav.Key(row.Destination)]
			going[href] = there
			guest := there && !target.Writable() && isNamedFor(target, j.place.source) && !isNamedFor(target, dav.Collection{Href: href})
			used[dav.Key(row.Destination)] = used[dav.Key(row.Destination)] || !guest
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c dav.Collection) bool { return used[dav.Key(c.Href)] }), going, err
}
