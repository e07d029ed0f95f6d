// SPDX-License-Identifier: Apache-2.0

package mailcopy

import (
	"slices"
	"strings"

	"rehome/internal/ledger"
	"rehome/internal/protocol/imap"
)

// removal is what is to be done about copies whose originals have vanished. Sets hold source UIDs.
type removal struct {
	remove  imap.UIDSet
	changed imap.UIDSet // somebody has changed the flags of the copy: it stays
	lost    imap.UIDSet // gone already
	marked  imap.UIDSet // carry the \Deleted of a removal that was begun
	unmark  imap.UIDSet // carry the \Deleted of a removal that was begun, and stay
}

// spare takes messages out of what is removed: they stay, without a mark of ours.
func (r removal) spare(stay imap.UIDSet) removal {
	r.remove = r.remove.Minus(stay)
	r.unmark = union(r.unmark, intersection(r.marked, stay))
	return r
}

// decideRemoval compares the flags that the copies have now, by destination UID, with those that we
// have given them. begun are messages that an earlier removal may have marked: their \Deleted is ours. Only what is
// removable goes: a removal that was begun under another policy, or of what the source has again since, is not carried on,
// and its marks are taken back.
func decideRemoval(items []ledger.Item, now map[imap.UID][]string, filter flagFilter, begun, removable imap.UIDSet) removal {
	var r removal
	for _, item := range items {
		flags, present := now[item.DstUID]
		given, _ := filter.split(item.Flags)
		marked := begun.Contains(item.UID) && isDeleted(flags) && !isDeleted(given)
		if marked {
			r.marked.Add(item.UID)
			flags = minus(flags, []string{deleted})
		}
		switch {
		case !present:
			r.lost.Add(item.UID)
		case !sameFlags(flags, given):
			r.changed.Add(item.UID)
		case removable.Contains(item.UID):
			r.remove.Add(item.UID)
			marked = false
		}
		if marked {
			r.unmark.Add(item.UID)
		}
	}
	return r
}

const deleted = `\Deleted`

func isDeleted(flags []string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, deleted) })
}

// sameFlags compares two sets of flags; \Recent is no flag of the message (RFC 9051, section 2.3.2).
func sameFlags(a, b []string) bool {
	recent := []string{`\Recent`}
	return len(minus(minus(a, b), recent)) == 0 && len(minus(minus(b, a), recent)) == 0
}
