// SPDX-License-Identifier: Apache-2.0

package objects

import "rehome/lab/simulation"

// account is whose contacts and calendars move.
const account = "anna@example.org"

// world is both ends and what their users do.
type world struct {
	d        *decisions
	truth    *truth
	src, dst *end
	kinds    []kindOfObjects
	marks    int
	shared   bool // but for the main one, people call all collections the same
}

func newWorld(d *decisions) *world {
	t := newTruth(d, account)
	w := &world{
		d: d, truth: t,
		src: newEnd(source, account, d, readingHabits(d, source), t), dst: newEnd(destination, account, d, destinationHabits(d), t),
	}
	w.shared = d.has(0.15, oneDisplayname)
	w.kinds = simulation.Pick(d.chance("kinds"), []kindOfObjects{contacts}, []kindOfObjects{calendars}, []kindOfObjects{contacts, calendars})
	for _, kind := range w.kinds {
		w.furnish(kind)
	}
	return w
}

// mainOf is the name of the collection that everybody has.
func mainOf(kind kindOfObjects) string {
	if kind == contacts {
		return "addressbook"
	}
	return "calendar"
}

func collectionNames(kind kindOfObjects) []string { return []string{mainOf(kind), "work", "büro 2"} }

// furnish fills both ends.
func (w *world) furnish(kind kindOfObjects) {
	names := collectionNames(kind)
	for i := range w.d.plan.Size("collections of "+string(kind), 1, 3) {
		c := w.src.make(kind, names[i], w.called("The "+names[i], i == 0))
		if kind == calendars {
			c.color = []string{"", "#FF0000FF", "#00FF00"}[w.d.below(3, "color", c.path)]
		}
		for n := range w.d.plan.Size("objects of "+c.path, 0, simulation.Pick(w.d.chance("many", c.path), 2, 4, 9)) {
			w.add(w.src, c, "at first", number(n))
		}
	}
	for i, name := range names {
		if i == 0 && !w.d.has(0.1, "the destination lacks a main collection") || i > 0 && w.d.below(6, "there before", string(kind), name) == 0 {
			c := w.dst.make(kind, name, "Their "+name)
			c.closed = i > 0 && w.d.happens("collection closed at first", 0.4, c.path)
		}
	}
	w.settle(kind)
}

const oneDisplayname = "collections share a displayname"

// called is what people call a collection of the source.
func (w *world) called(name string, main bool) string {
	if w.shared && !main {
		return "More"
	}
	return name
}

// settle lets the destination's user have something already.
func (w *world) settle(kind kindOfObjects) {
	for _, c := range w.dst.sorted(kind) {
		for n := range w.d.plan.Size("objects before in "+c.path, 0, 1) {
			w.add(w.dst, c, "before", number(n))
		}
	}
	for _, c := range w.src.sorted(kind) {
		twin := w.dst.collections[c.path]
		if twin == nil {
			continue
		}
		for _, name := range c.names() {
			if w.d.happens("the user had copied it before", 0.4, c.path, name) {
				w.enter(twin, name, c.objects[name].data)
			}
		}
	}
}

// enter lets the destination's user store something.
func (w *world) enter(c *collection, name string, data []byte) {
	w.dst.store(c, name, data).user = true
	w.truth.enter(data)
}

// add makes a new object at an end.
func (w *world) add(e *end, c *collection, when ...string) { w.addAs(e, c, "", when...) }

// addAs makes one under a name, "" for one of its own. What takes another one's name has a UID: without it nobody could tell
// the two from two versions of one object.
func (w *world) addAs(e *end, c *collection, file string, when ...string) {
	w.marks++
	name := append([]string{e.side, c.path}, when...)
	d := w.draft(c.kind, "m"+number(w.marks), name)
	if file == "" {
		file = w.fileName(d, name)
	} else {
		d.uid = "uid-" + d.mark
	}
	if e == w.dst {
		w.enter(c, file, d.bytes(account))
		return
	}
	change := e == w.src && c.kind == calendars && d.uid != "" && len(c.objects) < most && w.d.happens(changesApart, 0.5, name...)
	d.repeats = d.repeats || change
	missing := change && w.d.happens(eventMissing, 0.5, name...)
	if !missing {
		w.show(c, file, d)
	}
	for n := 1; change && n <= 1+w.d.below(mostChanges, append([]string{"changes"}, name...)...) && len(c.objects) < most; n++ {
		w.addChange(c, d, n, append([]string{number(n)}, name...))
	}
}

// show lets the source have something.
func (w *world) show(c *collection, file string, d draft) {
	data := d.bytes(account)
	w.src.store(c, file, data)
	w.truth.shown(data)
}

const (
	// changesApart: the source has an event and changed occurrences of it as objects of their own, which RFC 4791 section 4.1 forbids.
	changesApart = "changed occurrences with a name of their own"
	// eventMissing: and has not the event itself, as an invitation to some of its occurrences alone leaves it.
	eventMissing = "changed occurrences without their event"
	mostChanges  = 2 // of an event
)

// addChange gives an event such a changed occurrence, under a name that comes before or behind that of the event.
func (w *world) addChange(c *collection, event draft, which int, name []string) {
	w.marks++
	d := draft{mark: "m" + number(w.marks), version: 1, uid: event.uid, kind: calendars, flaws: map[string]bool{}, changes: which}
	file := simulation.Pick(w.d.chance("before or behind").With(name...), "", "zz-") + d.mark + "-" + event.mark + ".ics"
	w.show(c, file, d)
}

// draft decides what an object is like.
func (w *world) draft(kind kindOfObjects, mark string, name []string) draft {
	is := func(fault string, scale float64) bool { return w.d.happens(fault, scale, name...) }
	d := draft{mark: mark, version: 1, kind: kind, uid: "uid-" + mark, flaws: map[string]bool{}}
	if kind == contacts {
		d.flaws["no-fn"] = is("contacts without FN", 0.4)
		if is("contacts without UID", 0.4) {
			d.uid = ""
		}
		return d
	}
	d.flaws["method"] = is("events with METHOD", 0.4)
	d.flaws["no-dtstamp"] = is("events without DTSTAMP", 0.4)
	d.repeats = w.d.chance("repeats").With(name...).Happens(0.1)
	d.invites = is("meetings of the account", 0.5)
	d.invited = !d.invites && is("meetings of others", 0.5)
	return d
}

// fileName decides what an object is called.
func (w *world) fileName(d draft, name []string) string {
	extension := ".ics"
	if d.kind == contacts {
		extension = ".vcf"
	}
	if !w.d.happens("odd names", 0.6, name...) {
		return d.mark + extension
	}
	return simulation.Pick(w.d.chance("name").With(name...), "Ä b "+d.mark+extension, "x@"+d.mark+extension, d.mark, "per%cent"+d.mark+extension,
		d.mark+"+plus"+extension, "UPPER"+d.mark+extension)
}
