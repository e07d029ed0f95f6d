// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rehome/lab/simulation"
	"rehome/lab/simulation/ledgers"
)

// world is everything of one run.
type world struct {
	plan   simulation.Plan
	chance simulation.Chance
	pool   *ledgers.Pool
	lent   []*ledgers.File
	dir    string

	books    *library
	src, dst *store
	network  *simulation.Network
	calm     atomic.Bool
	habits   map[string]*habits  // by side
	mapped   func(string) string // the destination's name of a source mailbox

	began       time.Time
	passFrom    time.Time            // when the pass at work has begun
	forgotten   map[string]time.Time // when the ledgers of processes were lost
	complete    time.Time            // when the last pass that had nothing left over has begun
	compared    time.Time            // when the first of them has begun
	rivals      bool                 // two movers with a ledger each are at work
	undated     map[string]bool      // source mailboxes of which a mover has said that dates were not told
	unfoundOnce map[string]bool      // source mailboxes of which a mover has said that a copy was not found
	unfollowed  bool                 // a mover has said that a mailbox is copied again that was renamed at the source
	sourceLost  bool                 // a mover has said that the source was put back
	lost        bool                 // what was known of the destination was lost on the way, with a ledger or with UIDs

	mu     sync.Mutex
	story  []string
	found  *simulation.Failure
	paced  map[string]int  // how often a process was about to do something
	dead   map[string]bool // processes that were killed
	traced bool            // every command and its answer are kept, too
	trace  []string
}

// The addresses of both ends.
const (
	sourceAddress      = "source:143"
	destinationAddress = "destination:143"
)

func newWorld(plan simulation.Plan, parent string, pool *ledgers.Pool) (*world, error) {
	w := &world{plan: plan, chance: plan.Chance(), pool: pool, books: newLibrary(), began: time.Now(),
		habits: map[string]*habits{}, forgotten: map[string]time.Time{}, undated: map[string]bool{}, unfoundOnce: map[string]bool{},
		paced: map[string]int{}, dead: map[string]bool{}}
	dir, err := os.MkdirTemp(parent, "run")
	if err != nil {
		return nil, err
	}
	w.dir = dir
	for _, side := range []string{"source", "destination"} {
		w.habits[side] = newHabits(plan, side, &w.calm)
	}
	srcDelim, dstDelim := w.delimiter("source"), w.delimiter("destination")
	w.src = newStore("source", srcDelim, w.prefix("source", srcDelim), w.books, w.tell, w.note)
	w.dst = newStore("destination", dstDelim, w.prefix("destination", dstDelim), w.books, w.tell, w.note)
	w.mapped = func(name string) string {
		if name == "INBOX" {
			return name
		}
		rest := strings.TrimPrefix(name, w.src.prefix)
		if srcDelim != "" {
			rest = strings.ReplaceAll(rest, srcDelim, cmp.Or(dstDelim, "."))
		}
		return w.dst.prefix + rest
	}
	w.network = simulation.NewNetwork(w.weather)
	for address, store := range map[string]*store{sourceAddress: w.src, destinationAddress: w.dst} {
		habits := w.habits[store.side]
		store.shared = habits.always(validityShared)
		if store == w.dst && habits.always(uidsSkipped) {
			store.skips = func(n int) uint32 { return uint32(max(0, habits.chance.With(uidsSkipped).Nth(n).Int(8)-4)) }
		}
		w.network.Serve(address, func(conn net.Conn, line simulation.Line) {
			serve(&session{habits: habits, store: store, line: line, conn: conn})
		})
	}
	w.populate()
	return w, nil
}

// delimiter draws what separates the levels of names at an end; "" where there are none.
func (w *world) delimiter(side string) string {
	if w.habits[side].always(flat) {
		return ""
	}
	return simulation.Pick(w.chance.With("delimiter", side), "/", ".")
}

// joint is what stands between the parts of a name of an end. Without levels it is what separates none anywhere, so that the name
// stays as it is.
func (w *world) joint(at *store) string { return cmp.Or(at.delim, "-") }

