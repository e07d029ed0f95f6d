// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var handlers = map[string]func(*session, command) string{
	"CAPABILITY": (*session).capability, "LOGIN": (*session).logIn, "AUTHENTICATE": (*session).logIn, "ENABLE": (*session).enable,
	"NAMESPACE": (*session).namespace, "LIST": (*session).list, "LSUB": (*session).list, "STATUS": (*session).status,
	"SELECT": (*session).open, "EXAMINE": (*session).open, "NOOP": (*session).noop, "CHECK": (*session).noop,
	"CLOSE": (*session).closeBox, "UNSELECT": (*session).closeBox, "CREATE": (*session).create, "DELETE": (*session).remove,
	"RENAME": (*session).rename, "SUBSCRIBE": (*session).subscribe, "UNSUBSCRIBE": (*session).subscribe, "APPEND": (*session).append,
	"FETCH": (*session).fetchNumbers, "UID FETCH": (*session).fetch, "UID SEARCH": (*session).search, "UID STORE": (*session).change,
	"UID EXPUNGE": (*session).expunge, "EXPUNGE": (*session).expunge,
}

// do carries a command out and writes its answer. The store is locked, so nothing here may wait.
func (s *session) do(c command) error {
	if c.verb == "LOGOUT" {
		s.say("* BYE see you")
		s.say("%s OK logged out", c.tag)
		return errGone
	}
	handler := handlers[c.verb]
	if handler == nil {
		s.say("%s BAD no such command", c.tag)
		return nil
	}
	if !s.loggedIn && !slices.Contains([]string{"CAPABILITY", "LOGIN", "AUTHENTICATE", "NOOP"}, c.verb) {
		s.say("%s BAD log in first", c.tag)
		return nil
	}
	result := handler(s, c)
	if result == "" {
		return errGone
	}
	s.news(c.verb)
	s.say("%s %s", c.tag, result)
	return nil
}

func (s *session) capability(command) string {
	s.say("* CAPABILITY %s", s.capabilities())
	return "OK done"
}

func (s *session) logIn(command) string {
	s.loggedIn = true
	if s.always(capsAsked) {
		return "OK welcome"
	}
	return "OK [CAPABILITY " + s.capabilities() + "] welcome"
}

func (s *session) enable(c command) string {
	for _, w := range c.words {
		if strings.EqualFold(w.text, "QRESYNC") && s.caps["QRESYNC"] {
			s.qresync = true
			s.say("* ENABLED QRESYNC")
		}
	}
	return "OK done"
}

func (s *session) namespace(command) string {
	s.say(`* NAMESPACE (("%s" %s)) NIL NIL`, s.store.prefix, s.store.delimiter())
	return "OK done"
}

// list answers LIST, with STATUS where it is asked for, and LSUB.
func (s *session) list(c command) string {
	if len(c.words) >= 2 && c.words[0].text == "" && c.words[1].text == "" {
		s.say(`* LIST (\Noselect) %s ""`, s.store.delimiter())
		return "OK done"
	}
	var items []word
	for i, w := range c.words {
		if w.kind == 'l' && i > 0 {
			for j, option := range w.list {
				if strings.EqualFold(option.text, "STATUS") && j+1 < len(w.list) {
					items = w.list[j+1].list
				}
			}
		}
	}
	if c.verb == "LIST" {
		s.sayParents()
	}
	for _, name := range s.listed() {
		box := s.store.boxes[name]
		if c.verb == "LSUB" {
			if box.subscribed {
				s.say(`* LSUB () %s %s`, s.store.delimiter(), s.name(name))
			}
			continue
		}
		if hidden(box) {
			continue
		}
		s.say(`* LIST (%s) %s %s`, strings.Join(s.attributes(box), " "), s.store.delimiter(), s.name(name))
		if items != nil && !s.closed(box) {
			s.sayStatus(box, items, c.nth)
		}
	}
	return "OK done"
}

func (s *session) attributes(box *mailbox) []string {
	var all []string
	if box.subscribed && s.caps["LIST-EXTENDED"] {
		all = append(all, `\Subscribed`)
	}
	if box.use != "" && s.caps["SPECIAL-USE"] {
		all = append(all, box.use)
	}
	return all
}

func (s *session) status(c command) string {
	if len(c.words) < 2 {
		return "BAD what of"
	}
	box := s.store.mailbox(c.words[0].text)
	if box == nil || s.closed(box) || s.often(statusMissing, box.names[0]) {
		return "NO no such mailbox"
	}
	s.sayStatus(box, c.words[1].list, c.nth)
	return "OK done"
}

