// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// An event and its changed occurrences have one UID, and belong in one object (RFC 4791 section 4.1). Where a source has the
// occurrences under names of their own, all of them are objects all the same: none is an older version of another, nor another
// one under a new name, and what the destination has of one is not taken for another. Which occurrence is changed tells those
// of one event apart.

// apartMark is behind the UID in the identity of an object that holds changed occurrences and not their event, and before the first
// of these.
const apartMark = "\x1e"

// inspect is pim.Inspect, and gives such an object an identity of its own for a UID.
func inspect(data []byte) (pim.Object, error) {
	o, err := pim.Inspect(data)
	if err == nil && o.UID != "" && isApart(o) {
		o.UID += apartMark
		if !o.FirstChange.IsZero() {
			o.UID += o.FirstChange.UTC().Format("20060102T150405Z")
		}
	}
	return o, err
}

// isApart reports whether an object holds changed occurrences and not their event.
func isApart(o pim.Object) bool { return o.Overrides > 0 && !o.Master }

// standingAlone is what changed occurrences without their event are where they were converted to events of their own, nil where that is
// no repair that is made. They have the identity of the event then: only what they are tells whose they are.
func (p *transfer) standingAlone(repairs pim.Needs) []byte {
	if !strings.Contains(p.object.UID, apartMark) || !repairs[pim.CodeLoneOverride] {
		return nil
	}
	repaired, fixes := pim.Repair(p.data, p.kind, repairs)
	if !slices.ContainsFunc(fixes, func(fix pim.Fix) bool { return fix.Code == pim.CodeLoneOverride }) {
		return nil
	}
	form, readable := pim.Digest(repaired, p.kind)
	if !readable {
		return nil
	}
	return form[:]
}

// plainUID is the UID as it stands in the object.
func plainUID(identity string) string {
	uid, _, _ := strings.Cut(identity, apartMark)
	return uid
}

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

// otherPart is what the destination has instead of an object, by the source name and the identity: of changed occurrences their event,
// or other ones of it, and of an event its changed occurrences; "" where it has none of that. To delete one of the two would lose it.
func (j *collectionJob) otherPart(p *transfer) (name, identity string) {
	if p.kind != pim.KindCalendar || p.row.UID == "" {
		return "", ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	identity = firstPart(maps.Keys(j.byUID), plainUID(p.row.UID), p.row.UID)
	return j.byUID[identity], identity
}

// firstPart is the first of the identities of a UID besides one of them, "" for none: that of the event comes before those of its
// changed occurrences. It is pure.
func firstPart(identities iter.Seq[string], uid, besides string) (first string) {
	for identity := range identities {
		if plainUID(identity) == uid && identity != besides && (first == "" || identity < first) {
			first = identity
		}
	}
	return first
}

// holderElsewhereOf is holderElsewhere for whichever part of an event another collection has, the event first.
func (j *collectionJob) holderElsewhereOf(ctx context.Context, identity string) (string, error) {
	uid := plainUID(identity)
	if uid == "" {
		return "", nil
	}
	holder, err := j.holderElsewhere(ctx, func(other string) bool { return other == uid })
	if holder == "" && err == nil {
		holder, err = j.holderElsewhere(ctx, func(other string) bool { return plainUID(other) == uid })
	}
	return holder, err
}