// prefix draws where the mailboxes of an end are: beside INBOX or below it. What is nowhere said cannot be kept to.
func (w *world) prefix(side, delim string) string {
	h := w.habits[side]
	if delim != "" && h.always(prefixed) && h.caps["NAMESPACE"] {
		return "INBOX" + delim
	}
	return ""
}

// tell adds a line to the story.
func (w *world) tell(format string, args ...any) {
	at := time.Since(w.began).Round(time.Millisecond)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.story) < 400 {
		w.story = append(w.story, fmt.Sprintf("%9v  ", at)+fmt.Sprintf(format, args...))
	}
}

// note keeps a command and its answer, if somebody wants to know all of them.
func (w *world) note(format string, args ...any) {
	at := time.Since(w.began)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.traced {
		w.trace = append(w.trace, fmt.Sprintf("%v  ", at)+fmt.Sprintf(format, args...))
	}
}

// pace lets each thing that a process is about to do take a time of its own, so that what comes first hangs on the seed. One
// that was killed does nothing any more.
func (w *world) pace(process, connection, what string) {
	key := process + " " + connection + ": " + what
	w.mu.Lock()
	n, dead := w.paced[key], w.dead[process]
	w.paced[key] = n + 1
	w.mu.Unlock()
	if !dead {
		time.Sleep(w.chance.With("pace", key).Nth(n).Between(time.Microsecond, time.Millisecond))
	}
}

// bury notes that a process was killed.
func (w *world) bury(process string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead[process] = true
}

// fail notes the first rule that did not hold.
func (w *world) fail(rule, format string, args ...any) {
	detail := fmt.Sprintf(format, args...)
	w.tell("!! %s: %s", rule, detail)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.found == nil {
		w.found = &simulation.Failure{Rule: rule, Detail: detail}
	}
}

func (w *world) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found != nil
}

// close ends the run and returns what was found.
func (w *world) close() *simulation.Failure {
	w.network.Close()
	err := os.RemoveAll(w.dir)
	for _, file := range w.lent {
		err = errors.Join(err, file.GiveBack(context.Background()))
	}
	if err != nil {
		w.fail("the run cleans up", "%v", err)
	}
	if w.found != nil {
		w.found.Story = w.story
	}
	return w.found
}

// weather draws what a connection meets.
func (w *world) weather(line simulation.Line) simulation.Weather {
	c := w.chance.With("weather", line.Process, line.Address).Nth(line.Number)
	end, _, _ := strings.Cut(line.Address, ":")
	weather := simulation.Weather{Delay: c.With("delay").Between(time.Millisecond, 30*time.Millisecond) + time.Duration(line.Number)*time.Nanosecond}
	if w.calm.Load() {
		return weather
	}
	hits := func(name string) bool { return c.With(name).Happens(w.plan.Rate(name, end) / 2) }
	octets := func(name string, most int) int64 { return int64(c.With(name, "octets").Int(most)) }
	if hits(slowLines) {
		weather.Rate = 500 + c.With("rate").Int(20000)
	}
	if hits(stalls) {
		weather.Stall = simulation.Stall{After: octets(stalls, 4000), For: c.With(stalls, "for").Between(time.Second, 40*time.Second)}
	}
	if hits(cutsUp) {
		weather.Up = &simulation.Cut{After: octets(cutsUp, 6000)}
	}
	if hits(cutsDown) {
		weather.Down = &simulation.Cut{After: octets(cutsDown, 8000)}
	}
	if hits(cutsSilent) {
		weather.Down = &simulation.Cut{After: octets(cutsSilent, 8000), Silent: true}
	}
	weather.Refuse = hits(connectsFail)
	w.forecast(line, weather)
	return weather
}

