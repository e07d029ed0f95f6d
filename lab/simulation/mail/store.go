// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// message is one message in one mailbox. It is never used again for another one: what is moved is gone
// here and new there.
type message struct {
	uid     uint32
	content int
	nth     int // how many of its content its end had before
	text    string
	date    time.Time
	flags   []string // sorted
	modseq  uint64
	box     *mailbox
	by      string // who has put it there
	since   time.Time

	spare  bool   // a mover has named it as one copy too many
	heard  bool   // a pass that had nothing left over has ended since it was stored
	missed bool   // such a pass has begun since it was taken away
	undone bool   // it was taken away, and a backup has brought it back
	masked bool   // see world.mask
	goneBy string // who has taken it away, "" while it is there
	gone   time.Time
	foul   time.Time // when its user has changed the flags of what a mover has put there
	dumb   bool      // its mailbox was renumbered before a mover has heard that it was stored, or again before one had looked it through
}

// withdrawn says that the mover who has written the message has taken it back, or another one that has written the same
// under the same UID before the mailbox was put back: by all that can be seen it is its own.
func (m *message) withdrawn() bool {
	return m.goneBy != "" && !user(m.goneBy) && (moverOf(m.by) == moverOf(m.goneBy) || !m.box.putBack.IsZero())
}

// moverOf is whose process somebody is.
func moverOf(process string) string {
	name, _, _ := strings.Cut(process, "-")
	return name
}

// mailbox keeps its identity when it is renamed.
type mailbox struct {
	name       string
	names      []string // all it ever had
	validity   uint32
	next       uint32
	modseq     uint64
	messages   []*message // ascending UIDs
	vanished   []vanished
	subscribed bool
	use        string
	by         string
	goneBy     string

	said    uint32    // the UIDNEXT that was told first, for a server whose UIDNEXT stands still
	moved   bool      // the destination's user has renamed it
	shift   int       // how often it was renumbered
	stirred bool      // no pass that had nothing left over has ended since
	putBack time.Time // when it was last put back to a backup
}

type vanished struct {
	uid    uint32
	modseq uint64
}

// store is one end's account. Its fields are guarded by mu.
type store struct {
	side   string // "source" or "destination"
	delim  string // "" for one without a hierarchy
	prefix string
	books  *library
	tell   func(format string, args ...any)
	note   func(format string, args ...any) // of each command and its answer

	mu       sync.Mutex
	boxes    map[string]*mailbox
	ever     []*mailbox
	all      []*message
	copies   map[int]int // how many of a content there were ever
	modseq   uint64
	validity uint32
	shared   bool // mailboxes of one second share a UIDVALIDITY
	skips    func(message int) uint32
	said     map[string]int // how often a command was given
	restarts int            // how often the server was restarted: what was open before is over
	commands int
	changes  int        // commands of a mover that have changed something
	victims  []*message // what movers have removed
	broken   []violation
	kept     *backup // nil when there is none
}

// violation is a rule that was broken at the very moment.
type violation struct{ rule, detail string }

func newStore(side, delim, prefix string, books *library, tell, note func(string, ...any)) *store {
	s := &store{side: side, delim: delim, prefix: prefix, books: books, tell: tell, note: note,
		boxes: map[string]*mailbox{}, copies: map[int]int{}, said: map[string]int{}, validity: 100, modseq: 10}
	s.create("INBOX", "seed")
	return s
}

// user says that somebody is no mover.
func user(who string) bool { return who == "user" || who == "seed" || who == "backup" }

// changed counts what a mover has changed.
func (s *store) changed(by string) {
	if !user(by) && by != "hidden" {
		s.changes++
	}
}

func (s *store) breach(rule, detail string) { s.broken = append(s.broken, violation{rule, detail}) }

// create makes a mailbox that is not there.
func (s *store) create(name, by string) *mailbox {
	s.validity++
	validity := s.validity
	if s.shared {
		validity = uint32(time.Now().Unix())
	}
	box := &mailbox{name: name, names: []string{name}, validity: validity, next: 1, modseq: s.modseq, by: by}
	s.boxes[name] = box
	s.ever = append(s.ever, box)
	s.changed(by)
	return box
}

