// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// play plays one plan: a troubled part, and a calm one in which everything has to become true.
func play(plan simulation.Plan, dir string, pool *ledgers.Pool) *simulation.Failure {
	failure, _ := playTraced(plan, dir, pool, false)
	return failure
}

// playTraced plays one plan, and returns all that was said in it if that is wanted.
func playTraced(plan simulation.Plan, dir string, pool *ledgers.Pool, traced bool) (*simulation.Failure, []string) {
	w, err := newWorld(plan, dir, pool)
	if err != nil {
		return &simulation.Failure{Rule: "the run can be played", Detail: err.Error()}, nil
	}
	w.traced = traced
	if err := w.playAll(); err != nil {
		w.fail("the run can be played", "%v", err)
	}
	return w.close(), w.trace
}

func (w *world) playAll() error {
	anna, err := w.begin("mover")
	if err != nil {
		return err
	}
	var bert *mover
	if w.plan.Has(twoLedgers, 0.15) {
		if bert, err = w.begin("other"); err != nil {
			return err
		}
		w.rivals = true
	}
	for n := range w.plan.Size("passes", 0, 4) {
		if err := w.trouble(anna, bert, n); err != nil || w.failed() {
			return err
		}
	}
	w.calm.Store(true)
	w.tell("calm")
	if w.rivals { // one after the other now
		if _, err := w.settle(bert); err != nil || w.failed() {
			return err
		}
	}
	last, err := w.settle(anna)
	if err == nil && !w.failed() && w.plan.Has(mornings, 0.4) {
		last, err = w.morning(anna)
	}
	if err == nil && !w.failed() && w.rivals {
		err = w.tellLate(bert)
	}
	if err != nil || w.failed() {
		return err
	}
	w.checkEnd(last)
	if w.failed() {
		return nil
	}
	return w.checkVerify(anna)
}

// tellLate lets the other one of two movers look once more where there is a copy too many: what he had under way, and had found as the
// first one's, may have arrived behind his last pass. The next one names it, and nobody else can.
func (w *world) tellLate(bert *mover) error {
	if spare, _ := w.excess(); len(spare) == 0 {
		return nil
	}
	_, err := w.settle(bert)
	return err
}

// morning lets mail come to many mailboxes of a source of which all is copied, has one more troubled pass, and waits until all is true
// again.
func (w *world) morning(anna *mover) (pass, error) {
	const n = 1000 // behind all other passes
	w.src.mu.Lock()
	for i, name := range w.src.names() {
		c := w.chance.With(mornings).Nth(i)
		for k := range c.With("letters").Int(4) {
			w.write(w.src, w.src.boxes[name], c.With("letter").Nth(k), "user")
		}
	}
	w.src.mu.Unlock()
	anna.confirm = false // what somebody has said of a loss was about that one
	w.tell("mail has come to many mailboxes of the source")
	w.calm.Store(false)
	if err := w.trouble(anna, nil, n); err != nil || w.failed() {
		return pass{}, err
	}
	w.calm.Store(true)
	w.tell("calm again")
	return w.settle(anna)
}

// trouble is one pass of the troubled part, and what happens before it. bert, who is nil in most runs,
// does the same at the same time, from a ledger of his own.
func (w *world) trouble(anna, bert *mover, n int) error {
	if err := w.between(anna, n); err != nil {
		return err
	}
	w.passFrom = time.Now()
	before := w.photograph()
	finished := w.liveMeanwhile(n)
	his := make(chan error, 1)
	if bert == nil {
		his <- nil
	} else {
		go func() { his <- bert.runLater(w.chance.With("lag").Nth(n).Between(0, 500*time.Millisecond)) }()
	}
	p, err := anna.run(w.ending(n))
	err = errors.Join(err, <-his)
	finished()
	if err == nil {
		w.checkPass(p, before)
		w.verifyBetween(anna, n)
	}
	return err
}

// runLater is a pass that begins after a while, of which nothing but its deeds is looked at.
func (m *mover) runLater(lag time.Duration) error {
	time.Sleep(lag + 13*time.Nanosecond)
	_, err := m.run(end{})
	return err
}

