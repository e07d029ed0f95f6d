// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// hidden says that a mailbox exists and is not listed until somebody makes it.
func hidden(box *mailbox) bool { return box.by == "hidden" }

func (s *session) create(c command) string {
	s.writes(c)
	name := strings.TrimSuffix(c.words[0].text, s.store.delim)
	if box := s.store.boxes[name]; box != nil {
		return "NO [ALREADYEXISTS] it exists"
	}
	if s.often(createRefused, name) {
		return "NO no such name here"
	}
	if s.often(createExisting, name) {
		s.store.create(name, "hidden").subscribed = false
		return "NO [ALREADYEXISTS] it exists"
	}
	made := name
	if s.often(createRenamed, name) {
		rest := strings.TrimPrefix(name, s.store.prefix)
		made = strings.TrimSuffix(name, rest) + strings.ToLower(rest) + "_"
	}
	if s.store.boxes[made] != nil {
		return "NO [ALREADYEXISTS] it exists"
	}
	s.makeParents(made)
	box := s.store.create(made, s.line.Process)
	if len(c.words) > 1 && len(c.words[1].list) > 1 && len(c.words[1].list[1].list) > 0 {
		box.use = c.words[1].list[1].list[0].text
	}
	return "OK created"
}

// makeParents makes what is above a mailbox, where the server does that (RFC 9051, section 6.3.4).
func (s *session) makeParents(name string) {
	if s.store.delim == "" {
		return
	}
	for at := range name {
		parent := name[:at]
		above := strings.HasPrefix(name[at:], s.store.delim) && parent+s.store.delim != s.store.prefix
		if above && s.always(parentsMade) && s.store.mailbox(parent) == nil {
			s.store.create(parent, s.line.Process)
		}
	}
}

func (s *session) remove(c command) string {
	s.writes(c)
	box := s.store.mailbox(c.words[0].text)
	if box == nil || box.name == "INBOX" {
		return "NO [NONEXISTENT] no such mailbox"
	}
	if s.sealed(box) {
		return s.sealedWords(box)
	}
	if user(box.by) {
		s.store.breach("only what was made is removed", fmt.Sprintf("mailbox %q of the destination's user", box.name))
	}
	for _, m := range box.messages {
		s.checkVictim(m)
	}
	s.store.drop(box, s.line.Process)
	return "OK deleted"
}

func (s *session) rename(c command) string {
	s.writes(c)
	from, to := c.words[0].text, c.words[1].text
	if s.store.boxes[from] == nil {
		return "NO [NONEXISTENT] no such mailbox"
	}
	if s.store.boxes[to] != nil {
		return "NO [ALREADYEXISTS] it exists"
	}
	if s.sealed(s.store.boxes[from]) {
		return s.sealedWords(s.store.boxes[from])
	}
	s.store.rename(from, to, s.line.Process)
	return "OK renamed"
}

func (s *session) subscribe(c command) string {
	s.writes(c)
	box := s.store.mailbox(c.words[0].text)
	if box == nil {
		return "NO [NONEXISTENT] no such mailbox"
	}
	if subscribed := c.verb == "SUBSCRIBE"; box.subscribed != subscribed {
		box.subscribed = subscribed
		s.store.changed(s.line.Process)
	}
	return "OK done"
}

// refusesMessage says whether the destination never takes a content.
func (s *session) refusesMessage(content int) (verb string, refuses bool) {
	key := fmt.Sprint(content)
	switch {
	case s.often(appendRefused, key):
		return "NO", true
	case s.often(appendBad, key):
		return "BAD", true
	}
	return "", false
}

const tooBigWords = "[TOOBIG] the message is too large"

// letter is one message of an APPEND.
type letter struct {
	content int
	text    string
	flags   []string
	date    time.Time
}

// append stores all messages of a command or none.
func (s *session) append(c command) string {
	s.writes(c)
	box := s.store.mailbox(c.words[0].text)
	if box == nil {
		return "NO [TRYCREATE] no such mailbox"
	}
	if s.sealed(box) {
		return s.sealedWords(box)
	}
	if words, is := s.full(); is {
		return "NO " + words
	}
	letters, problem := s.letters(c.words[1:])
	if problem != "" {
		return problem
	}
	if len(letters) > 1 && !s.caps["MULTIAPPEND"] {
		return "BAD one at a time"
	}
	var uids uidSet
	for _, l := range letters {
		m := s.store.deliver(box, l.content, l.text, s.keeps(l.flags), l.date, s.line.Process)
		uids = append(uids, m.uid)
	}
	if !s.caps["UIDPLUS"] || !s.tellsUIDs() && s.chance.With(uidsUntold, c.text).Nth(c.nth).Happens(0.5) {
		return "OK stored"
	}
	return fmt.Sprintf("OK [APPENDUID %d %s] stored", box.validity, uids)
}

