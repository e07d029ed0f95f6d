// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dav"
)

// view is what both ends show of an account's collections of one kind.
type view struct {
	kind             dav.Kind
	src, dst         []dav.Collection
	srcHome, dstHome *dav.Home
	known            map[string]string // by source href: where the ledger says that it goes
	hidden           map[string]bool   // by key: listed at the source, and not shown; these are not deleted
}

// placement says where one source collection goes.
type placement struct {
	source      dav.Collection
	destination string                    // href
	exists      bool                      // at the destination
	target      dav.Collection            // the one that exists
	shared      bool                      // another collection of the source goes there too
	others      map[string]dav.Collection // what the destination has listed, and what was made since, by key; shared by all placements
	claimed     map[string]bool           // where anything of the source goes by this plan, by key; shared by all placements
	fallback    string                    // href of the default one, for a server that makes no collections; "" for none
	lone        bool                      // that is but the only one there
	main        string                    // href of the source's main one
	closedMain  string                    // href of the destination's main one where nobody may write into it, "" where that is not so
	begun       bool                      // the ledger knows it
	alike       []dav.Collection          // that may be the one, should it not exist
	mine        []dav.Collection          // all at the destination that are the account's own, also those that nobody may write into
	namesakes   []dav.Collection          // others of the source that have its displayname, and no place that exists
	homeless    []dav.Collection          // all others of the source that have no place that exists
	rest        []dav.Collection          // all others of the source
	spare       *dav.Collection           // for the main one: the only one that is left, unless another one's things are in it; nil for none
}

// plan is where everything goes.
type plan struct {
	placements []placement
	left       []mapping.LeftCollection
	unshown    []error     // collections that an end lists and does not show
	deleted    []placement // known, and at the source no more; those that the destination still has
	nowhere    []placement // known, and at neither end any more
}

// plan decides where each collection goes: where the ledger has put it before; else into the one of the same name, or of the
// name that rehome had to give it; the main one into the destination's main one, because many clients show no other; else into
// the only one that people call the same; the main one into the only one that is left, unless
// what that holds is another one's; else into a new one. Without a ledger
// everything goes where it went before, as long as the names are the same: a server that has chosen the name of a new collection
// has kept what people call it, and of several that are called the same what they hold tells which is which.
func (v view) plan() plan {
	principal := ""
	if v.srcHome != nil {
		principal = v.srcHome.Principal
	}
	moving, left := mapping.SplitCollections(v.src, principal)
	if v.dstHome == nil || len(v.dstHome.HomeSets) == 0 {
		return plan{placements: bare(moving), left: left}
	}
	p := &planner{view: v, taken: map[string]bool{}, byKey: map[string]dav.Collection{}}
	for _, c := range v.dst {
		p.byKey[dav.Key(c.Href)] = c
	}
	p.mine, _ = mapping.SplitCollections(v.dst, v.dstHome.Principal)
	p.fallback = mainOf(p.usable(), v.dstHome)
	srcMain := mainOf(moving, v.srcHome)
	lone := standingOut(p.usable(), v.dstHome) == ""
	placed := make([]placement, len(moving))
	var guests []string
	for _, rule := range []func(dav.Collection) string{
		func(c dav.Collection) string { return p.before(c) },
		func(c dav.Collection) string { return p.sameName(c) },
		func(c dav.Collection) string { return p.mainFor(c, srcMain, standingOut(p.usable(), p.dstHome)) },
		func(c dav.Collection) string { return p.onlyAlike(c, moving) },
		func(c dav.Collection) string { return p.leftFor(c, srcMain, moving, placed) },
		func(c dav.Collection) string { return p.fresh(c) },
	} {
		for i, c := range moving {
			if placed[i].destination != "" {
				continue
			}
			href := rule(c)
			switch {
			case href == "":
				continue
			case p.isGuest(c, srcMain):
				guests = append(guests, dav.Key(href))
			default:
				p.taken[dav.Key(href)] = true
			}
			placed[i] = p.place(c, href)
			placed[i].main, placed[i].closedMain, placed[i].lone = srcMain, p.closedMain(), lone
			placed[i].alike, placed[i].mine = p.calledAlike(c), p.mine
		}
	}
	for _, key := range guests {
		p.taken[key] = true
	}
	p.noteRivals(placed)
	return plan{placements: placed, left: left, deleted: p.deleted(), nowhere: p.nowhere()}
}