// ending draws how a process ends.
func (w *world) ending(n int) end {
	c := w.chance.With("ending").Nth(n)
	at := func(name string) time.Duration {
		return c.With(name, "at").Between(0, time.Second)*time.Duration(1+c.With(name, "late").Int(8)) + 3*time.Nanosecond
	}
	switch {
	case c.With(kills).Happens(w.plan.Rate(kills)):
		return end{killAt: at(kills)}
	case c.With(interrupts).Happens(w.plan.Rate(interrupts)):
		return end{cancelAt: at(interrupts)}
	}
	return end{}
}

// between is what happens before the nth pass.
func (w *world) between(m *mover, n int) error {
	c := w.chance.With("between").Nth(n)
	for k := range w.plan.Size("events", 0, 4) {
		w.live(simulation.Pick(c.With("end").Nth(k), w.src, w.src, w.dst), n*10+k)
	}
	w.moveThere(c.With(lastRenames), 0.4)
	lost := false
	for _, s := range []*store{w.src, w.dst} {
		lost = w.backups(s, n) || lost
	}
	if n > 0 && c.With(ledgersLost).Happens(w.plan.Rate(ledgersLost)) {
		w.tell("the ledger is lost")
		lost = true
		if err := m.loseLedger(); err != nil {
			return err
		}
	}
	w.lost = w.lost || lost
	if lost && w.rivals {
		w.forgive()
	}
	time.Sleep(c.With("pause").Between(0, 2*time.Second)*time.Duration(c.With("long").Int(30)+1) + 11*time.Nanosecond)
	return nil
}

// backups keeps a copy of an end, or puts the end back to it, and renumbers mailboxes. It reports whether the UIDs
// of one say nothing any more: of messages that were deleted at the destination nobody can know then.
func (w *world) backups(s *store, n int) (lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := w.chance.With("backup", s.side).Nth(n)
	gate := restoredFirst
	if s == w.dst {
		gate = restoredLast
	}
	if w.plan.Rate(gate) > 0 {
		switch {
		case s.kept == nil:
			kept := s.save()
			s.kept = &kept
		case c.With("put back").Happens(0.5):
			w.tell("the %s is put back from its backup", s.side)
			s.restore(*s.kept)
			s.kept = nil
		}
	}
	if c.With(renumbered).Happens(w.plan.Rate(renumbered, s.side)) {
		box := w.pickBox(s, c.With("which"))
		s.renumber(box)
		w.tell("the %s renumbers %s", s.side, box.name)
		lost = true
	}
	return lost
}

// mostSettling is how many calm passes may be needed until nothing is left to do.
const mostSettling = 10

// settle runs passes until one has had nothing to do, and lets what is late arrive in between.
func (w *world) settle(m *mover) (pass, error) {
	quiet := 0
	for range mostSettling {
		before := w.photograph()
		w.passFrom = time.Now()
		p, err := m.run(end{})
		if err != nil {
			return p, err
		}
		w.checkPass(p, before)
		if w.failed() {
			return p, nil
		}
		looked := m.answer(p)
		if t := p.outcome.Tally; !looked && !gaveUp(p) && p.changes == 0 && t.Copied+t.Adopted+t.Flagged+t.Removed == 0 {
			quiet++
		} else {
			quiet = 0
		}
		if quiet == 1 {
			return p, nil
		}
		time.Sleep(2 * time.Minute)
	}
	w.fail("a quiet pass does nothing", "after %d calm passes there is still something to do", mostSettling)
	return pass{}, nil
}

// gaveUp says that a pass has left messages untried, because the destination had refused too many: the next one begins with those.
func gaveUp(p pass) bool {
	return slices.ContainsFunc(p.outcome.Findings, func(f rehome.Finding) bool {
		return f.Code == "mailbox_unfinished" && strings.Contains(f.Sentence, "not tried any more")
	})
}

// describe is a message in a story.
func describe(m *message) string {
	return fmt.Sprintf("message %d in %s uid %d", m.content, m.box.name, m.uid)
}
