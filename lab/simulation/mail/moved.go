// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"slices"
	"strings"

	"rehome/lab/simulation"
)

// The destination's user may rename a mailbox, between passes or during one. It is filled under its new name then, and what it holds
// is brought nowhere else.

// movesThere says that there is such a user in this run.
func (w *world) movesThere() bool { return w.plan.Has(lastRenames, 0.1) }

// moveThere lets the destination's user rename a mailbox, or not.
func (w *world) moveThere(c simulation.Chance, share float64) {
	if !w.movesThere() || !c.Happens(share) {
		return
	}
	w.dst.mu.Lock()
	defer w.dst.mu.Unlock()
	before := w.dst.titles()
	if done := w.renameOne(w.dst, c); done != "" {
		w.tell("user at the destination: rename mailbox %s", done)
	}
	for box, name := range before {
		box.moved = box.moved || box.name != name
	}
}

// stands says that a mailbox is there for one of the source that goes to target: its user has renamed it, or another one had got that
// name by then, so that it was made under one beside it.
func (w *world) stands(box *mailbox, target string) bool {
	if !w.movesThere() {
		return false
	}
	return slices.ContainsFunc(box.names, func(name string) bool { return w.dst.beside(name, target) })
}

// beside says that a name is another one, or what a mover makes of that one where somebody has it, or what it is below.
func (s *store) beside(name, target string) bool {
	if s.delim == "" {
		return name == target || strings.HasPrefix(name, target+"-")
	}
	levels, of := strings.Split(name, s.delim), strings.Split(target, s.delim)
	return slices.EqualFunc(levels, of, func(level, of string) bool { return level == of || strings.HasPrefix(level, of+"-") })
}

// titles are the mailboxes that there are, and their names.
func (s *store) titles() map[*mailbox]string {
	all := map[*mailbox]string{}
	for name, box := range s.boxes {
		all[box] = name
	}
	return all
}

// forebears are the mailboxes in whose place a mover has made one: their user had renamed them, and it got a name that they had had. What
// was lost in a restore of the destination is made again under the name that its user had given it.
func (w *world) forebears(box *mailbox) (all []*mailbox) {
	if !w.movesThere() || user(box.by) {
		return nil
	}
	for _, earlier := range w.dst.ever {
		if earlier == box {
			break
		}
		if earlier.moved && slices.ContainsFunc(earlier.names, func(name string) bool { return w.dst.beside(box.names[0], name) }) {
			all = append(all, earlier)
		}
	}
	return all
}

// elsewhere says that what a mailbox holds may be of one of the source that goes to another name.
func (w *world) elsewhere(box *mailbox) bool {
	return box.moved || len(w.forebears(box)) > 0 || slices.ContainsFunc(w.dst.ever, func(parent *mailbox) bool {
		return parent.moved && slices.ContainsFunc(parent.names, func(name string) bool { return w.under(box.names[0], name) })
	})
}

// homes are the mailboxes of the destination that may hold what one of the source has.
func (w *world) homes(src *mailbox) (all []*mailbox) {
	for _, name := range w.dst.names() {
		box := w.dst.boxes[name]
		if name == w.mapped(src.name) || w.elsewhere(box) && w.mapsTo(src, box) {
			all = append(all, box)
		}
	}
	return all
}

// follows says that a mailbox has had a name that belongs to target: what is below a mailbox that its user has renamed goes below its new
// name.
func (w *world) follows(box *mailbox, target string) bool {
	return slices.ContainsFunc(w.dst.ever, func(parent *mailbox) bool {
		return parent.moved && slices.ContainsFunc(parent.names, func(was string) bool {
			return w.under(target, was) && slices.ContainsFunc(parent.names, func(is string) bool {
				return slices.Contains(box.names, is+strings.TrimPrefix(target, was))
			})
		})
	})
}

// under says that a name at the destination is below another one, also where that has no levels: then it is made of the source's.
func (w *world) under(name, parent string) bool {
	return strings.HasPrefix(name, parent+cmp.Or(w.dst.delim, "."))
}

// origin is the first of the mailboxes in whose place one was made: what was brought to that counts for all of them. Whoever has lost the
// ledger, or shares the destination with another mover, cannot know that they were one; nor can anybody of one that is not like itself any
// more. What could not follow a rename at the source, because it was there before the move, is copied again, and a finding says so.
func (w *world) origin(box *mailbox) *mailbox {
	if len(w.forgotten) > 0 || w.rivals || w.unfollowed {
		return box
	}
	for _, earlier := range w.forebears(box) {
		if !w.disfigured(earlier) {
			return w.origin(earlier)
		}
	}
	return box
}

// disfigured says that nothing tells what a mailbox is that its user has renamed: it was renumbered, and does not hold all that was
// brought, or not mostly that. One that holds less may be what its user has picked out of another.
func (w *world) disfigured(box *mailbox) bool {
	ours, others := 0, 0
	for _, m := range w.dst.all {
		switch {
		case m.box != box:
		case w.spoilt(m), m.goneBy == "user" && !user(m.by):
			return box.shift > 0
		case user(m.by):
			others++
		case m.goneBy != "":
		default:
			ours++
		}
	}
	return box.shift > 0 && ours < 3*others
}

// belongs says whether a source mailbox belongs to one of the destination, or to one that was made in its place, see origin.
func (w *world) belongs(src, dst *mailbox) bool {
	if w.mapsTo(src, dst) {
		return true
	}
	return w.movesThere() && slices.ContainsFunc(w.dst.ever, func(box *mailbox) bool { return w.origin(box) == dst && w.mapsTo(src, box) })
}
