// SPDX-License-Identifier: Apache-2.0

package mail

import (
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
	return slices.ContainsFunc(box.names, func(name string) bool { return name == target || strings.HasPrefix(name, target+"-") })
}

// titles are the mailboxes that there are, and their names.
func (s *store) titles() map[*mailbox]string {
	all := map[*mailbox]string{}
	for name, box := range s.boxes {
		all[box] = name
	}
	return all
}

// origin is the mailbox in place of which one was made: its user had renamed the first, and what was brought to that counts for both.
// Whoever has lost what was known of the destination, or shares it with another mover, cannot know that they were one.
func (w *world) origin(box *mailbox) *mailbox {
	if w.lost || w.rivals {
		return box
	}
	for _, earlier := range w.dst.ever {
		if earlier.moved && slices.Contains(earlier.names[:len(earlier.names)-1], box.names[0]) {
			return earlier
		}
	}
	return box
}
