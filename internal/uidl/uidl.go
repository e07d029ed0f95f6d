// SPDX-License-Identifier: Apache-2.0

// Package uidl finds out which message of an IMAP mailbox is which message of the same account's POP3 maildrop.
//
// A POP3 program that leaves mail on the server knows each message by its unique identifier (RFC 1939, section 7), which IMAP
// does not show. Where the destination can be told identifiers, each message has to be given its own: a wrong one, or none,
// makes the program download the message again.
//
// A maildrop need not be the INBOX: some servers hide messages, or show other mailboxes as well, and their order may be another.
// So only three things count as proof that two messages are one: an identifier that consists of the mailbox's UIDVALIDITY and
// the message's UID, an equal header, and, where all sizes of both are equal in order, a size that occurs once. What none of them joins
// stays apart and is counted.
package uidl

import (
	"cmp"
	"maps"
	"slices"

	"rehome/internal/protocol/imap"
)

// Message is one of the IMAP mailbox.
type Message struct {
	UID    imap.UID
	Octets int64 // RFC822.SIZE; negative where it was not told
}

// Shown is one of the POP3 maildrop.
type Shown struct {
	Number int    // in the session that listed it, from 1 on
	Octets int64  // of LIST, often an estimate
	ID     string // of UIDL
}

// Matching says what belongs together.
type Matching struct {
	Form  Form
	Of    map[imap.UID]Shown
	Rest  []Message // which no identifier was found for, in the order of UIDs
	Other []Shown   // which no message was found for, in the order of the maildrop
}

// Match joins what the two listings alone join. messages are in the order of their UIDs, shown in that of their numbers.
func Match(validity uint32, messages []Message, shown []Shown) Matching {
	m := Matching{Of: map[imap.UID]Shown{}}
	m.Form = m.byForm(validity, messages, shown)
	m.part(messages, shown)
	if len(m.Of) == 0 { // identifiers that tell of some messages have shown the places of the others to be unknown
		m.bySize(messages, shown)
		m.part(messages, shown)
	}
	return m
}

// part sorts out what is not joined yet.
func (m *Matching) part(messages []Message, shown []Shown) {
	joined := map[int]bool{}
	for _, s := range m.Of {
		joined[s.Number] = true
	}
	m.Rest = slices.DeleteFunc(slices.Clone(messages), func(message Message) bool { _, ok := m.Of[message.UID]; return ok })
	m.Other = slices.DeleteFunc(slices.Clone(shown), func(s Shown) bool { return joined[s.Number] })
}

// byForm joins by identifiers that contain the UID, and returns their form.
func (m *Matching) byForm(validity uint32, messages []Message, shown []Shown) Form {
	octets := make(map[imap.UID]int64, len(messages))
	for _, message := range messages {
		octets[message.UID] = message.Octets
	}
	form := FormOf(validity, shown)
	for _, s := range shown {
		uid, ok := form.UIDOf(validity, s.ID)
		if _, there := octets[uid]; ok && there {
			if _, twice := m.Of[uid]; !twice {
				m.Of[uid] = s
			}
		}
	}
	if form.proves() {
		return form
	}
	// A number alone may be anything: it is the UID where all of it fits.
	for uid, s := range m.Of {
		if octets[uid] != s.Octets {
			clear(m.Of)
			return Opaque
		}
	}
	if len(m.Of) != len(shown) {
		clear(m.Of)
		return Opaque
	}
	return form
}

// enough is how many messages have to agree before equal sizes are no accident: reading the headers of fewer costs nothing.
const enough = 8

// bySize joins those whose size nobody else has, if both listings have the same sizes in the same order. Where the sizes differ at
// one place the maildrop is not the mailbox, and an equal size at another place is an accident.
func (m *Matching) bySize(messages []Message, shown []Shown) {
	if len(messages) != len(shown) || len(messages) < enough {
		return
	}
	count := make(map[int64]int, len(messages))
	for i, message := range messages {
		if message.Octets < 0 || message.Octets != shown[i].Octets {
			return
		}
		count[message.Octets]++
	}
	for i, message := range messages {
		if count[message.Octets] == 1 {
			m.Of[message.UID] = shown[i]
		}
	}
}

// Digests are those of the headers of what is left; what could not be read has none.
type Digests struct {
	Messages map[imap.UID]Digest
	Shown    map[int]Digest // by number
}

// Join joins what is left by headers. Of several messages with one header those of one size belong together; messages that agree
// in both are the same to a program, and any order among them will do.
func (m *Matching) Join(of Digests) {
	type look struct {
		digest Digest
		octets int64
	}
	waiting := map[Digest][]Shown{}
	for _, s := range m.Other {
		if digest, ok := of.Shown[s.Number]; ok {
			waiting[digest] = append(waiting[digest], s)
		}
	}
	rivals := map[Digest]int{}
	for _, message := range m.Rest {
		if digest, ok := of.Messages[message.UID]; ok {
			rivals[digest]++
		}
	}
	sized := map[look][]Shown{}
	for digest, all := range waiting {
		for _, s := range all {
			sized[look{digest, s.Octets}] = append(sized[look{digest, s.Octets}], s)
		}
	}
	for _, message := range m.Rest {
		digest, ok := of.Messages[message.UID]
		if !ok {
			continue
		}
		if all := waiting[digest]; len(all) == 1 && rivals[digest] == 1 {
			m.Of[message.UID] = all[0]
			continue
		}
		at := look{digest, message.Octets}
		if some := sized[at]; len(some) > 0 {
			m.Of[message.UID], sized[at] = some[0], some[1:]
		}
	}
	m.part(slices.Clone(m.Rest), slices.Clone(m.Other))
}

// InOrder returns the joined UIDs in the order of the maildrop.
func (m *Matching) InOrder() []imap.UID {
	return slices.SortedFunc(maps.Keys(m.Of), func(a, b imap.UID) int { return cmp.Compare(m.Of[a].Number, m.Of[b].Number) })
}
