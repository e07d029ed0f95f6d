// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"fmt"
	"strings"
)

// How much people make at the most, so that a run stays small.
const (
	most            = 12 // objects in a collection
	mostCollections = 5
)

// live lets the users of both ends, and their administrators, do what they do between two passes.
func (w *world) live(round string) {
	w.src.mu.Lock()
	w.sourceUser(round)
	w.src.mu.Unlock()
	w.dst.mu.Lock()
	w.destinationUser(round)
	w.dst.mu.Unlock()
}

// sourceUser works at the source, which the move has to follow.
func (w *world) sourceUser(round string) {
	for _, c := range w.src.all() {
		for _, name := range c.names() {
			w.sourceObject(c, name, round)
		}
		for n := range 2 {
			if len(c.objects) < most && w.d.happens("source user adds", 0.6, round, c.path, number(n)) {
				w.add(w.src, c, round, number(n))
			}
		}
		if w.d.happens("source user renames a collection", 0.3, round, c.path) {
			c.name = "Called " + round
		}
		if w.d.happens("source user deletes a collection", 0.3, round, c.path) {
			for _, name := range c.names() {
				w.truth.left(c.objects[name].data)
			}
			w.src.unmake(c)
		}
	}
	for _, kind := range w.kinds {
		segment := "new-" + round
		room := len(w.src.sorted(kind)) < mostCollections && w.src.collections[homeOf(kind)+segment+"/"] == nil
		if room && w.d.happens("source user makes a collection", 0.5, round, string(kind)) {
			w.add(w.src, w.src.make(kind, segment, w.called("New "+round, false)), round)
		}
	}
}

// sourceObject lets the source's user do something with one object.
func (w *world) sourceObject(c *collection, name, round string) {
	o := c.objects[name]
	id := []string{round, c.path, name}
	switch {
	case w.d.happens("source user edits", 0.4, id...):
		w.edit(c, o, round)
	case w.d.happens("source user deletes", 0.3, id...):
		w.truth.left(o.data)
		w.src.drop(c, name)
	case w.d.happens("source user renames", 0.3, id...):
		w.rename(c, o, round)
	case uidOf(o.data) != "" && w.d.happens("source user replaces", 0.2, id...): // another object gets the name
		if len(c.objects) < most && w.d.chance("it stays under another name").With(id...).Happens(0.5) {
			w.rename(c, o, round)
		}
		if c.objects[name] != nil {
			w.truth.left(o.data)
			w.src.drop(c, name)
		}
		w.addAs(w.src, c, name, round, name)
	case w.d.happens("source user moves", 0.3, id...):
		if other := w.other(w.src, c, id); other != nil && other.objects[name] == nil {
			w.truth.left(o.data)
			w.src.drop(c, name)
			w.src.store(other, name, o.data)
		}
	case w.d.happens("source user copies", 0.2, id...):
		if other := w.other(w.src, c, id); other != nil && other.objects[name] == nil && len(other.objects) < most {
			w.src.store(other, name, o.data)
		}
	case len(c.objects) < most && c.objects["copy-"+name] == nil && w.d.happens("source user copies within a collection", 0.2, id...):
		w.src.store(c, "copy-"+name, o.data)
	}
}

// rename gives an object another name at the source, if nothing has it.
func (w *world) rename(c *collection, o *object, round string) {
	name := round + "-" + o.name
	if c.objects[name] != nil {
		return
	}
	w.src.drop(c, o.name)
	renamed := w.src.store(c, name, o.data)
	renamed.shown = o.shown
	w.part(renamed)
}

// edit writes another version of an object at the source.
func (w *world) edit(c *collection, o *object, round string) {
	data := bytes.ReplaceAll(o.data, []byte(" version "), []byte(" version "+strings.TrimPrefix(round, "round ")))
	w.part(w.src.store(c, o.name, data))
	w.truth.shown(data)
}

// part notes that an object is another one for everybody by now: it has no UID, and another name and other octets than it
// was seen with.
func (w *world) part(o *object) {
	if uidOf(o.data) == "" && o.shown.data != nil && o.name != o.shown.name && !bytes.Equal(o.data, o.shown.data) {
		w.truth.left(o.data)
		o.shown = sight{}
	}
}

