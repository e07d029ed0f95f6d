// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

var begun = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func states() []ledger.ObjectState {
	return []ledger.ObjectState{
		ledger.ObjectIntent, ledger.ObjectStored, ledger.ObjectAdopted, ledger.ObjectMerged,
		ledger.ObjectQuarantined, ledger.ObjectConflict, ledger.ObjectHeld, ledger.ObjectGone,
	}
}

func someTerms(policy rehome.Deletions) terms {
	return terms{started: begun, deletions: policy, join: func(name string) dav.Item { return dav.Item{Href: name} }}
}

// drawn is a random collection: some names known, some listed, some both.
func drawn(t *rapid.T) (listed, map[string]ledger.Object) {
	source := listed{full: rapid.Bool().Draw(t, "full"), items: map[string]dav.Item{}, removed: map[string]bool{}}
	known := map[string]ledger.Object{}
	for i := range rapid.IntRange(0, 40).Draw(t, "objects") {
		name := fmt.Sprintf("%d.ics", i)
		etag := rapid.SampledFrom([]string{`"a"`, `"b"`, ""}).Draw(t, "etag")
		if rapid.Bool().Draw(t, "known") {
			known[name] = ledger.Object{
				Source: name, SrcETag: `"a"`, State: rapid.SampledFrom(states()).Draw(t, "state"), Form: rapid.SampledFrom([][]byte{{1}, nil}).Draw(t, "form"),
				Updated:     begun.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "when")) * time.Hour),
				Destination: name,
			}
			if row := known[name]; row.State == ledger.ObjectMerged {
				row.Destination = fmt.Sprintf("%d.ics", rapid.IntRange(0, 40).Draw(t, "merged with"))
				known[name] = row
			}
		}
		switch rapid.IntRange(0, 2).Draw(t, "at the source") {
		case 0:
			source.items[name] = dav.Item{Href: name, ETag: etag}
		case 1:
			source.removed[name] = !source.full
		}
	}
	return source, known
}

func TestDiff_properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source, known := drawn(t)
		policy := rapid.SampledFrom([]rehome.Deletions{rehome.DeletionsKeep, rehome.DeletionsMirror}).Draw(t, "policy")
		a := diff(source, known, someTerms(policy))
		d := decideVanished(a.vanished, a.there, someTerms(policy))
		wantNothingSharedRemoved(t, source, known, d)
		reads := map[string]bool{}
		for _, item := range a.read {
			if reads[item.Href] {
				t.Errorf("%s is read twice", item.Href)
			}
			reads[item.Href] = true
		}
		for name, item := range source.items {
			row, seen := known[name]
			if (!seen || item.ETag != row.SrcETag) && !reads[name] {
				t.Errorf("%s is new or changed and not read", name)
			}
			if seen && row.State == ledger.ObjectStored && item.ETag == row.SrcETag && reads[name] {
				t.Errorf("%s has not changed and is read", name)
			}
		}
		for _, row := range d.remove {
			if _, there := source.items[row.Source]; there || policy != rehome.DeletionsMirror || row.Form == nil ||
				row.State != ledger.ObjectStored && row.State != ledger.ObjectGone {
				t.Errorf("%+v is removed under policy %s", row, policy)
			}
		}
		for _, name := range d.forget {
			if known[name].State.There() && known[name].State != ledger.ObjectMerged {
				t.Errorf("%s is forgotten though the destination has it", name)
			}
		}
		if d.emptied > 0 && len(d.remove)+len(d.gone)+len(d.forget) > 0 {
			t.Errorf("%d vanished objects are doubted, and yet acted upon", d.emptied)
		}
	})
}

// What stands at the destination for an object that the source still has is never removed.
func wantNothingSharedRemoved(t *rapid.T, source listed, known map[string]ledger.Object, d departures) {
	removed := map[string]bool{}
	for _, row := range d.remove {
		removed[row.Destination] = true
	}
	for name, row := range known {
		_, there := source.items[name]
		vanished := !there && (source.full || source.removed[name] || row.State == ledger.ObjectGone)
		if row.State.There() && !vanished && removed[row.Destination] {
			t.Errorf("%s is removed, where %s stands", row.Destination, name)
		}
	}
}