// names lists the mailboxes in order.
func (s *store) names() []string {
	names := make([]string, 0, len(s.boxes))
	for name := range s.boxes {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// deliver puts a message into a mailbox.
func (s *store) deliver(box *mailbox, content int, text string, flags []string, date time.Time, by string) *message {
	s.modseq++
	if s.skips != nil {
		box.next += s.skips(len(s.all))
	}
	m := &message{
		uid: box.next, content: content, nth: s.copies[content], text: text, date: date, flags: canonical(flags), modseq: s.modseq,
		box: box, by: by, since: time.Now(),
	}
	s.copies[content]++
	box.next++
	box.modseq = s.modseq
	box.messages = append(box.messages, m)
	s.all = append(s.all, m)
	s.changed(by)
	return m
}

// take removes a message.
func (s *store) take(m *message, by string) {
	s.modseq++
	m.goneBy, m.gone = by, time.Now()
	s.changed(by)
	box := m.box
	box.messages = slices.DeleteFunc(box.messages, func(other *message) bool { return other == m })
	box.vanished = append(box.vanished, vanished{m.uid, s.modseq})
	box.modseq = s.modseq
}

// flag sets the flags of a message.
func (s *store) flag(m *message, flags []string, by string) bool {
	flags = canonical(flags)
	if slices.Equal(flags, m.flags) {
		return false
	}
	s.modseq++
	s.changed(by)
	m.flags, m.modseq, m.box.modseq = flags, s.modseq, s.modseq
	if m.foul.IsZero() && user(by) {
		m.foul = time.Now()
	}
	return true
}

// drop deletes a mailbox with all that is in it.
func (s *store) drop(box *mailbox, by string) {
	for len(box.messages) > 0 {
		s.take(box.messages[0], by)
	}
	box.goneBy = by
	s.changed(by)
	delete(s.boxes, box.name)
}

// below says that a mailbox is below another one.
func (s *store) below(name, parent string) bool {
	return s.delim != "" && strings.HasPrefix(name, parent+s.delim)
}

// delimiter is what separates levels, as the server says it (RFC 9051, section 7.3.1).
func (s *store) delimiter() string {
	if s.delim == "" {
		return "NIL"
	}
	return `"` + s.delim + `"`
}

// rename moves a mailbox and those below it.
func (s *store) rename(from, to, by string) {
	s.changed(by)
	for _, name := range s.names() {
		if name == from || s.below(name, from) {
			box := s.boxes[name]
			delete(s.boxes, name)
			box.name = to + strings.TrimPrefix(name, from)
			box.names = append(box.names, box.name)
			s.boxes[box.name] = box
		}
	}
}

func (box *mailbox) find(uid uint32) *message {
	at := sort.Search(len(box.messages), func(i int) bool { return box.messages[i].uid >= uid })
	if at < len(box.messages) && box.messages[at].uid == uid {
		return box.messages[at]
	}
	return nil
}

// canonical sorts flags and drops repeats and \Recent.
func canonical(flags []string) []string {
	kept := make([]string, 0, len(flags))
	for _, f := range flags {
		for _, system := range systemFlags {
			if strings.EqualFold(f, system) { // RFC 9051, section 9
				f = system
			}
		}
		if !strings.EqualFold(f, `\Recent`) {
			kept = append(kept, f)
		}
	}
	sort.Strings(kept)
	return slices.Compact(kept)
}

// backup is a copy of a store that is kept aside.
type backup struct {
	boxes  map[string]savedBox
	modseq uint64
}

type savedBox struct {
	box        *mailbox
	name       string
	validity   uint32
	next       uint32
	modseq     uint64
	subscribed bool
	messages   []savedMessage
}

type savedMessage struct {
	m      *message
	uid    uint32
	modseq uint64
	flags  []string
}

func (s *store) save() backup {
	b := backup{boxes: map[string]savedBox{}, modseq: s.modseq}
	for name, box := range s.boxes {
		saved := savedBox{box: box, name: name, validity: box.validity, next: box.next, modseq: box.modseq, subscribed: box.subscribed}
		for _, m := range box.messages {
			saved.messages = append(saved.messages, savedMessage{m, m.uid, m.modseq, m.flags})
		}
		b.boxes[name] = saved
	}
	return b
}

// restore puts the store back. What came after the backup is gone, and what was deleted is there again.
func (s *store) restore(b backup) {
	for _, name := range s.names() {
		box := s.boxes[name]
		for len(box.messages) > 0 {
			s.take(box.messages[0], "backup")
		}
		box.goneBy, box.putBack = "backup", time.Now()
	}
	s.boxes = map[string]*mailbox{}
	s.modseq = b.modseq
	for name, saved := range b.boxes {
		box := saved.box
		// By all that can be seen its user has given it the name that it has again, whatever a mover has made of that since.
		box.moved = box.moved || s.side == "destination" && box.name != name
		box.name = name
		box.validity = saved.validity
		box.next = saved.next
		box.goneBy = ""
		box.subscribed = saved.subscribed
		box.messages, box.vanished, box.said, box.modseq, box.putBack = nil, nil, 0, saved.modseq, time.Now()
		for _, old := range saved.messages {
			old.m.undone = old.m.undone || old.m.goneBy != "" && old.m.goneBy != "backup"
			old.m.goneBy, old.m.box, old.m.flags, old.m.uid, old.m.modseq = "", box, old.flags, old.uid, old.modseq
			box.messages = append(box.messages, old.m)
		}
		s.boxes[name] = box
	}
}

// renumber gives a mailbox a new UIDVALIDITY and its messages new UIDs, as a rebuilt index does.
func (s *store) renumber(box *mailbox) {
	s.validity += 1000
	box.validity = s.validity
	box.next = 1
	box.vanished = nil
	box.said = 0
	box.shift++
	for _, m := range box.messages {
		m.uid = box.next
		m.dumb = m.dumb || !m.heard || box.stirred
		box.next++
	}
	box.stirred = true
}