// other returns another collection of the same kind.
func (w *world) other(e *end, c *collection, id []string) *collection {
	all := e.sorted(c.kind)
	if len(all) < 2 {
		return nil
	}
	i := w.d.chance("other").With(id...).Int(len(all) - 1)
	for _, one := range all {
		if one == c {
			continue
		}
		if i == 0 {
			return one
		}
		i--
	}
	return nil
}

// anyOf returns a collection of the same kind, often the same one.
func (w *world) anyOf(e *end, c *collection, id []string) *collection {
	if other := w.other(e, c, id); other != nil && w.d.chance("elsewhere").With(id...).Happens(0.5) {
		return other
	}
	return c
}

// destinationUser works at the destination, where all that is done has to stay.
func (w *world) destinationUser(round string) {
	for _, c := range w.dst.all() {
		for _, name := range c.names() {
			// A test object is there for an instant, and nobody's; and what the server does not show nobody can work on.
			if !isTest(placed{c.objects[name], c}) && w.dst.unreadable(c.objects[name]) == 0 {
				w.destinationObject(c, name, round)
			}
		}
		if len(c.objects) < most && w.d.happens("destination user adds", 0.4, round, c.path) {
			w.add(w.dst, c, round)
		}
		w.administer(c, round)
		if w.d.happens("destination user deletes a collection", 0.3, round, c.path) {
			for _, name := range c.names() {
				w.truth.touch(c.objects[name].data)
			}
			w.dst.unmake(c)
		}
	}
}

// administer lets the destination's user call a collection otherwise, and its owner close or open it.
func (w *world) administer(c *collection, round string) {
	if w.d.happens("destination user renames a collection", 0.3, round, c.path) {
		c.name = "Named " + round
	}
	switch {
	case !c.closed:
		c.closed = w.d.happens("collection closed", 0.2, round, c.path)
	case w.d.happens("collection opened", 0.5, round, c.path):
		c.closed = false
	}
}

func (w *world) destinationObject(c *collection, name, round string) {
	o := c.objects[name]
	id := []string{round, c.path, name}
	switch {
	case w.d.happens("destination user edits", 0.3, id...):
		w.truth.touch(o.data)
		field := fmt.Sprintf("X-USERS-OWN:%s\r\nEND:V", round)
		at := bytes.LastIndex(bytes.TrimSuffix(o.data, []byte("END:VCALENDAR\r\n")), []byte("END:V"))
		data := append(append(bytes.Clone(o.data[:at]), field...), o.data[at+len("END:V"):]...)
		w.dst.store(c, name, data).user = true
	case w.d.happens("destination user deletes", 0.2, id...):
		w.truth.touch(o.data)
		w.dst.drop(c, name)
	case w.d.happens("destination user replaces", 0.2, id...): // what he makes gets the name
		w.truth.touch(o.data)
		w.dst.drop(c, name)
		w.addAs(w.dst, c, name, round, name)
	case w.d.happens("destination user copies", 0.2, id...):
		if to := w.anyOf(w.dst, c, id); to.objects["copy-"+name] == nil && len(to.objects) < most {
			ours := o.ours && !o.user || o.copied // a copy of a copy is one of ours, too
			w.enter(to, "copy-"+name, o.data)
			to.objects["copy-"+name].copied = ours
		}
	case w.d.happens("destination user moves", 0.2, id...):
		other := w.other(w.dst, c, id)
		if other == nil || other.objects[name] != nil {
			return
		}
		w.truth.stray(o.data)
		w.dst.drop(c, name)
		w.dst.place(other, name, o).moved = true
	case w.d.happens("destination user renames", 0.2, id...):
		w.truth.stray(o.data)
		w.dst.drop(c, name)
		w.dst.place(c, round+"-"+name, o)
	}
}

// place stores an object that its user has moved: it is whose it was.
func (e *end) place(c *collection, name string, o *object) *object {
	placed := e.store(c, name, o.data)
	placed.ours = o.ours
	placed.user = o.user
	placed.moved, placed.copied = o.moved, o.copied
	return placed
}