// noteRivals notes with each placement what else of the source may be meant by what is at the destination.
func (p *planner) noteRivals(placed []placement) {
	homeless := unplaced(placed)
	for i := range placed {
		one := &placed[i]
		for k := range placed {
			if k != i {
				one.rest = append(one.rest, placed[k].source)
			}
		}
		one.namesakes = namesakes(one.source, homeless)
		one.homeless = slices.DeleteFunc(slices.Clone(homeless), func(other dav.Collection) bool { return other.Href == one.source.Href })
		if spare, there := p.byKey[dav.Key(p.spare)]; there && one.source.Href == one.main && !one.exists {
			one.spare = &spare
		}
	}
}

// unplaced are the collections of the source for which there is none at the destination yet.
func unplaced(placed []placement) (all []dav.Collection) {
	for _, p := range placed {
		if !p.exists {
			all = append(all, p.source)
		}
	}
	return all
}

// mainFirst puts the source's main collection before the others.
func mainFirst(a, b placement) int {
	behind := func(p placement) int {
		if p.source.Href == p.main {
			return 0
		}
		return 1
	}
	return cmp.Compare(behind(a), behind(b))
}

// deleted are the known collections that the source has no more.
func (p *planner) deleted() []placement {
	listed := map[string]bool{}
	for _, c := range p.src {
		listed[c.Href] = true
	}
	var all []placement
	for _, href := range slices.Sorted(maps.Keys(p.known)) {
		key := dav.Key(p.known[href])
		target, exists := p.byKey[key]
		if exists && !listed[href] && !p.hidden[dav.Key(href)] {
			all = append(all, placement{
				source: dav.Collection{Href: href, Name: target.Name}, destination: p.known[href], exists: true, target: target, shared: p.taken[key],
			})
		}
	}
	return all
}

// nowhere are the known collections that neither end lists any more.
func (p *planner) nowhere() []placement {
	listed := map[string]bool{}
	for _, c := range p.src {
		listed[c.Href] = true
	}
	var all []placement
	for _, href := range slices.Sorted(maps.Keys(p.known)) {
		if _, exists := p.byKey[dav.Key(p.known[href])]; !exists && !listed[href] && !p.hidden[dav.Key(href)] {
			all = append(all, placement{source: dav.Collection{Href: href}, destination: p.known[href]})
		}
	}
	return all
}

// moved are the known collections that the source calls by another href now, new by old: another way to read
// the account, or a server that has moved, shows the same collections below another root.
func (v view) moved() map[string]string {
	listed := map[string]bool{}
	strangers := map[string][]string{} // hrefs that nothing is known of, by the name of the collection
	for _, c := range v.src {
		listed[c.Href] = true
		if v.known[c.Href] == "" {
			strangers[decodedName(c.Href)] = append(strangers[decodedName(c.Href)], c.Href)
		}
	}
	moved := map[string]string{}
	for _, href := range slices.Sorted(maps.Keys(v.known)) {
		name := decodedName(href)
		if !listed[href] && !v.hidden[dav.Key(href)] && len(strangers[name]) == 1 {
			moved[href] = strangers[name][0]
			delete(strangers, name)
		}
	}
	return moved
}

// bare is a plan for a destination that offers no place.
func bare(moving []dav.Collection) []placement {
	var all []placement
	for _, c := range moving {
		all = append(all, placement{source: c})
	}
	return all
}

// planner is a plan being made.
type planner struct {
	view
	byKey    map[string]dav.Collection // at the destination
	taken    map[string]bool           // by key
	fallback string
	mine     []dav.Collection // the account's own ones at the destination
	spare    string           // href of the only collection that is left for the main one, where another of the source has no place either
}

// usable are the destination's collections that somebody may write into.
func (p *planner) usable() []dav.Collection {
	return slices.DeleteFunc(slices.Clone(p.mine), func(c dav.Collection) bool { return !c.Writable() })
}

