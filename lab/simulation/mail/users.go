// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"slices"
	"strings"
	"time"

	"rehome/lab/simulation"
)

// deed is something that the user of one end does.
type deed struct {
	name  string
	share int
	gate  string // the switch that allows it beside that of the end's users; "" for none
	do    func(w *world, s *store, c simulation.Chance) string
}

var deeds = []deed{
	{"deliver", 6, "", func(w *world, s *store, c simulation.Chance) string {
		m := w.write(s, w.pickBox(s, c.With("box")), c, "user")
		m.flags = w.marked(s, m, c, m.flags)
		return describe(m)
	}},
	{"flag", 3, "", func(w *world, s *store, c simulation.Chance) string {
		m := w.pickMessage(s, c)
		if m == nil {
			return ""
		}
		if !s.flag(m, w.marked(s, m, c, w.flags(c.With("new"))), "user") {
			return ""
		}
		return describe(m) + " with " + strings.Join(m.flags, " ")
	}},
	{"delete", 3, "", func(w *world, s *store, c simulation.Chance) string {
		m := w.pickMessage(s, c)
		if m == nil {
			return ""
		}
		s.take(m, "user")
		return describe(m)
	}},
	{"move", 2, "", func(w *world, s *store, c simulation.Chance) string {
		m := w.pickMessage(s, c)
		to := w.pickBox(s, c.With("to"))
		if m == nil || to == m.box {
			return ""
		}
		s.take(m, "user")
		return describe(m) + " to " + describe(s.deliver(to, m.content, m.text, m.flags, m.date, "user"))
	}},
	{"create mailbox", 1, "", func(w *world, s *store, c simulation.Chance) string {
		name := w.draftName(c, s)
		if s.boxes[name] != nil {
			return ""
		}
		s.create(name, "user").subscribed = c.With("subscribed").Happens(0.5)
		return name
	}},
	{"delete mailbox", 1, deletes, func(w *world, s *store, c simulation.Chance) string {
		box := w.pickBox(s, c.With("box"))
		if box.name == "INBOX" {
			return ""
		}
		s.drop(box, "user")
		return box.name
	}},
	{"rename mailbox", 1, renames, func(w *world, s *store, c simulation.Chance) string {
		return w.renameOne(s, c)
	}},
}

// renameOne renames a mailbox and those below it, where that can be.
func (w *world) renameOne(s *store, c simulation.Chance) string {
	box := w.pickBox(s, c.With("box"))
	to := w.draftName(c.With("to"), s)
	if box.name == "INBOX" || hidden(box) || s.below(to, box.name) || taken(s, box.name, to) {
		return ""
	}
	from := box.name
	s.rename(from, to, "user")
	return from + " to " + to
}

// marked adds \Deleted to the flags of what the destination's user has there, for a program that has not expunged yet: no
// mover may do that for it.
func (w *world) marked(s *store, m *message, c simulation.Chance, flags []string) []string {
	if s == w.dst && user(m.by) && w.plan.Has(marks, 0.4) && c.With("marked").Happens(0.5) {
		return canonical(append(flags, `\Deleted`))
	}
	return flags
}

// taken says that a mailbox, or one below it, has a name already that it would get.
func taken(s *store, from, to string) bool {
	for _, name := range s.names() {
		if (name == from || s.below(name, from)) && s.boxes[to+strings.TrimPrefix(name, from)] != nil {
			return true
		}
	}
	return false
}

func (w *world) pickMessage(s *store, c simulation.Chance) *message {
	var all []*message
	for _, name := range s.names() {
		all = append(all, s.boxes[name].messages...)
	}
	if len(all) == 0 {
		return nil
	}
	return all[c.With("message").Int(len(all))]
}

// live lets a user do the nth thing of a run.
func (w *world) live(s *store, n int) {
	gate := sourceUsers
	if s == w.dst {
		gate = lastUsers
	}
	if !w.plan.Has(gate, 0.6) {
		return
	}
	c := w.chance.With("deed", s.side).Nth(n)
	possible := slices.DeleteFunc(slices.Clone(deeds), func(d deed) bool {
		// What the destination's user does to whole mailboxes is played by what lies within them, and see moved.go.
		return d.gate != "" && (!w.plan.Has(d.gate, 0.4) || s == w.dst)
	})
	total := 0
	for _, d := range possible {
		total += d.share
	}
	at := c.With("kind").Int(total)
	for _, d := range possible {
		if at -= d.share; at >= 0 {
			continue
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if done := d.do(w, s, c.With("how")); done != "" {
			w.tell("user at the %s: %s %s", s.side, d.name, done)
		}
		return
	}
}

// liveMeanwhile lets users work while a pass runs; the returned function waits for their end.
func (w *world) liveMeanwhile(passNumber int) func() {
	if !w.plan.Has(usersAtOnce, 0.3) && !w.disastrous() && !w.movesThere() {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range w.plan.Size("events", 0, 4) {
			c := w.chance.With("meanwhile").Nth(passNumber*10 + n)
			time.Sleep(c.Between(0, 400*time.Millisecond) + 7*time.Nanosecond)
			s := simulation.Pick(c.With("end"), w.src, w.dst)
			if w.plan.Has(usersAtOnce, 0.3) {
				w.live(s, 1000+passNumber*10+n)
			}
			w.strike(s, c)
			w.moveThere(c.With(lastRenames), 0.2)
		}
	}()
	return func() { <-done }
}
