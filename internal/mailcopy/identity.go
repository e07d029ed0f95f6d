// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"bytes"
	"context"

	"rehome/internal/content/message"
	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// Identity is content. Names, UIDs, UIDVALIDITY, UIDNEXT, sizes and dates are hints that a rename, a
// restored backup, a lost ledger or a server's habit can make false. Where they contradict each other the
// messages themselves are asked, and what they do not confirm is not believed any more.
//
// A message of the source that does not say what it is proves nothing, whether a number has fallen or not: from above the
// last one that is confirmed on, and where the history of the mailbox is known to be another one, what is silent is unknown.
// It stays as it is booked, so that nothing comes back that was deleted at the destination, but it counts as unknown, is
// named, and is asked again in each pass until it speaks (see endState.untold, ledger.NoteUntold). Only what it says then
// can void what is booked. What is silent at the destination is unknown likewise (see silence).

// claim is what the ledger says of one message at one end.
type claim struct {
	uid  imap.UID // at that end
	item ledger.Item
}

// judgement is what a message says to the claim about it.
type judgement int

const (
	unproved judgement = iota // nothing that could be compared
	same                      // it is the message
	other                     // it is another one
)

// judgeOrigin compares the Message-ID and the Date of a message with the claim. Only they can contradict: servers
// change much of what they store, and a changed message is the same one.
func judgeOrigin(item ledger.Item, e *entry) judgement {
	switch {
	case item.Origin == nil || !e.original:
		return unproved
	case bytes.Equal(item.Origin, e.origin[:]):
		return same
	}
	return other
}

// unchanged says that a message is, from the first octet to the last, what the claim says.
func unchanged(item ledger.Item, digest message.Digest) bool {
	return item.Digest != nil && bytes.Equal(item.Digest, digest[:])
}

// endState is how one end stands to what the ledger says of it. Sets hold UIDs of that end.
type endState struct {
	same, other, unproved, absent imap.UIDSet
	differing                     imap.UIDSet // they were read, are not what was written, and nothing tells what they are
	unlike                        imap.UIDSet // of these, what the source does not deliver any more, so that nothing can be held against it
	silent                        imap.UIDSet // they were asked, and the end has not said enough to hold against content
	atSource                      bool

	highest imap.UID // of all messages there
	uidNext imap.UID // as the end says; 0 when it does not
	seen    imap.UID // what it said when it was last held against the ledger; 0 when that is not known
	fallen  bool     // its HIGHESTMODSEQ has fallen since
	doubted imap.UID // what was missing from there on was unknown before, and still is; 0 when there was none
}

// brokenFrom returns the UID from which on the mailbox has another history than the ledger knows, 0 when
// nothing proves that. UIDs are given in ascending order and never twice (RFC 9051, section 2.3.1.1), and mod-sequences
// rise (RFC 7162, section 3.1.2.1): a mailbox that was put back to an earlier state has lost the upper end of them,
// and gives it out again.
//
// A UIDNEXT that is not above all messages is no evidence of anything, and neither is one that has not fallen: there
// are servers where it stands still. Nor does a mod-sequence prove anything against it: an index that was built anew
// has lost it, too.
func (s endState) brokenFrom() imap.UID {
	from := first(s.other)
	next := first(above(s.tail(), s.uidNext))
	fell := s.uidNext > s.highest && s.uidNext < s.seen
	switch {
	case next == 0 || !fell && !s.fallen:
		return from
	case fell:
		next = s.uidNext
	}
	if from == 0 || next < from {
		return next
	}
	return from
}

// tail returns what is absent above all that is there still: a restore takes the upper end, and what is missing below
// was deleted by somebody.
func (s endState) tail() imap.UIDSet { return above(s.absent, s.same.Max()+1) }

// void returns what is not to be believed any more: whatever is not confirmed from where the history is broken. That is
// at the latest where it is noticed: what differs below may be another one already, of which nothing but its octets tells.
// What is silent at the source is untold instead; the destination's silence is an error where it is matched, see hidden.
func (s endState) void() imap.UIDSet {
	from := s.brokenFrom()
	if from == 0 {
		return imap.UIDSet{}
	}
	void := union(above(union(s.other, s.unproved, s.absent, s.silent), from), s.differing)
	if s.atSource {
		return void.Minus(s.silent)
	}
	return void
}

// untold returns what is silent where a restore may have put others: above all that is confirmed, from where the history is
// broken on, and everywhere when numbers have fallen.
func (s endState) untold() imap.UIDSet {
	from := s.same.Max() + 1
	if broken := s.brokenFrom(); broken != 0 {
		from = min(from, broken)
	}
	if s.fallen {
		from = 0
	}
	return above(s.silent, from).Minus(s.void())
}

// unknown returns what nothing tells of whether somebody has deleted it or a restore has taken it.
func (s endState) unknown() imap.UIDSet {
	tail := s.tail()
	if s.fallen || s.brokenFrom() != 0 {
		return tail.Minus(s.void())
	}
	if s.doubted != 0 {
		return above(tail, min(s.uidNext, s.doubted))
	}
	return above(tail, s.uidNext)
}

// first returns the lowest UID of a set, 0 when it is empty.
func first(set imap.UIDSet) imap.UID {
	for uid := range set.All() {
		return uid
	}
	return 0
}

// above returns the UIDs of a set from floor on.
func above(set imap.UIDSet, floor imap.UID) imap.UIDSet {
	var high imap.UIDSet
	for _, r := range set.Ranges() {
		if r.Last >= floor {
			high.AddRange(max(r.First, floor), r.Last)
		}
	}
	return high
}

// examineClaims asks the messages of the open mailbox what they are. Headers are read of all, bodies only of
// those whose header contradicts or says too little. It does not tell what is absent.
func examineClaims(ctx context.Context, a asker, claims []claim, s *endState) error {
	byUID := make(map[imap.UID]ledger.Item, len(claims))
	entries := make([]*entry, len(claims))
	for i, c := range claims {
		byUID[c.uid], entries[i] = c.item, &entry{uid: c.uid}
	}
	if err := a.headers(ctx, entries); err != nil {
		return err
	}
	var doubtful []*entry
	for _, e := range entries {
		judged := judgeOrigin(byUID[e.uid], e)
		switch {
		case !e.seen:
			s.silent.Add(e.uid)
		case judged == same:
			s.same.Add(e.uid)
		case byUID[e.uid].Digest != nil:
			doubtful = append(doubtful, e)
		default:
			s.note(e.uid, judged)
		}
	}
	if err := a.bodies(ctx, doubtful, bodySeen); err != nil {
		return err
	}
	for _, e := range doubtful {
		judged := judgeOrigin(byUID[e.uid], e)
		if unchanged(byUID[e.uid], e.digest) {
			judged = same
		}
		switch s.note(e.uid, judged); {
		case judged != unproved:
		case bodySeen(e):
			s.differing.Add(e.uid)
		default:
			s.silent.Add(e.uid)
		}
	}
	return nil
}

func (s *endState) note(uid imap.UID, judged judgement) {
	switch judged {
	case same:
		s.same.Add(uid)
	case other:
		s.other.Add(uid)
	default:
		s.unproved.Add(uid)
	}
}