// closedMain is the href of the destination's main collection where nobody may write into it, "" where that is not so.
func (p *planner) closedMain() string {
	main := mainOf(p.mine, p.dstHome)
	if c, there := p.byKey[dav.Key(main)]; main == "" || !there || c.Writable() {
		return ""
	}
	return main
}

func (p *planner) place(c dav.Collection, href string) placement {
	target, exists := p.byKey[dav.Key(href)]
	if exists && p.known[c.Href] == "" { // the ledger's own spelling stays what it was
		href = target.Href
	}
	return placement{
		source: c, destination: href, exists: exists, target: target, others: p.byKey, claimed: p.taken, fallback: p.fallback,
		begun: p.known[c.Href] != "",
	}
}

// before is where the ledger has put it, unless somebody has removed that collection and it was not ours
// alone to decide: a collection that is gone is made again under the same name.
func (p *planner) before(c dav.Collection) string { return p.known[c.Href] }

// isGuest reports whether a collection goes into the destination's main one because its own was refused. That does not bar the
// one that belongs there, which may not have had its turn yet when a pass ended.
func (p *planner) isGuest(c dav.Collection, srcMain string) bool {
	there := p.known[c.Href]
	return there != "" && c.Href != srcMain && dav.Key(there) == dav.Key(p.fallback) && !slices.Contains(names(c), decodedName(there))
}

// free returns the href unless another collection goes there.
func (p *planner) free(href string) string {
	if href == "" || p.taken[dav.Key(href)] {
		return ""
	}
	return href
}

// sameName is a collection that has the name of the source's, or one that a new collection would get: without a ledger that is
// the one that was made before. A name that is given only where the ones before it are another's comes first: nobody else would have
// given it, and what has the plain name was another's then; that counts also where nobody may write any more, and where the server has put
// something behind it.
func (p *planner) sameName(c dav.Collection) string {
	all := names(c)
	slices.Reverse(all)
	for _, name := range append(all, decodedName(c.Href)) {
		for _, there := range p.mine {
			made, called := name != decodedName(c.Href), decodedName(there.Href)
			is := called == name || made && strings.HasPrefix(called, name)
			if href := p.free(there.Href); is && href != "" && (made || there.Writable()) {
				return href
			}
		}
	}
	return ""
}

// onlyAlike is the href of the only collection that is called alike, where only one of the source is called so: of several what they
// hold has to tell which is which.
func (p *planner) onlyAlike(c dav.Collection, moving []dav.Collection) string {
	if len(namesakes(c, moving)) > 0 {
		return ""
	}
	return only(p.calledAlike(c))
}

// namesakes are the other collections of the source that have the displayname of one.
func namesakes(c dav.Collection, moving []dav.Collection) []dav.Collection {
	return slices.DeleteFunc(slices.Clone(moving), func(other dav.Collection) bool {
		return other.Href == c.Href || displayName(other) != displayName(c)
	})
}

// calledAlike are the collections with the displayname that a new one for the source's would get. What has been left of a collection
// that the source has deleted is not taken.
func (p *planner) calledAlike(c dav.Collection) []dav.Collection {
	same := func(other dav.Collection) bool { return displayName(other) == displayName(c) }
	used := map[string]bool{}
	for _, href := range p.known {
		used[dav.Key(href)] = true
	}
	return slices.DeleteFunc(p.usable(), func(there dav.Collection) bool {
		return there.Name == "" || !same(there) || !takesAll(there, c) || p.taken[dav.Key(there.Href)] || used[dav.Key(there.Href)]
	})
}

// takesAll reports whether a calendar takes what another one holds: events, where that does not say it.
func takesAll(there, c dav.Collection) bool {
	if len(c.Components) == 0 {
		return holdsEvents(there)
	}
	return !slices.ContainsFunc(c.Components, func(component string) bool { return !takes(there, component) })
}

// displayName is what a new collection for the source's is called.
func displayName(c dav.Collection) string { return cmp.Or(c.Name, decodedName(c.Href)) }