// sayStatus says what the server likes to say of a mailbox that it need not open.
func (s *session) sayStatus(box *mailbox, items []word, nth int) {
	if s.often(statusMissing, box.names[0]) {
		return
	}
	if s.often(statusEmpty, box.names[0]) {
		s.say(`* STATUS %s ()`, s.name(box.name))
		return
	}
	var said []string
	for _, item := range items {
		name := strings.ToUpper(item.text)
		if s.often(statusPartial, box.names[0], name) {
			continue
		}
		switch name {
		case "MESSAGES":
			n := len(box.messages)
			if s.fails(statusLies, nth, box.name) && n > 0 {
				n--
			}
			said = append(said, fmt.Sprintf("MESSAGES %d", n))
		case "UIDNEXT":
			if next, tells := s.uidNext(box, nth); tells {
				said = append(said, fmt.Sprintf("UIDNEXT %d", next))
			}
		case "UIDVALIDITY":
			said = append(said, fmt.Sprintf("UIDVALIDITY %d", box.validity))
		case "HIGHESTMODSEQ":
			said = append(said, fmt.Sprintf("HIGHESTMODSEQ %d", max(box.modseq, 1)))
		case "SIZE":
			said = append(said, fmt.Sprintf("SIZE %d", s.octets(box)))
		}
	}
	s.say(`* STATUS %s (%s)`, s.name(box.name), strings.Join(said, " "))
}

// uidNext is what the server says of it.
func (s *session) uidNext(box *mailbox, nth int) (uint32, bool) {
	switch {
	case s.always(uidnextMissing):
		return 0, false
	case s.always(uidnextStill):
		if box.said == 0 {
			box.said = box.next
		}
		return box.said, true
	case s.fails(uidnextFalls, nth, box.name):
		return max(1, box.next/2), true
	}
	return box.next, true
}

// closed says that a mailbox is listed and cannot be opened.
func (s *session) closed(box *mailbox) bool {
	return box.name != "INBOX" && s.often(boxClosed, box.names[0])
}

func (s *session) open(c command) string {
	s.box = nil
	s.view = nil
	if len(c.words) == 0 {
		return "BAD which"
	}
	box := s.store.mailbox(c.words[0].text)
	if box == nil {
		return "NO [NONEXISTENT] no such mailbox"
	}
	if s.closed(box) {
		return "NO the mailbox cannot be opened"
	}
	s.box, s.readOnly, s.seen = box, c.verb == "EXAMINE" || s.sealed(box), s.store.modseq
	for _, m := range box.messages {
		s.view = append(s.view, m.uid)
	}
	s.say("* FLAGS (%s)", strings.Join(systemFlags, " "))
	s.say("* OK [PERMANENTFLAGS (%s)] kept", s.permanent(box))
	s.say("* %d EXISTS", len(box.messages))
	s.say("* 0 RECENT")
	s.say("* OK [UIDVALIDITY %d] valid", box.validity)
	if next, tells := s.uidNext(box, c.nth); tells {
		s.say("* OK [UIDNEXT %d] next", next)
	}
	if s.caps["CONDSTORE"] {
		s.say("* OK [HIGHESTMODSEQ %d] highest", max(box.modseq, 1))
	}
	s.resync(c)
	if s.readOnly {
		return "OK [READ-ONLY] opened"
	}
	return "OK [READ-WRITE] opened"
}

func (s *session) noop(command) string { return "OK done" }

func (s *session) closeBox(c command) string {
	if c.verb == "CLOSE" && s.box != nil && !s.readOnly {
		s.erase(func(m *message) bool { return slices.Contains(m.flags, `\Deleted`) })
	}
	s.box = nil
	s.view = nil
	return "OK done"
}

// news tells of what others have done to the open mailbox.
func (s *session) news(verb string) {
	if s.box == nil || verb == "FETCH" || verb == "UID FETCH" && !s.always(chatter) && !s.always(newsAmong) { // numbers stay during FETCH
		return
	}
	gone := uidSet{}
	for i := 0; i < len(s.view); {
		if s.box.find(s.view[i]) != nil {
			i++
			continue
		}
		if s.qresync {
			gone = append(gone, s.view[i])
		} else {
			s.say("* %d EXPUNGE", i+1)
		}
		s.view = slices.Delete(s.view, i, i+1)
	}
	if len(gone) > 0 {
		s.say("* VANISHED %s", gone)
	}
	before := len(s.view)
	for _, m := range s.box.messages {
		if len(s.view) == 0 || m.uid > s.view[len(s.view)-1] {
			s.view = append(s.view, m.uid)
		}
	}
	if len(s.view) != before {
		s.say("* %d EXISTS", len(s.view))
	}
	if verb == "NOOP" {
		for i, uid := range s.view {
			if m := s.box.find(uid); m.modseq > s.seen {
				s.say(`* %d FETCH (UID %d FLAGS (%s))`, i+1, uid, s.flagText(m))
			}
		}
		s.seen = s.store.modseq
	}
}

// writes notes that a mover wants to change something. At the source nobody but its users may.
func (s *session) writes(c command) {
	s.store.tell("%s: %s", s.where(), short(c.text))
	if s.side == "source" {
		s.store.breach("the source is never written", c.text)
	}
}

var dateForm = "_2-Jan-2006 15:04:05 -0700"

func parseDate(text string) time.Time {
	t, err := time.Parse(dateForm, text)
	if err != nil {
		return time.Time{}
	}
	return t
}