// letters reads the messages of an APPEND, each with flags and date where they were sent.
func (s *session) letters(words []word) (letters []letter, problem string) {
	next := letter{date: time.Now()}
	for i, w := range words {
		switch {
		case w.kind == 'l':
			for _, flag := range w.list {
				next.flags = append(next.flags, flag.text)
			}
			continue
		case i+1 < len(words) && words[i+1].kind == 's' && !parseDate(w.text).IsZero():
			next.date = parseDate(w.text)
			continue
		}
		content, known := s.store.books.find(w.text)
		if !known {
			s.store.breach("octets are not changed", fmt.Sprintf("a message arrives that nobody has written: %.80q", w.text))
			return nil, "NO what is that"
		}
		if s.tooBig(len(w.text)) {
			return nil, "NO " + tooBigWords
		}
		if verb, refuses := s.refusesMessage(content); refuses {
			return nil, verb + " message not taken"
		}
		next.content, next.text = content, stored(w.text)
		letters = append(letters, next)
		next = letter{date: time.Now()}
	}
	return letters, ""
}

func (s *session) change(c command) string {
	s.writes(c)
	if s.box == nil || s.readOnly || len(c.words) < 3 {
		return "NO not open for writing"
	}
	if s.sealed(s.box) {
		return s.sealedWords(s.box)
	}
	var flags []string
	for _, w := range c.words[2].list {
		flags = append(flags, w.text)
	}
	if c.words[2].kind != 'l' {
		for _, w := range c.words[2:] {
			flags = append(flags, w.text)
		}
	}
	action := strings.ToUpper(c.words[1].text)
	for _, m := range s.box.messages {
		if !parseSet(c.words[0].text).has(m.uid) {
			continue
		}
		s.store.flag(m, changed(m.flags, action, s.keeps(canonical(flags))), s.line.Process)
		if !strings.HasSuffix(action, ".SILENT") {
			s.say(`* %d FETCH (UID %d FLAGS (%s))`, s.number(m.uid), m.uid, s.flagText(m))
		}
	}
	return "OK done"
}

func changed(now []string, action string, flags []string) []string {
	switch action[0] {
	case '+':
		return append(slices.Clone(now), flags...)
	case '-':
		return slices.DeleteFunc(slices.Clone(now), func(f string) bool { return slices.Contains(flags, f) })
	}
	return flags
}

func (s *session) expunge(c command) string {
	s.writes(c)
	if s.box == nil || s.readOnly {
		return "NO not open for writing"
	}
	if s.sealed(s.box) {
		return s.sealedWords(s.box)
	}
	wanted := func(m *message) bool { return slices.Contains(m.flags, `\Deleted`) }
	if c.verb == "UID EXPUNGE" {
		set := parseSet(c.words[0].text)
		wanted = func(m *message) bool { return set.has(m.uid) && slices.Contains(m.flags, `\Deleted`) }
	}
	s.erase(wanted)
	return "OK done"
}

// erase removes messages for a mover.
func (s *session) erase(wanted func(*message) bool) {
	for _, m := range slices.Clone(s.box.messages) {
		if wanted(m) {
			s.checkVictim(m)
			s.store.take(m, s.line.Process)
		}
	}
}

// checkVictim holds a removal against the rules: only what a mover has written, and nobody has changed.
func (s *session) checkVictim(m *message) {
	if user(m.by) {
		s.store.breach("nothing is removed that we did not put there",
			fmt.Sprintf("message of content %d in %q, uid %d, which is the user's own", m.content, m.box.name, m.uid))
	}
	if found := s.spoilt(m); found.kind != "" && found.since.IsZero() {
		s.store.breach("nothing is removed that is not what was written", fmt.Sprintf("content %d in %q is %s", m.content, m.box.name, found.kind))
	}
	s.store.victims = append(s.store.victims, m)
}
