// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"rehome/lab/simulation"
)

// How a server says things: the same can be said in many ways, and each of them is one that clients meet.

// mailbox returns the mailbox that a client means: INBOX in whatever case (RFC 9051, section 5.1).
func (s *store) mailbox(name string) *mailbox {
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
	}
	return s.boxes[name]
}

// name is a mailbox name as the server says it.
func (h *habits) name(name string) string {
	if name == "INBOX" && h.often(namesOtherwise, "inbox") {
		name = simulation.Pick(h.chance.With("inbox"), "Inbox", "inbox")
	}
	if h.often(namesOtherwise, "literal", name) {
		return fmt.Sprintf("{%d}\r\n%s", len(name), name)
	}
	return `"` + quoting.Replace(name) + `"`
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// listed are the names of a LIST in the order in which they are said, some twice.
func (s *session) listed() []string {
	names := s.store.names()
	if !s.always(namesOtherwise) {
		return names
	}
	order := func(name string) simulation.Chance { return s.chance.With(namesOtherwise, "order", name) }
	sort.SliceStable(names, func(i, j int) bool { return order(names[i]) < order(names[j]) })
	for _, name := range slices.Clone(names) {
		if s.often(namesOtherwise, "twice", name) {
			names = append(names, name)
		}
	}
	return names
}

// sayParents lists what is only above other mailboxes, as many servers do (RFC 9051, section 7.3.1).
func (s *session) sayParents() {
	if !s.always(parentsListed) || s.store.delim == "" {
		return
	}
	said := map[string]bool{}
	for _, name := range s.store.names() {
		for at := range name {
			parent := name[:at]
			if !strings.HasPrefix(name[at:], s.store.delim) || parent+s.store.delim == s.store.prefix || s.store.boxes[parent] != nil || said[parent] {
				continue
			}
			said[parent] = true
			attributes := simulation.Pick(s.chance.With(parentsListed, parent), `\Noselect`, `\NonExistent`, `\NOSELECT \HasChildren`)
			s.say(`* LIST (%s) "%s" %s`, attributes, s.store.delim, s.name(parent))
		}
	}
}

// flagText is the flags of a message as the server says them.
func (h *habits) flagText(m *message) string {
	if !h.always(flagsOtherwise) {
		return strings.Join(m.flags, " ")
	}
	said := make([]string, 0, len(m.flags)+1)
	for _, flag := range m.flags {
		if strings.HasPrefix(flag, `\`) && h.often(flagsOtherwise, flag) {
			flag = strings.ToUpper(flag)
		}
		said = append(said, flag)
	}
	if h.often(flagsOtherwise, "recent", fmt.Sprint(m.uid)) {
		said = append(said, `\Recent`)
	}
	return strings.Join(said, " ")
}

// systemFlags are those that every mailbox keeps.
var systemFlags = []string{`\Answered`, `\Flagged`, `\Deleted`, `\Seen`, `\Draft`}

// keeps leaves out the flags that the destination does not keep.
func (h *habits) keeps(flags []string) []string {
	if !h.dropsKeywords() {
		return flags
	}
	return slices.DeleteFunc(slices.Clone(flags), func(flag string) bool { return !strings.HasPrefix(flag, `\`) })
}

func (h *habits) dropsKeywords() bool { return h.side == "destination" && h.always(keywordsDropped) }

// permanent are the flags that a mailbox keeps, as the server says them.
func (h *habits) permanent(box *mailbox) string {
	if h.sealed(box) && h.chance.With(boxReadOnly, "flags").Happens(0.5) {
		return ""
	}
	flags := strings.Join(systemFlags, " ")
	if h.dropsKeywords() {
		return flags
	}
	return flags + ` \*`
}

// dateText is the INTERNALDATE of a message as the server says it.
func (h *habits) dateText(m *message) string {
	date := m.date
	if h.often(zones, fmt.Sprint(m.content)) {
		minutes := h.chance.With(zones, "minutes").Nth(m.content).Int(27*60) - 12*60
		date = date.In(time.FixedZone("", minutes*60))
	}
	return date.Format(dateForm)
}

// section is the name of a part of a message, as the server says it: fields in any case and order, with or without quotes.
func (h *habits) section(fields string) string {
	if !h.always(fieldsOtherwise) {
		return fields
	}
	names := strings.Fields(strings.Trim(fields[len("HEADER.FIELDS"):], " ()"))
	for i, name := range names {
		c := h.chance.With(fieldsOtherwise, name)
		if names[i] = strings.ToLower(name); c.With("upper").Happens(0.5) {
			names[i] = strings.ToUpper(name)
		}
		if c.With("quoted").Happens(0.5) {
			names[i] = `"` + names[i] + `"`
		}
	}
	if h.chance.With(fieldsOtherwise).Happens(0.5) {
		slices.Sort(names)
	}
	return "HEADER.FIELDS (" + strings.Join(names, " ") + ")"
}

// sayFound says the UIDs of a search, in several answers where the server likes that.
func (s *session) sayFound(found uidSet) {
	line := "* SEARCH"
	for i, uid := range found {
		line += fmt.Sprint(" ", uid)
		if i < len(found)-1 && s.often(searchesSplit, fmt.Sprint(uid)) {
			s.say("%s", line)
			line = "* SEARCH"
		}
	}
	s.say("%s", line)
}

// sayAnything says what nobody has asked for, and what tells nothing.
func (s *session) sayAnything(c command) {
	s.say("%s", simulation.Pick(s.chance.With("anything", c.text).Nth(c.nth), "* OK still here", "* OK [ALERT] maintenance on Sunday",
		"* NO disk is getting full", "* 0 RECENT", "* XPAUSE 4 (a \"b)\" {2}\r\n)()"))
}

// The limits of a destination.

// tooBig says that a message of so many octets is never taken.
func (h *habits) tooBig(octets int) bool { return h.sizeLimit() > 0 && octets > h.sizeLimit() }

// sizeLimit is the most octets of a message; 0 for no limit.
func (h *habits) sizeLimit() int {
	if h.side != "destination" || !h.always(sizesLimited) {
		return 0
	}
	return 230 + h.chance.With(sizesLimited).Int(400)
}

// tellsUIDs says that each answer to an APPEND tells the UIDs (RFC 4315).
func (h *habits) tellsUIDs() bool { return h.caps["UIDPLUS"] && !h.always(uidsUntold) }

// full says that the account has no room for a while, and in which words.
func (h *habits) full() (words string, is bool) {
	phase := int(time.Since(clockBegins()) / (10 * time.Second))
	if !h.fails(quotaFull, phase) {
		return "", false
	}
	return simulation.Pick(h.chance.With("words of the quota"), "[OVERQUOTA] the account is full", "Quota exceeded", "[LIMIT] over quota"), true
}
