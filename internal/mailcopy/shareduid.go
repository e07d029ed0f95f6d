// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"maps"
	"slices"

	"rehome/internal/protocol/imap"
)

// Where both ends have one UIDVALIDITY behind dsync, a message is at the destination under the UID that it has at the source. Of
// several that are equal to the octet each could stand for any other, but not there: what is taken for another one's copy leaves its own
// message without one, and that is sent anew, behind all others, because its UID is given out.
//
// So equal messages find the one with their own UID first. And the copy of a message that the source does not show
// now, or that is not asked for now because the source breaks off at it, is given to none with a higher UID: what we have sent has its own
// UID there, or is behind what was there, never before. Whatever else is found stays found, because what is not is sent again.
//
// Without dsync a common UIDVALIDITY is chance: there are servers that count it from 1. Their UIDs say nothing of each other.

// sharedUIDs are the UIDs of a mailbox whose two ends share them.
type sharedUIDs struct {
	are      bool
	reserved imap.UIDSet // of messages that do not say now what they are
}

func (j *mailboxJob) sharedUIDs() sharedUIDs {
	if j.slice.engine.options.Importer == nil || j.srcBox.UIDValidity == 0 || j.srcBox.UIDValidity != j.dstBox.UIDValidity {
		return sharedUIDs{}
	}
	return sharedUIDs{are: true, reserved: imap.NewUIDSet(slices.Collect(maps.Keys(j.row.Suspects))...)}
}

// reserve takes note of who has spoken: of src, those that are like something at the destination were asked for their headers, and alike,
// with the header of something there, for their bodies.
func (s *sharedUIDs) reserve(src []entry, like, alike []*entry) {
	if !s.are {
		return
	}
	s.reserved = s.reserved.Minus(uidsOf(src))
	for _, e := range like {
		if !e.seen {
			s.reserved.Add(e.uid)
		}
	}
	for _, e := range alike {
		if !bodySeen(e) {
			s.reserved.Add(e.uid)
		}
	}
}

// mayBe says that a message of the source may be found in one of the destination, if their contents are equal.
func (s sharedUIDs) mayBe(src, dst *entry) bool {
	return src.uid <= dst.uid || !s.reserved.Contains(dst.uid)
}

// noteFoundUID notes under which UID a message was found that was sent with its own, or behind all others.
func (j *mailboxJob) noteFoundUID(p pairing) {
	switch {
	case !j.sharedUIDs().are:
	case p.src.uid == p.dst.uid:
		j.uids.brought.Add(p.src.uid)
	default:
		j.uids.moved.Add(p.src.uid)
	}
}
