// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"slices"
	"sync"
	"time"

	"rehome"
	"rehome/internal/protocol/imap"
)

// memory is what the slices of one pass over an account tell each other about single mailboxes, so that the
// trouble of one does not keep the others from being finished. It is lost with the process, which costs
// nothing but finding it all out once more.
type memory struct {
	mu         sync.Mutex
	started    time.Time // of the pass
	strikes    map[string]int
	barred     map[string]string      // destination mailboxes to whose making the server answers BAD, with its words
	avoided    map[string]bool        // mailboxes, by side and name, to whose opening the server answers BAD
	shunned    map[string]bool        // mailboxes, by side and name, in which asking for the newest message has ended the connection
	unforeseen map[string]bool        // source mailboxes of which nothing is asked beforehand, see foresight
	blind      map[rehome.Side]bool   // ends at which looking at the mailboxes beforehand has ended the connection
	calm       bool                   // no more waves, see ride
	accused    map[string]*accusals   // by source mailbox
	bads       int                    // how often the destination has answered BAD to messages
	badsAgain  int                    // likewise, to those that it had refused in an earlier pass
	badFlags   map[string]string      // changes of flags, see flagKey, that are tried alone, or refused with words; and by source mailbox
	badStores  map[string]int         // how often the destination has answered BAD to such, by source mailbox
	alone      map[string]imap.UIDSet // messages that were tried alone, by source mailbox

	mute         bool              // asking the source for annotations has ended the connection
	refusedNotes map[string]string // annotations, by destination mailbox and entry, to which it answers BAD, with its words

	offered map[string]imap.UIDSet // messages that were handed to the destination, by source mailbox, see leaveAltered

	notKept map[string]bool // files in the escrow folder that do not hold what the source has by now, see proveKept

	divisions map[string]*division // by source mailbox

	dates map[string]*knownDates // by source mailbox, see twindate.go

	breaks map[string]map[imap.UID]int // by asker.mailbox: how often the connection has ended at a message that was asked what it is
}

// mostStrikes is how often one mailbox may end the connection, without anything getting on, until the pass
// leaves it behind.
const mostStrikes = 3

// noteOffered notes that a message was handed to the destination in this pass, to its last octet. Before that it cannot be there.
func (m *memory) noteOffered(source string, uid imap.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	set := m.offered[source]
	set.Add(uid)
	m.offered[source] = set
}

// wasOffered says that it was.
func (m *memory) wasOffered(source string, uid imap.UID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offered[source].Contains(uid)
}

// noteNotKept notes that a file in the escrow folder does not hold what the source has by now.
func (m *memory) noteNotKept(file string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notKept[file] = true
}

func (m *memory) isNotKept(file string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.notKept[file]
}

// memoryOf returns the memory of a pass, a new one when it begins.
func (e *Engine) memoryOf(address string, started time.Time) *memory {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.memories[address]
	if m == nil || !m.started.Equal(started) {
		m = &memory{
			started: started, strikes: map[string]int{}, barred: map[string]string{}, avoided: map[string]bool{}, shunned: map[string]bool{},
			unforeseen: map[string]bool{}, blind: map[rehome.Side]bool{}, accused: map[string]*accusals{}, alone: map[string]imap.UIDSet{},
			offered: map[string]imap.UIDSet{}, notKept: map[string]bool{}, breaks: map[string]map[imap.UID]int{}, divisions: map[string]*division{},
			refusedNotes: map[string]string{}, badFlags: map[string]string{}, badStores: map[string]int{}, dates: map[string]*knownDates{},
		}
		e.memories[address] = m
	}
	return m
}

// strike counts one more failure of a mailbox and reports whether that was the last.
func (m *memory) strike(source string) (last bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.strikes[source]++
	return m.strikes[source] >= mostStrikes
}

func (m *memory) acquit(source string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.strikes, source)
}

// refuseName notes that the server answers BAD to the making of a mailbox.
func (m *memory) refuseName(destination, words string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.barred[destination] = words
}

func (m *memory) refusedName(destination string) (words string, refused bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	words, refused = m.barred[destination]
	return words, refused
}

// noteMute notes that asking the source for annotations has ended the connection, and muteNotes says so.
func (m *memory) noteMute() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mute = true
}

func (m *memory) muteNotes() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mute
}

// refuseNote notes that the destination answers BAD to an annotation, with its words, and refusedNote says so.
func (m *memory) refuseNote(destination, entry, words string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusedNotes[destination+"\n"+entry] = words
}

func (m *memory) refusedNote(destination, entry string) (words string, refused bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	words, refused = m.refusedNotes[destination+"\n"+entry]
	return words, refused
}

// avoid notes that the server answers BAD to the opening of a mailbox, which ends the connection: it is left to
// the mailbox's own job.
func (m *memory) avoid(side rehome.Side, name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.avoided[string(side)+" "+name] = true
}

// without returns the names that are not avoided.
func (m *memory) without(side rehome.Side, names []string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(names, func(name string) bool { return m.avoided[string(side)+" "+name] })
}

// avoidAll notes that looking at the mailboxes of an end beforehand has ended the connection, and which of them is to
// blame is not known: each is left to its own job.
func (m *memory) avoidAll(side rehome.Side) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blind[side] = true
}

// shun notes that asking for the newest message of a mailbox has ended the connection, and says whether that is new.
func (m *memory) shun(side rehome.Side, name string) (anew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	anew = !m.shunned[string(side)+" "+name]
	m.shunned[string(side)+" "+name] = true
	return anew
}

func (m *memory) shuns(side rehome.Side, name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shunned[string(side)+" "+name]
}

// mayPeek says that this has not happened.
func (m *memory) mayPeek(side rehome.Side) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.blind[side]
}

// tryAlone notes that a message is tried alone, and reports whether it was before.
func (m *memory) tryAlone(source string, uid imap.UID) (before bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	tried := m.alone[source]
	before = tried.Contains(uid)
	m.alone[source] = union(tried, imap.NewUIDSet(uid))
	return before
}

// divisionOf returns that of a mailbox, which only the mailbox's job uses.
func (m *memory) divisionOf(source string) *division {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.divisions[source] == nil {
		m.divisions[source] = &division{}
	}
	return m.divisions[source]
}
