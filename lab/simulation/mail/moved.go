// SPDX-License-Identifier: Apache-2.0

package mail

import "slices"

// The destination's user may rename a mailbox, between passes or during one. It is filled under its new name then, and what it holds
// is brought nowhere else.

// noteMoved notes that a mailbox, and what is below it, has a new name by its user.
func (w *world) noteMoved(s *store, name string) {
	if s != w.dst {
		return
	}
	for _, other := range s.names() {
		if other == name || s.below(other, name) {
			s.boxes[other].moved = true
		}
	}
}

// origin is the mailbox in place of which one was made: its user had renamed the first, and what was brought to that counts for both.
func (w *world) origin(box *mailbox) *mailbox {
	for _, earlier := range w.dst.ever {
		if earlier.moved && slices.Contains(earlier.names[:len(earlier.names)-1], box.names[0]) {
			return earlier
		}
	}
	return box
}