// What a pass has settled, a second pass over the same source leaves alone.
func TestDiff_settledStaysSettled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source, _ := drawn(t)
		known := map[string]ledger.Object{}
		for name, item := range source.items {
			if item.ETag == "" {
				item.ETag = `"c"`
				source.items[name] = item
			}
			known[name] = ledger.Object{Source: name, SrcETag: item.ETag, State: rapid.SampledFrom([]ledger.ObjectState{
				ledger.ObjectStored, ledger.ObjectAdopted, ledger.ObjectMerged, ledger.ObjectConflict}).Draw(t, "state")}
		}
		if a := diff(source, known, someTerms(rehome.DeletionsMirror)); len(a.read)+len(a.successors)+len(a.vanished) > 0 {
			t.Errorf("%+v, want nothing to do", a)
		}
	})
}

func TestDiff_emptied(t *testing.T) {
	t.Parallel()
	known := map[string]ledger.Object{}
	for i := range 30 {
		name := fmt.Sprintf("%d.vcf", i)
		known[name] = ledger.Object{Source: name, State: ledger.ObjectStored, SrcETag: `"a"`, Form: []byte{1}}
	}
	for left, doubted := range map[int]bool{0: true, 14: true, 16: false, 29: false} {
		source := listed{full: true, items: map[string]dav.Item{}}
		for i := range left {
			name := fmt.Sprintf("%d.vcf", i)
			source.items[name] = dav.Item{Href: name, ETag: `"a"`}
		}
		a := diff(source, known, someTerms(rehome.DeletionsMirror))
		d := decideVanished(a.vanished, a.there, someTerms(rehome.DeletionsMirror))
		if (d.emptied > 0) != doubted || !doubted && len(d.remove) != 30-left {
			t.Errorf("%d of 30 left: doubted %d, removed %d; want doubted: %v", left, d.emptied, len(d.remove), doubted)
		}
	}
}

// That a whole collection is gone is never believed at once, however small it was.
func TestDepart_deletedCollection(t *testing.T) {
	t.Parallel()
	vanished := []ledger.Object{{Source: "a.ics", State: ledger.ObjectStored, Form: []byte{1}}}
	for _, deleted := range []bool{true, false} {
		for _, confirmed := range []bool{true, false} {
			terms := someTerms(rehome.DeletionsMirror)
			terms.deleted, terms.confirmed = deleted, confirmed
			d := decideVanished(vanished, 1, terms)
			if doubted := deleted && !confirmed; (d.emptied > 0) != doubted || (len(d.remove) > 0) == doubted {
				t.Errorf("deleted %v, confirmed %v: %+v", deleted, confirmed, d)
			}
		}
	}
}

// An object that is still open is tried again, whether or not the source lists it as changed: what was
// begun at once, what was given up in the next pass.
func TestDiff_openOnesAgain(t *testing.T) {
	t.Parallel()
	for _, state := range []ledger.ObjectState{ledger.ObjectIntent, ledger.ObjectQuarantined, ledger.ObjectHeld} {
		for before, want := range map[time.Duration]int{-time.Hour: 1, time.Hour: 0} {
			known := map[string]ledger.Object{"a.ics": {Source: "a.ics", State: state, SrcETag: `"a"`, Updated: begun.Add(before)}}
			for _, items := range []map[string]dav.Item{{}, {"a.ics": {Href: "a.ics", ETag: `"a"`}}} {
				if state == ledger.ObjectIntent {
					want = 1
				}
				got := len(diff(listed{items: items}, known, someTerms(rehome.DeletionsKeep)).read)
				if got != want {
					t.Errorf("%s, tried %s after the pass began, %d listed: %d read, want %d", state, before, len(items), got, want)
				}
			}
		}
	}
}