// forecast tells the story of a connection that meets something.
func (w *world) forecast(line simulation.Line, weather simulation.Weather) {
	if weather.Refuse {
		w.tell("network: %s is refused", line)
	}
	if weather.Stall.For > 0 {
		w.tell("network: %s holds what is sent behind octet %d back for %v", line, weather.Stall.After, weather.Stall.For.Round(time.Millisecond))
	}
	for i, cut := range []*simulation.Cut{weather.Up, weather.Down} {
		if cut != nil {
			direction := []string{"sent", "received"}[i]
			w.tell("network: %s is cut when %d octets are %s (silent: %v)", line, cut.After, direction, cut.Silent)
		}
	}
}

// populate draws the mailboxes and messages of the beginning.
func (w *world) populate() {
	boxes := w.plan.Size("mailboxes", 0, 3)
	for n := range boxes {
		name := w.draftName(w.chance.With("name").Nth(n), w.src)
		if w.src.boxes[name] == nil {
			w.src.create(name, "seed").subscribed = w.chance.With("subscribed").Nth(n).Happens(0.6)
		}
	}
	messages := w.plan.Size("messages", 0, 12)
	for n := range messages {
		c := w.chance.With("message").Nth(n)
		w.write(w.src, w.pickBox(w.src, c.With("box")), c, "seed")
	}
	if w.relaxed() {
		for n := range w.plan.Size("crowd", 0, 24) {
			w.write(w.src, w.src.boxes["INBOX"], w.chance.With("crowd").Nth(n), "seed")
		}
	}
	if w.plan.Has(earlierMail, 0.2) {
		w.populateDestination()
	}
}

// populateDestination puts messages there before the move: some of its user's own, some copies of what
// the source has.
func (w *world) populateDestination() {
	for n := range 1 + w.chance.With("earlier").Int(4) {
		c := w.chance.With("earlier").Nth(n)
		box := w.dst.boxes["INBOX"]
		if c.With("copy").Happens(0.5) && len(w.src.all) > 0 {
			m := w.src.all[c.With("which").Int(len(w.src.all))]
			if m.box.name == "INBOX" {
				w.dst.deliver(box, m.content, stored(m.text), m.flags, m.date, "seed")
				continue
			}
		}
		m := w.write(w.dst, box, c, "seed")
		m.flags = w.marked(w.dst, m, c, m.flags)
	}
}

// draftName draws the name of a mailbox of an end; some lie below others.
func (w *world) draftName(c simulation.Chance, at *store) string {
	names := []string{"Alpha", "Beta", "Gamma", "Delta"}
	if w.plan.Has(namesOdd, 0.15) {
		names = []string{"Alpha", "two words", `quo"te`, "(Delta)"}
	}
	name := simulation.Pick(c.With("first"), names...)
	if c.With("below").Happens(0.25) {
		name += w.joint(at) + simulation.Pick(c.With("second"), names...)
	}
	return at.prefix + name
}

// pickBox draws one of the mailboxes of a store.
func (w *world) pickBox(s *store, c simulation.Chance) *mailbox {
	return s.boxes[simulation.Pick(c, s.names()...)]
}

// write lets a new message arrive; sometimes it is a copy of one that is in the mailbox already.
func (w *world) write(s *store, box *mailbox, c simulation.Chance, by string) *message {
	var content int
	var text string
	if w.plan.Has(copies, 0.2) && len(box.messages) > 0 && c.With("copy").Happens(0.3) {
		other := box.messages[c.With("of").Int(len(box.messages))]
		content, text = other.content, other.text
	} else {
		content = w.books.add(w.plan, c)
		text = w.books.texts[content]
	}
	if s == w.dst {
		text = stored(text)
	}
	// before the clock of a run begins: what is copied without a date gets a later one, as in the world
	date := time.Date(1999, 3, 1+c.With("day").Int(27), c.With("hour").Int(24), 0, content, 0, time.UTC)
	return s.deliver(box, content, text, w.flags(c), date, by)
}

func (w *world) flags(c simulation.Chance) []string {
	var flags []string
	for _, flag := range []string{`\Seen`, `\Flagged`, `\Answered`, "urgent"} {
		if c.With(flag).Happens(0.3) {
			flags = append(flags, flag)
		}
	}
	return flags
}
