// SPDX-License-Identifier: Apache-2.0

package mail

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"rehome/lab/simulation"
)

// uidSet is UIDs in the order in which they are said.
type uidSet []uint32

func (set uidSet) String() string {
	var parts []string
	for i := 0; i < len(set); {
		j := i
		for j+1 < len(set) && set[j+1] == set[j]+1 {
			j++
		}
		part := strconv.FormatUint(uint64(set[i]), 10)
		if j > i {
			part += ":" + strconv.FormatUint(uint64(set[j]), 10)
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// ranges is a set as a client asks for it.
type ranges [][2]uint32

func parseSet(text string) ranges {
	var all ranges
	for _, part := range strings.Split(text, ",") {
		first, last, several := strings.Cut(part, ":")
		if !several {
			last = first
		}
		all = append(all, [2]uint32{bound(first), bound(last)})
	}
	return all
}

func bound(text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil { // "*"
		return 1<<32 - 1
	}
	return uint32(n)
}

func (set ranges) has(uid uint32) bool {
	return slices.ContainsFunc(set, func(r [2]uint32) bool { return min(r[0], r[1]) <= uid && uid <= max(r[0], r[1]) })
}

// number is the sequence number of a UID, as far as this session has been told.
func (s *session) number(uid uint32) int {
	return sort.Search(len(s.view), func(i int) bool { return s.view[i] >= uid }) + 1
}

// visible returns the messages that the session knows of and that are still there.
func (s *session) visible(set ranges) []*message {
	var all []*message
	for _, uid := range s.view {
		if m := s.box.find(uid); m != nil && set.has(uid) {
			all = append(all, m)
		}
	}
	return all
}

// lastOne makes "*" mean the last message, and "n:*" match it when its UID is below n (RFC 9051, section 9).
func (s *session) lastOne(text string) ranges {
	set := parseSet(text)
	if (text == "*" || strings.HasSuffix(text, ":*")) && len(s.view) > 0 {
		last := s.view[len(s.view)-1]
		set = append(set, [2]uint32{last, last})
	}
	return set
}

// unlisted says that a listing leaves a message out this time.
func (s *session) unlisted(m *message, nth int) bool {
	return s.fails(listingShort, nth, s.box.names[0], fmt.Sprint(m.uid))
}

func (s *session) search(c command) string {
	if s.box == nil {
		return "BAD nothing is open"
	}
	set := ranges{{1, 1<<32 - 1}}
	for i, w := range c.words {
		if strings.EqualFold(w.text, "UID") && i+1 < len(c.words) {
			set = s.lastOne(c.words[i+1].text)
		}
	}
	var found uidSet
	s.omitted = nil
	for _, m := range s.visible(set) {
		if s.unlisted(m, c.nth) {
			s.omitted = append(s.omitted, m.uid)
		} else {
			found = append(found, m.uid)
		}
	}
	if s.caps["ESEARCH"] {
		if len(found) == 0 {
			s.say(`* ESEARCH (TAG "%s") UID`, c.tag)
		} else {
			s.say(`* ESEARCH (TAG "%s") UID ALL %s`, c.tag, found)
		}
		return "OK done"
	}
	s.sayFound(found)
	return "OK done"
}

// question is what a FETCH asks for.
type question struct {
	flags, date, size, modseq, body bool
	fields                          string // of BODY.PEEK[HEADER.FIELDS (...)], as it was asked
	since                           uint64
	vanished                        bool
}

func ask(c command) question {
	var q question
	items := c.words[1].list
	if c.words[1].kind != 'l' {
		items = c.words[1:2]
	}
	for _, w := range items {
		switch name := strings.ToUpper(w.text); {
		case name == "FLAGS":
			q.flags = true
		case name == "INTERNALDATE":
			q.date = true
		case name == "RFC822.SIZE":
			q.size = true
		case name == "MODSEQ":
			q.modseq = true
		case name == "BODY.PEEK[]":
			q.body = true
		case strings.HasPrefix(name, "BODY.PEEK[HEADER.FIELDS"):
			q.fields = w.text[len("BODY.PEEK["):strings.LastIndexByte(w.text, ']')]
		}
	}
	for _, w := range c.words[2:] {
		for i, option := range w.list {
			switch strings.ToUpper(option.text) {
			case "CHANGEDSINCE":
				q.since, _ = strconv.ParseUint(w.list[i+1].text, 10, 64)
			case "VANISHED":
				q.vanished = true
			}
		}
	}
	return q
}

func (s *session) fetch(c command) string {
	if s.box == nil {
		return "BAD nothing is open"
	}
	if strings.Contains(c.text, "BODY[") && s.side == "source" {
		s.store.breach("the source is never written", c.text+" sets \\Seen")
	}
	q := ask(c)
	messages := s.visible(s.lastOne(c.words[0].text))
	if s.often(answersShuffled, c.text) {
		sort.SliceStable(messages, func(i, j int) bool {
			return s.chance.With("order").Nth(int(messages[i].uid)) < s.chance.With("order").Nth(int(messages[j].uid))
		})
	}
	failed := false
	for _, m := range messages {
		if m.modseq <= q.since {
			continue
		}
		if !q.body && q.fields == "" && s.unlisted(m, c.nth) {
			continue
		}
		switch s.damage(m, q) {
		case "no":
			failed = true
			continue
		case "left out":
			continue
		case "nil":
			s.sayNothing(m, q)
			continue
		case "hang up":
			return "" // what has been said goes out, and no more
		}
		s.sayMessage(m, q, c.nth)
		if s.always(newsAmong) { // RFC 9051, section 7.5.1: not where sequence numbers are asked for
			s.news("UID FETCH")
		}
	}
	if failed {
		return "NO some messages could not be read"
	}
	return "OK done"
}

// fetchNumbers lists by sequence numbers. That is another way to list, which may show what a search has left out. Some
// servers leave out the same in both.
func (s *session) fetchNumbers(c command) string {
	switch {
	case s.box == nil:
		return "BAD nothing is open"
	case len(s.view) == 0:
		return "BAD no such message"
	}
	q := ask(c)
	set := parseSet(c.words[0].text)
	for i, uid := range s.view {
		m := s.box.find(uid)
		if m != nil && set.has(uint32(i+1)) && !s.unlistedAgain(m, c.nth) {
			s.sayMessage(m, q, c.nth)
		}
	}
	return "OK done"
}

// unlistedAgain says that the second way to list leaves a message out.
func (s *session) unlistedAgain(m *message, nth int) bool {
	if s.plan.Has(listingShorter, 0.4, s.side) {
		return slices.Contains(s.omitted, m.uid)
	}
	return s.fails(listingShort, nth, "by numbers", s.box.names[0], fmt.Sprint(m.uid))
}

// damage is how a message that cannot be read shows.
func (s *session) damage(m *message, q question) string {
	if !q.body && q.fields == "" || s.spoilt(m).kind != harmWithheld && (s.side != "source" || !s.damaged(m.content)) {
		return ""
	}
	return simulation.Pick(s.chance.With("damage").Nth(m.content), "no", "left out", "hang up", "nil")
}

// sayNothing says of a message that it has neither header nor content.
func (s *session) sayNothing(m *message, q question) {
	var items []string
	if q.fields != "" {
		items = append(items, "BODY["+s.section(q.fields)+"] NIL")
	}
	if q.body {
		items = append(items, "BODY[] NIL")
	}
	s.say("* %d FETCH (UID %d %s)", s.number(m.uid), m.uid, strings.Join(items, " "))
}

// sayMessage says of a message what is asked for, in the ways in which servers do.
func (s *session) sayMessage(m *message, q question, nth int) {
	items := s.items(m, q)
	key := fmt.Sprint(m.uid)
	if s.often(attributesShuffled, "order") {
		sort.SliceStable(items, func(i, j int) bool {
			return s.chance.With(attributesShuffled, items[i][:4]) < s.chance.With(attributesShuffled, items[j][:4])
		})
	}
	number := s.number(m.uid)
	if s.always(chatter) && s.chance.With("chatter", key).Nth(nth).Happens(0.2) {
		s.say("* %d FETCH (FLAGS (%s))", number, s.flagText(m))
	}
	if s.often(answersSplit, key) && len(items) > 2 {
		s.say("* %d FETCH (UID %d %s)", number, m.uid, strings.Join(onlyData(items[:len(items)/2]), " "))
		items = append([]string{fmt.Sprintf("UID %d", m.uid)}, onlyData(items[len(items)/2:])...)
	}
	s.say("* %d FETCH (%s)", number, strings.Join(items, " "))
	if s.often(answersRepeated, key) {
		s.say("* %d FETCH (%s)", number, strings.Join(items, " "))
	}
}

func onlyData(items []string) []string {
	var kept []string
	for _, item := range items {
		if !strings.HasPrefix(item, "UID ") {
			kept = append(kept, item)
		}
	}
	return kept
}

func (s *session) items(m *message, q question) []string {
	items := []string{fmt.Sprintf("UID %d", m.uid)}
	key := fmt.Sprint(m.content)
	if q.flags {
		items = append(items, "FLAGS ("+s.flagText(m)+")")
	}
	if q.date && !s.often(dateMissing, key) {
		items = append(items, `INTERNALDATE "`+s.dateText(m)+`"`)
	} else if q.date && s.chance.With("nil date", key).Happens(0.5) {
		items = append(items, "INTERNALDATE NIL")
	}
	if q.size && !s.often(sizeMissing, key) {
		size := s.sizeOf(m)
		if s.often(sizeEstimated, key) {
			size = s.chance.With("guess", key).Int(3) * (size*9/10 + 7)
		}
		items = append(items, fmt.Sprintf("RFC822.SIZE %d", size))
	}
	if q.modseq || q.since > 0 {
		items = append(items, fmt.Sprintf("MODSEQ (%d)", m.modseq))
	}
	if q.fields != "" {
		header := fieldsOf(s.served(m), q.fields)
		items = append(items, fmt.Sprintf("BODY[%s] {%d}\r\n%s", s.section(q.fields), len(header), header))
	}
	if q.body {
		text := s.served(m)
		items = append(items, fmt.Sprintf("BODY[] {%d}\r\n%s", len(text), text))
	}
	return items
}

// fieldsOf returns the lines of a header that are asked for.
func fieldsOf(text, section string) string {
	wanted := strings.Fields(strings.ToUpper(strings.Trim(section[len("HEADER.FIELDS"):], " ()")))
	var b strings.Builder
	head, _, _ := strings.Cut(stored(text), "\r\n\r\n")
	for _, line := range strings.Split(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		if slices.Contains(wanted, strings.ToUpper(name)) {
			b.WriteString(line + "\r\n")
		}
	}
	b.WriteString("\r\n")
	return b.String()
}

// resync tells what has changed since the state that the client knows (RFC 7162, section 3.2.5).
func (s *session) resync(c command) {
	if len(c.words) < 2 || len(c.words[1].list) < 2 || !strings.EqualFold(c.words[1].list[0].text, "QRESYNC") {
		return
	}
	known := c.words[1].list[1].list
	if len(known) < 2 || known[0].text != fmt.Sprint(s.box.validity) {
		return
	}
	since, err := strconv.ParseUint(known[1].text, 10, 64)
	if err != nil {
		return
	}
	set := ranges{{1, 1<<32 - 1}}
	if len(known) > 2 {
		set = parseSet(known[2].text)
	}
	var gone uidSet
	for _, v := range s.box.vanished {
		if v.modseq > since && set.has(v.uid) && s.box.find(v.uid) == nil {
			gone = append(gone, v.uid)
		}
	}
	if len(gone) > 0 {
		slices.Sort(gone)
		s.say("* VANISHED (EARLIER) %s", gone)
	}
	for i, m := range s.box.messages {
		if m.modseq > since {
			s.say("* %d FETCH (UID %d FLAGS (%s) MODSEQ (%d))", i+1, m.uid, s.flagText(m), m.modseq)
		}
	}
}
