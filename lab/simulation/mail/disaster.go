// SPDX-License-Identifier: Apache-2.0

package mail

import "rehome/lab/simulation"

// What happens to a whole server while a pass is at work. It is restarted for that: connections that were open before end with the
// next command, which is not carried out.

// disastrous says that such a thing may happen in this run.
func (w *world) disastrous() bool {
	return w.plan.Rate(restarts)+w.plan.Rate(numberedAtOnce)+w.plan.Rate(restoredAtOnce) > 0
}

// strike lets one of them happen, or none.
func (w *world) strike(s *store, c simulation.Chance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	happens := func(name string) bool { return c.With(name).Happens(w.plan.Rate(name)) }
	switch {
	case happens(numberedAtOnce) && !w.rivals:
		box := w.pickBox(s, c.With("which"))
		s.renumber(box)
		w.tell("the %s renumbers %s", s.side, box.name)
		w.lost = true
	case happens(restoredAtOnce) && s.kept == nil:
		kept := s.save()
		s.kept = &kept
		return
	case happens(restoredAtOnce):
		w.tell("the %s is put back from its backup, in the middle of it", s.side)
		s.restore(*s.kept)
		s.kept = nil
	case happens(restarts):
		w.tell("the %s is restarted", s.side)
	default:
		return
	}
	s.restarts++
}
