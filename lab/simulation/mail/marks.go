// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"strings"

	"rehome"
)

// What belongs to a message beside its content: its flags, its date, and the names of mailboxes that clients show.

// checkMarks is the promise of exit code 0 for what belongs to messages: each copy that nobody but its mover has touched has the
// flags and the date of its original, and what the source's user shows in lists the destination shows. Whoever has lost what was
// known of the destination, or shares it, cannot tell who has changed a flag there; nor can anybody after a restore. A copy that
// could not be recognised when it arrived keeps the flags of both.
func (w *world) checkMarks(last pass) {
	if exitCode(last) != 0 || w.lost || w.rivals || w.sourceLost {
		return
	}
	for _, name := range w.src.names() {
		src, dst := w.src.boxes[name], w.dst.boxes[w.mapped(name)]
		if dst == nil || hidden(dst) || w.touched(src, dst) || w.origin(dst) != dst || w.usurped(src, dst) {
			continue
		}
		if src.subscribed && !dst.subscribed {
			w.fail("subscriptions are copied", "%s is subscribed at the source and not at the destination", name)
		}
		a, b := w.contents(src, true), w.contents(dst, true)
		if !slices.Equal(a, b) && slices.Equal(w.contents(src, false), w.contents(dst, false)) && !w.twinsMarked(src, dst) {
			w.fail("flags and dates are copied", "%s holds %v at the source and %v at the destination", name, a, b)
		}
	}
}

// usurped says that the destination's user has renamed what a mailbox of the source goes to, and has made another one of that name.
func (w *world) usurped(src, dst *mailbox) bool {
	return user(dst.by) && slices.ContainsFunc(w.homes(src), func(box *mailbox) bool { return box != dst && box.moved })
}

// twinsMarked says that all that differs are the dates and flags of messages that are equal to the octet, and that a pass before has named
// one of them as not found, or that the destination does not tell their dates. The source breaks off at it: what it is nobody can see then,
// and its copy is found as that of its twin, with the flags of both, so that it is sent once more, with its own date. To keep the copy back
// for the sake of a date would be to send the twin, and twice if it is its own. Where both tell their dates, the copy waits for its own.
func (w *world) twinsMarked(src, dst *mailbox) bool {
	copies, marks := map[int]int{}, map[string]bool{}
	for _, m := range src.messages {
		copies[m.content]++
	}
	dated := func(m *message) string { return fmt.Sprint(m.content, m.date.Unix()) }
	flagged := func(m *message, flag string) string { return fmt.Sprint(m.content, flag) }
	single := func(box *mailbox) (all []string) {
		for _, m := range box.messages {
			if copies[m.content] == 1 || !w.unfoundOnce[src.name] && !w.habits["destination"].often(dateMissing, fmt.Sprint(m.content)) {
				all = append(all, fmt.Sprint(dated(m), w.habits["destination"].keeps(m.flags)))
			}
		}
		slices.Sort(all)
		return all
	}
	for _, m := range src.messages {
		marks[dated(m)] = true
		for _, flag := range m.flags {
			marks[flagged(m, flag)] = true
		}
	}
	strange := func(m *message) bool {
		return !marks[dated(m)] || slices.ContainsFunc(m.flags, func(flag string) bool { return !marks[flagged(m, flag)] })
	}
	return slices.Equal(single(src), single(dst)) && !slices.ContainsFunc(dst.messages, strange)
}

// noteNamed notes the mailboxes of which a finding says that the source has not told all dates, as no copy can be given one later, and those
// of which it says that a copy was not found; and that one says of a mailbox renamed at the source that it is copied again.
func (w *world) noteNamed(f rehome.Finding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch f.Code {
	case "date_not_kept":
		w.undated[f.Object] = true
	case "rename_not_followed":
		w.unfollowed = true
	case "message_altered":
		box, _, _ := strings.Cut(f.Object, " uid ")
		w.unfoundOnce[box] = true
	}
}

// touched says that somebody else than movers has had to do with what is in a mailbox, so that it need not be as at the source.
func (w *world) touched(src, dst *mailbox) bool {
	if dst.moved || !src.putBack.IsZero() || !dst.putBack.IsZero() || w.habits["source"].always(dateMissing) {
		return true
	}
	if slices.ContainsFunc(src.names, func(name string) bool { return w.undated[name] }) { // it may have been renamed since
		return true
	}
	return slices.ContainsFunc(w.dst.all, func(m *message) bool { return m.box == dst && (user(m.by) || !m.foul.IsZero()) })
}

// differingMarks says of which mailbox the flags or dates differ, "" for none. A date that no server tells nobody can compare.
func (w *world) differingMarks() string {
	for _, side := range []string{"source", "destination"} {
		if w.habits[side].always(dateMissing) {
			return ""
		}
	}
	for _, name := range w.src.names() {
		src, dst := w.src.boxes[name], w.dst.boxes[w.mapped(name)]
		if dst == nil {
			continue
		}
		if a, b := w.contents(src, true), w.contents(dst, true); !slices.Equal(a, b) {
			return fmt.Sprintf("mailbox %s holds %v at the source and %v at the destination", name, a, b)
		}
	}
	return ""
}
