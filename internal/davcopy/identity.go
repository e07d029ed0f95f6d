// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// An event and its changed occurrences have one UID, and belong in one object (RFC 4791 section 4.1). Where a source has the
// occurrences under a name of their own, the two are two objects all the same: neither is an older version of the other, nor
// the other under a new name, and what the destination has of the one is not taken for the other.

// apartMark ends the identity of an object that holds changed occurrences and not their event.
const apartMark = "\x1e"

// inspect is pim.Inspect, and gives such an object an identity of its own for a UID.
func inspect(data []byte) (pim.Object, error) {
	o, err := pim.Inspect(data)
	if err == nil && o.UID != "" && isApart(o) {
		o.UID += apartMark
	}
	return o, err
}

// isApart reports whether an object holds changed occurrences and not their event.
func isApart(o pim.Object) bool { return o.Overrides > 0 && !o.Master }

// plainUID is the UID as it stands in the object.
func plainUID(identity string) string { return strings.TrimSuffix(identity, apartMark) }

// holdApart takes changed occurrences that have a name of their own out of a chunk: where the destination wants them and their event
// in one object, it gets the event. That is as much of them as is held at once; what is more has its turn as it comes.
func (j *collectionJob) holdApart(chunk []dav.Object) []dav.Object {
	return slices.DeleteFunc(chunk, func(o dav.Object) bool {
		if o.Err != nil || len(j.apart) == chunkObjects || j.apartOctets+len(o.Data) > chunkOctets || !holdsApart(o.Data) {
			return false
		}
		j.apart = append(j.apart, o)
		j.apartOctets += len(o.Data)
		return true
	})
}

func holdsApart(data []byte) bool {
	if !bytes.Contains(data, []byte("RECURRENCE-ID")) { // most events end here
		return false
	}
	o, err := pim.Inspect(data)
	return err == nil && isApart(o)
}

// otherPart is the source name of what the destination has instead of an object: of changed occurrences their event, and of an
// event its changed occurrences; "" where it has neither. To delete one of the two would lose it.
func (j *collectionJob) otherPart(p *transfer) string {
	if p.kind != pim.KindCalendar || p.row.UID == "" {
		return ""
	}
	other := plainUID(p.row.UID)
	if other == p.row.UID {
		other += apartMark
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.byUID[other]
}

// holderElsewhereOf is holderElsewhere for whichever part of an event another collection has.
func (j *collectionJob) holderElsewhereOf(ctx context.Context, identity string) (string, error) {
	holder, err := j.holderElsewhere(ctx, plainUID(identity))
	if holder == "" && err == nil && identity != "" {
		holder, err = j.holderElsewhere(ctx, plainUID(identity)+apartMark)
	}
	return holder, err
}
