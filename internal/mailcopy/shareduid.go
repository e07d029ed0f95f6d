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
// So equal messages find the one with their own UID first, and the copy of a message that the source does not show now, or that is not
// asked for now because the source breaks off at it, waits for that message.
//
// Without dsync a common UIDVALIDITY is chance: there are servers that count it from 1. Their UIDs say nothing of each other.

// sharedUIDs are the UIDs of a mailbox whose two ends share them.
type sharedUIDs struct {
	are   bool
	aside imap.UIDSet // of messages that the source is not asked for now
}

func (j *mailboxJob) sharedUIDs() sharedUIDs {
	if j.slice.engine.options.Importer == nil || j.srcBox.UIDValidity == 0 || j.srcBox.UIDValidity != j.dstBox.UIDValidity {
		return sharedUIDs{}
	}
	return sharedUIDs{are: true, aside: imap.NewUIDSet(slices.Sorted(maps.Keys(j.row.Suspects))...)}
}

// unclaimed leaves out of dst what may be a message that is not among src because it is set aside.
func (s sharedUIDs) unclaimed(src, dst []entry) []entry {
	aside := s.aside.Minus(uidsOf(src))
	if aside.Empty() {
		return dst
	}
	return slices.DeleteFunc(slices.Clone(dst), func(e entry) bool { return aside.Contains(e.uid) })
}

// unspoken leaves out of dst what has the UID of a message of src that does not show its body, and, as far as that shows it, its header.
func (s sharedUIDs) unspoken(src, dst []*entry) []*entry {
	if !s.are {
		return dst
	}
	silent := map[imap.UID]*entry{}
	for _, e := range src {
		if !bodySeen(e) {
			silent[e.uid] = e
		}
	}
	return slices.DeleteFunc(slices.Clone(dst), func(e *entry) bool {
		other, is := silent[e.uid]
		return is && (!other.seen || other.fingerprint == e.fingerprint)
	})
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