func TestPlan_everythingHasOnePlace(t *testing.T) {
	t.Parallel()
	names := []string{"default", "calendar", "work", "a%20b", "%C3%BC", "x y", "contact_birthdays", "personal"}
	rapid.Check(t, func(t *rapid.T) {
		collections := func(home, label string) []dav.Collection {
			var all []dav.Collection
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(names), func(s string) string { return s }).Draw(t, label) {
				all = append(all, dav.Collection{Href: home + name + "/", Kind: dav.Calendars})
			}
			return all
		}
		v := view{kind: dav.Calendars, src: collections("/s/", "src"), dst: collections("/d/", "dst"), known: map[string]string{},
			srcHome: &dav.Home{HomeSets: []string{"/s/"}}, dstHome: &dav.Home{HomeSets: []string{"/d/"}}}
		first := v.plan()
		if len(first.placements)+len(first.left) != len(v.src) {
			t.Fatalf("%d placed and %d left of %d", len(first.placements), len(first.left), len(v.src))
		}
		seen := map[string]bool{}
		for _, p := range first.placements {
			if p.destination == "" || seen[dav.Key(p.destination)] {
				t.Errorf("%s goes to %q, where another goes", p.source.Href, p.destination)
			}
			seen[dav.Key(p.destination)] = true
			v.known[p.source.Href] = p.destination
			if !p.exists {
				v.dst = append(v.dst, dav.Collection{Href: p.destination, Kind: dav.Calendars})
			}
		}
		usual := slices.DeleteFunc(slices.Clone(v.src), func(c dav.Collection) bool { return usualMain([]dav.Collection{c}) == "" })
		if known := v.known; len(usual) < 2 { // several may be the main one
			v.known = map[string]string{} // the ledger is lost
			for _, p := range v.plan().placements {
				if p.destination != known[p.source.Href] || !p.exists {
					t.Errorf("without a ledger %s goes to %s, which exists: %v; want %s", p.source.Href, p.destination, p.exists, known[p.source.Href])
				}
			}
			v.known = known
		}
		slices.Reverse(v.src)
		for _, p := range v.plan().placements {
			if p.destination != v.known[p.source.Href] || !p.exists {
				t.Errorf("the next pass sends %s to %s, which exists: %v; want %s", p.source.Href, p.destination, p.exists, v.known[p.source.Href])
			}
		}
	})
}

func TestPlan_mainIntoMain(t *testing.T) {
	t.Parallel()
	home := func(named string) *dav.Home { return &dav.Home{HomeSets: []string{"/d/"}, Default: named} }
	for name, test := range map[string]struct {
		src, dst []string
		named    string
		want     string // where /s/default/ goes
	}{
		"usual names":       {[]string{"default", "work"}, []string{"calendar"}, "", "/d/calendar/"},
		"the server names":  {[]string{"default"}, []string{"calendar", "xyz"}, "/d/xyz", "/d/xyz/"},
		"the only one":      {[]string{"default"}, []string{"q1"}, "", "/d/q1/"},
		"nothing there yet": {[]string{"default"}, nil, "", "/d/default/"},
		"none stands out":   {[]string{"default"}, []string{"q1", "q2"}, "", "/d/default/"},
	} {
		v := view{kind: dav.Calendars, srcHome: &dav.Home{}, dstHome: home(test.named), known: map[string]string{}}
		for _, s := range test.src {
			v.src = append(v.src, dav.Collection{Href: "/s/" + s + "/"})
		}
		for _, d := range test.dst {
			v.dst = append(v.dst, dav.Collection{Href: "/d/" + d + "/"})
		}
		if got := v.plan().placements[0].destination; got != test.want {
			t.Errorf("%s: to %s, want %s", name, got, test.want)
		}
	}
}