// fresh is a new collection's href: the source's own name where that is safe and free.
func (p *planner) fresh(c dav.Collection) string {
	home := p.dstHome.HomeSets[0]
	all := names(c)
	for {
		for _, name := range all {
			href := dav.Child(home, name) + "/"
			if _, exists := p.byKey[dav.Key(href)]; !exists && !p.taken[dav.Key(href)] {
				return href
			}
		}
		all = []string{hashed(all[len(all)-1])}
	}
}

// names are those that a new collection may get, the best first: they hang on the source's alone.
func names(c dav.Collection) []string {
	name := decodedName(c.Href)
	hash := hashed(name)
	all := []string{hash, hashed(hash), hashed(hashed(hash))}
	if pim.SafeName(name) {
		all = append([]string{name}, all...)
	}
	return all
}

// decodedName is the last segment without percent encoding.
func decodedName(href string) string {
	name := mapping.LastSegment(href)
	if decoded, err := url.PathUnescape(name); err == nil {
		return decoded
	}
	return name
}

func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// mainNames are what servers and clients call the collection that everybody has.
func mainNames() []string {
	return []string{"default", "calendar", "contacts", "addressbook", "personal", "home", "card"}
}

// mainOf returns the href of the main collection: the one that the server names (RFC 6638 section
// 9.2), else the one with a usual name, else the only one.
func mainOf(all []dav.Collection, home *dav.Home) string {
	if href := standingOut(all, home); href != "" {
		return href
	}
	return only(withEvents(all))
}

// standingOut is mainOf, "" where it is but the only one.
func standingOut(all []dav.Collection, home *dav.Home) string {
	if home != nil && home.Default != "" {
		for _, c := range all {
			if dav.Key(c.Href) == dav.Key(home.Default) {
				return c.Href
			}
		}
	}
	return usualMain(withEvents(all))
}

// mainFor is where the source's main collection goes: into the destination's, as long as nothing else goes there.
func (p *planner) mainFor(c dav.Collection, srcMain, main string) string {
	if c.Href != srcMain {
		return ""
	}
	return p.free(main)
}

// leftFor is the only collection that is left, for the main one. Where another one of the source has no place either, what it holds has
// to tell whose it is: it may have been made for that one by a move whose ledger is lost, and the main one be gone.
func (p *planner) leftFor(c dav.Collection, srcMain string, moving []dav.Collection, placed []placement) string {
	left := p.mainFor(c, srcMain, p.onlyFree(c, moving))
	open := 0
	for _, one := range placed {
		if one.destination == "" {
			open++
		}
	}
	if left == "" || open < 2 {
		return left
	}
	p.spare = left
	return ""
}

// onlyFree is the main collection where none stands out: the only one that nothing else goes to, or may go to by what it is called, so
// that it is the same one when the ledger is lost; "" for none.
func (p *planner) onlyFree(c dav.Collection, moving []dav.Collection) string {
	if standingOut(p.usable(), p.dstHome) != "" {
		return ""
	}
	return only(slices.DeleteFunc(withEvents(p.usable()), func(there dav.Collection) bool {
		anothers := func(other dav.Collection) bool { return other.Href != c.Href && displayName(other) == there.Name }
		return p.taken[dav.Key(there.Href)] || there.Name != "" && slices.ContainsFunc(moving, anothers)
	}))
}

// usualMain is the href of the one with a usual name, "" for none.
func usualMain(all []dav.Collection) string {
	for _, name := range mainNames() {
		for _, c := range all {
			if strings.EqualFold(decodedName(c.Href), name) {
				return c.Href
			}
		}
	}
	return ""
}

// only is the href of the only one, "" where there is none or others are.
func only(all []dav.Collection) string {
	if len(all) != 1 {
		return ""
	}
	return all[0].Href
}

func withEvents(all []dav.Collection) []dav.Collection {
	return slices.DeleteFunc(slices.Clone(all), func(c dav.Collection) bool { return !holdsEvents(c) })
}

// holdsEvents is false for a list of tasks.
func holdsEvents(c dav.Collection) bool {
	return len(c.Components) == 0 || slices.ContainsFunc(c.Components, func(name string) bool { return strings.EqualFold(name, "VEVENT") })
}