// A collection that was refused has gone into the main one before that one had its turn, and the pass ended: the main one still
// goes where it belongs. What has gone there for itself keeps the place.
func TestPlan_guestsBarNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ known, want map[string]string }{
		"refused": {map[string]string{"/s/a/": "/d/default/", "/s/work/": "/d/default/"},
			map[string]string{"/s/a/": "/d/default/", "/s/work/": "/d/default/", "/s/default/": "/d/default/"}},
		"its own": {map[string]string{"/s/default/": "/d/default/"},
			map[string]string{"/s/a/": "/d/a/", "/s/work/": "/d/work/", "/s/default/": "/d/default/"}},
	} {
		v := view{kind: dav.Calendars, srcHome: &dav.Home{}, dstHome: &dav.Home{HomeSets: []string{"/d/"}}, known: test.known,
			src: []dav.Collection{{Href: "/s/a/"}, {Href: "/s/default/"}, {Href: "/s/work/"}},
			dst: []dav.Collection{{Href: "/d/default/"}}}
		got := map[string]string{}
		for _, p := range v.plan().placements {
			got[p.source.Href] = p.destination
		}
		if !maps.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// The main collection comes first, and the others in the order in which the source lists them.
func TestPlan_mainFirst(t *testing.T) {
	t.Parallel()
	v := view{kind: dav.Calendars, srcHome: &dav.Home{}, dstHome: &dav.Home{HomeSets: []string{"/d/"}}, known: map[string]string{},
		src: []dav.Collection{{Href: "/s/b/"}, {Href: "/s/a/"}, {Href: "/s/default/"}}}
	var got []string
	for _, p := range slices.SortedStableFunc(slices.Values(v.plan().placements), mainFirst) {
		got = append(got, p.source.Href)
	}
	if want := []string{"/s/default/", "/s/b/", "/s/a/"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A server that chooses the names of new collections shows by what people call them which is which, when the ledger is lost.
// Where that is not clear nothing is taken for another.
func TestPlan_calledAlike(t *testing.T) {
	t.Parallel()
	tasks := []string{"VTODO"}
	for name, test := range map[string]struct {
		src, dst []dav.Collection
		known    map[string]string
		lacking  bool   // the destination has no main one
		want     string // where /s/w/ goes
	}{
		"the only one there": {src: []dav.Collection{{Href: "/s/w/", Name: "Work"}}, dst: []dav.Collection{{Href: "/d/q7/", Name: "Work"}},
			lacking: true, want: "/d/q7/"},
		"chosen by the server": {src: []dav.Collection{{Href: "/s/w/", Name: "Work"}}, dst: []dav.Collection{{Href: "/d/q7/", Name: "Work"}},
			want: "/d/q7/"},
		"called by its name": {src: []dav.Collection{{Href: "/s/w/"}}, dst: []dav.Collection{{Href: "/d/q7/", Name: "w"}}, want: "/d/q7/"},
		"the name comes first": {src: []dav.Collection{{Href: "/s/w/", Name: "Work"}},
			dst: []dav.Collection{{Href: "/d/q7/", Name: "Work"}, {Href: "/d/w/"}}, want: "/d/w/"},
		"a name that only this one gets": {src: []dav.Collection{{Href: "/s/w/"}},
			dst: []dav.Collection{{Href: "/d/w/"}, {Href: "/d/" + hashed("w") + "/"}}, want: "/d/" + hashed("w") + "/"},
		"and has something behind it": {src: []dav.Collection{{Href: "/s/w/"}},
			dst: []dav.Collection{{Href: "/d/w/"}, {Href: "/d/" + hashed("w") + "-2/"}}, want: "/d/" + hashed("w") + "-2/"},
		"and the plain name has not": {src: []dav.Collection{{Href: "/s/w/"}}, dst: []dav.Collection{{Href: "/d/w-2/"}}, want: "/d/w/"},
		"two there": {src: []dav.Collection{{Href: "/s/w/", Name: "Work"}},
			dst: []dav.Collection{{Href: "/d/q7/", Name: "Work"}, {Href: "/d/q8/", Name: "Work"}}, want: "/d/w/"},
		"two at the source": {src: []dav.Collection{{Href: "/s/w/", Name: "Work"}, {Href: "/s/v/", Name: "Work"}},
			dst: []dav.Collection{{Href: "/d/q7/", Name: "Work"}}, want: "/d/w/"},
		"for tasks": {src: []dav.Collection{{Href: "/s/w/", Name: "Work"}}, dst: []dav.Collection{{Href: "/d/q7/", Name: "Work", Components: tasks}},
			want: "/d/w/"},
		"left by another": {src: []dav.Collection{{Href: "/s/w/", Name: "Work"}}, dst: []dav.Collection{{Href: "/d/q7/", Name: "Work"}},
			known: map[string]string{"/s/deleted/": "/d/q7/"}, want: "/d/w/"},
		"nothing is called": {src: []dav.Collection{{Href: "/s/w/"}}, dst: []dav.Collection{{Href: "/d/q7/"}}, want: "/d/w/"},
	} {
		main := func(home string) dav.Collection { return dav.Collection{Href: home + "default/"} }
		v := view{kind: dav.Calendars, src: append(test.src, main("/s/")), dst: test.dst, known: test.known,
			srcHome: &dav.Home{}, dstHome: &dav.Home{HomeSets: []string{"/d/"}}}
		if !test.lacking {
			v.dst = append(v.dst, main("/d/"))
		}
		if got := v.plan().placements[0].destination; got != test.want {
			t.Errorf("%s: to %s, want %s", name, got, test.want)
		}
	}
}

// Collections below another root are the same, by their names; where two could be meant, or the old one is still
// there, they are others.
func TestView_moved(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		known, listed []string
		want          map[string]string
	}{
		"another root": {[]string{"/a/x%40y/default/", "/a/x%40y/work/"}, []string{"/b/x@y/default/", "/b/x@y/work/"},
			map[string]string{"/a/x%40y/default/": "/b/x@y/default/", "/a/x%40y/work/": "/b/x@y/work/"}},
		"still there":      {[]string{"/a/default/"}, []string{"/a/default/", "/b/default/"}, map[string]string{}},
		"two could be":     {[]string{"/a/default/"}, []string{"/b/default/", "/c/default/"}, map[string]string{}},
		"deleted":          {[]string{"/a/default/", "/a/work/"}, []string{"/a/default/"}, map[string]string{}},
		"one for two":      {[]string{"/a/default/", "/b/default/"}, []string{"/c/default/"}, map[string]string{"/a/default/": "/c/default/"}},
		"nothing is known": {nil, []string{"/a/default/"}, map[string]string{}},
	} {
		v := view{known: map[string]string{}}
		for _, href := range test.known {
			v.known[href] = "/d/"
		}
		for _, href := range test.listed {
			v.src = append(v.src, dav.Collection{Href: href})
		}
		if got := v.moved(); !maps.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// An object was renamed while its first copy was unanswered, found at the destination under its new name, and
// renamed again: three rows name one object there, and only the last of them is alive.
func TestDepart_whatAnotherRowHoldsStays(t *testing.T) {
	t.Parallel()
	held := ledger.Object{Source: "c.ics", State: ledger.ObjectStored, Destination: "a.ics", Form: []byte("form")}
	vanished := []ledger.Object{
		{Source: "a.ics", State: ledger.ObjectGone, Destination: "a.ics"},
		{Source: "b.ics", State: ledger.ObjectStored, Destination: "a.ics", Form: []byte("form")},
		{Source: "d.ics", State: ledger.ObjectStored, Destination: "d.ics", Form: []byte("other")},
		{Source: "e.ics", State: ledger.ObjectStored, Destination: "e.ics", Form: []byte("sibling's")},
	}
	siblings := []ledger.Object{{Source: "e.ics", State: ledger.ObjectAdopted, Destination: "e.ics"}, {Source: "f.ics", State: ledger.ObjectHeld}}
	d := decideVanished(vanished, 9, terms{deletions: rehome.DeletionsMirror})
	rows := map[string]ledger.Object{held.Source: held}
	for _, row := range vanished {
		rows[row.Source] = row
	}
	d.spareHeld(rows, siblings)
	if len(d.remove) != 1 || d.remove[0].Source != "d.ics" || len(d.gone) != 0 {
		t.Errorf("remove %v, gone %v, want d.ics removed and nothing else", d.remove, d.gone)
	}
	if !slices.Equal(d.forget, []string{"b.ics", "e.ics"}) {
		t.Errorf("forget %v, want b.ics and e.ics", d.forget)
	}
}

// The source has renamed an object and does not serve the new one for once: what has vanished is neither removed nor
// forgotten, because it may be that one.
func TestDepart_somethingNewIsUnread(t *testing.T) {
	t.Parallel()
	form := sha256.Sum256([]byte("form"))
	vanished := []ledger.Object{
		{Source: "stored.ics", State: ledger.ObjectStored, Form: form[:]},
		{Source: "begun.ics", State: ledger.ObjectIntent, Tried: form[:]},
		{Source: "unseen.ics", State: ledger.ObjectQuarantined, Tried: form[:]},
		{Source: "refused.ics", State: ledger.ObjectQuarantined},
	}
	d := decideVanished(vanished, 9, terms{deletions: rehome.DeletionsMirror, unread: true})
	var gone []string
	for _, row := range d.gone {
		gone = append(gone, row.Source)
	}
	if want := []string{"stored.ics", "begun.ics", "unseen.ics"}; len(d.remove) > 0 || !slices.Equal(gone, want) || !slices.Equal(d.forget,
		[]string{"refused.ics"}) {
		t.Errorf("remove %v, gone %v, forget %v; want %v left there and the refused one forgotten", d.remove, gone, d.forget, want)
	}
	for _, row := range d.gone[1:] {
		if !left(row).Anew || !sent(row, form[:]) {
			t.Errorf("%s: nobody has seen it there, and it is not compared when it is back", row.Source)
		}
	}
}

// What the destination has lost before it vanished from the source is at neither end: nobody has to confirm that.
func TestDepart_lostBefore(t *testing.T) {
	t.Parallel()
	vanished := []ledger.Object{{Source: "a.ics", State: ledger.ObjectStored, Code: ledger.CodeMissing, Form: []byte("form")}}
	for _, deleted := range []bool{true, false} {
		d := decideVanished(vanished, 0, terms{deletions: rehome.DeletionsMirror, deleted: deleted})
		if d.emptied > 0 || len(d.remove)+len(d.gone) > 0 || !slices.Equal(d.forget, []string{"a.ics"}) {
			t.Errorf("deleted %v: %+v, want it forgotten", deleted, d)
		}
	}
}

// What was sent and never seen is not forgotten while the source seems not to have it: when it is back it is still on its
// way under the same name, and nothing of it is ever removed.
func TestDepart_whatWasSentIsNotForgotten(t *testing.T) {
	t.Parallel()
	form := sha256.Sum256([]byte("sent"))
	for _, state := range []ledger.ObjectState{ledger.ObjectIntent, ledger.ObjectQuarantined} {
		row := ledger.Object{Source: "a.ics", State: state, UID: "a", Destination: "uid-a.ics", Form: form[:], SrcDigest: form[:], Tried: form[:]}
		d := decideVanished([]ledger.Object{row}, 0, terms{deletions: rehome.DeletionsMirror, deleted: true})
		if len(d.forget)+len(d.remove) > 0 || len(d.gone) != 1 {
			t.Fatalf("%s: %+v, want it kept in mind", state, d)
		}
		gone := left(d.gone[0])
		if again := decideVanished([]ledger.Object{gone}, 0, terms{deletions: rehome.DeletionsMirror, deleted: true}); len(again.remove) > 0 {
			t.Errorf("%s: what nobody has seen is removed", state)
		}
		b := books{known: map[string]ledger.Object{"a.ics": gone}}
		if back := b.beforeOf("a.ics"); back.State != ledger.ObjectIntent || back.Destination != "uid-a.ics" || !hasForm(back.Tried, form[:]) {
			t.Errorf("%s: it comes back as %+v", state, back)
		}
	}
}

// What is said of an object ends when it vanishes from the source and is left at the destination.
func TestLeft(t *testing.T) {
	t.Parallel()
	row := left(ledger.Object{Source: "a.ics", State: ledger.ObjectStored, SrcETag: "1", Code: ledger.UpdateUnreadable, Words: "404",
		Form: []byte("form")})
	if row.State != ledger.ObjectGone || row.Code+row.Words+row.SrcETag != "" || isFailed(row) || row.Form == nil {
		t.Errorf("%+v", row)
	}
	data := []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
	digest := sha256.Sum256(data)
	for code, want := range map[string]way{ // it comes back as it was
		"": wayNote, "object_spoilt": wayWrite, ledger.CodeReverted: wayWrite, ledger.UpdateRefused: wayNote, objectConflict.Code: wayWrite,
	} {
		state := ledger.ObjectStored
		if objectConflict.Has(code) {
			state = ledger.ObjectConflict
		}
		gone := left(ledger.Object{Source: "a.ics", State: state, Code: code, SrcDigest: digest[:], Destination: "a.ics", Form: digest[:]})
		b := books{content: pim.KindCalendar, below: "/c/", known: map[string]ledger.Object{"a.ics": gone}, present: map[string]bool{"a.ics": true}}
		if p := consider(dav.Object{Href: "/c/a.ics", Data: data}, b); p.way != want {
			t.Errorf("%q: %v, want %v", code, p.way, want)
		}
	}
	row.Code = ledger.UpdateUnreadable // as older ledgers have it
	if isFailed(row) || open(row, time.Now()) {
		t.Error("it counts as behind")
	}
}

// Of two objects with one UID the same counts whenever it is asked.
func TestByTheirUID_theFirst(t *testing.T) {
	t.Parallel()
	known := map[string]ledger.Object{}
	for _, name := range []string{"d", "c", "b"} {
		known[name] = ledger.Object{Source: name, UID: "one", State: ledger.ObjectStored}
	}
	known["a"] = ledger.Object{Source: "a", UID: "one", State: ledger.ObjectStored, Code: ledger.CodeMissing}
	for range 20 {
		if got := byTheirUID(known)["one"]; got != "b" {
			t.Fatalf("%s, want b", got)
		}
	}
}
