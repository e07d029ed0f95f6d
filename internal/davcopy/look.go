// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"errors"
	"net/http"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// look finds out why the destination would not have the object under its name: it has it already, holds
// an older version of ours, or something else that is not ours to touch. refusal is nil when nothing was
// sent yet.
func (j *collectionJob) look(ctx context.Context, p *parcel, refusal error) error {
	there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, p.row.Destination), kindOf(j.kind))
	if dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone) {
		return j.nothingThere(ctx, p, refusal)
	}
	if err != nil {
		return faultOf(err, "read at the destination", p.row.Destination)
	}
	switch compareWith(p, there) {
	case sameObject:
		j.adopt(p, there.ETag)
		return nil
	case olderObject:
		p.match = there.ETag
		return j.overwrite(ctx, p)
	case otherObject:
		return j.writeElsewhere(ctx, p)
	}
	return j.conflict(p, "conflict", "it was edited at the destination after it was copied, and has changed at the source too")
}

// likeness is how what is at the destination relates to what is to be written.
type likeness string

const (
	sameObject   likeness = "same"   // what we want to write
	olderObject  likeness = "older"  // what we wrote before, untouched
	editedObject likeness = "edited" // the same UID, and somebody has changed it
	otherObject  likeness = "other"  // another UID: it only has the name
)

// compareWith is pure.
func compareWith(p *parcel, there dav.Object) likeness {
	if pim.Compare(p.data, there.Data, p.kind).Verdict.Harmless() {
		return sameObject
	}
	form, readable := pim.Digest(there.Data, p.kind)
	ours := p.before.State.There() || p.before.State == ledger.ObjectIntent
	if readable && ours && there.ETag != "" && (bytes.Equal(form[:], p.before.Form) || hasForm(p.before.Tried, form[:])) {
		return olderObject
	}
	object, err := pim.Inspect(there.Data)
	if err == nil && object.UID != p.object.UID && !p.before.State.There() {
		return otherObject
	}
	return editedObject
}

// adopt takes over what is at the destination. It is ours if we had begun to write it, or written it
// before.
func (j *collectionJob) adopt(p *parcel, etag string) {
	p.row.DstETag = etag
	state := ledger.ObjectAdopted
	if p.before.State == ledger.ObjectIntent || p.before.State == ledger.ObjectStored {
		state = ledger.ObjectStored
	}
	j.settleAs(p, state)
}

// nothingThere is for a name that was refused as taken and is free (too large, bad data: some servers say
// 412 to that), and for an update of what somebody has removed.
func (j *collectionJob) nothingThere(ctx context.Context, p *parcel, refusal error) error {
	switch {
	case p.before.State.There():
		return j.conflict(p, "deleted_at_destination", "it was removed at the destination after it was copied, and has changed at the source")
	case !p.fully && p.repairAll():
		stored, err := j.put(ctx, p)
		if judge(err, 2) == stepStored {
			j.stored(p, stored)
			return j.readBack(ctx, p)
		}
		refusal = err
	}
	return j.refused(p, refusal)
}

// overwrite replaces our own older version. Whoever edits it in this moment wins.
func (j *collectionJob) overwrite(ctx context.Context, p *parcel) error {
	stored, err := j.put(ctx, p)
	switch judge(err, 2) {
	case stepStored:
		j.stored(p, stored)
		return j.readBack(ctx, p)
	case stepLook:
		return j.conflict(p, "conflict", "it was edited at the destination while it was copied")
	case stepStop:
		return stopFault(err, p)
	}
	if !p.fully && p.repairAll() {
		return j.overwrite(ctx, p)
	}
	return j.refused(p, err)
}

// writeElsewhere writes under a name that nobody has.
func (j *collectionJob) writeElsewhere(ctx context.Context, p *parcel) error {
	j.mu.Lock()
	p.row.Destination = p.name(j.taken)
	again := j.taken[p.row.Destination]
	j.taken[p.row.Destination] = true
	j.mu.Unlock()
	if again {
		return j.conflict(p, "name_taken", "the destination has other objects under every name that this one could have")
	}
	if err := j.ledger().SaveObjects(ctx, j.row, p.intent()); err != nil {
		return err
	}
	return j.write(ctx, p)
}

// findUID looks at the object that has the UID already.
func (j *collectionJob) findUID(ctx context.Context, p *parcel, refusal error) error {
	href := j.holderOf(p, refusal)
	if href == "" {
		return j.refusedUID(ctx, p, refusal)
	}
	there, err := j.slice.dst.Get(ctx, href, kindOf(j.kind))
	if dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone) {
		return j.refusedUID(ctx, p, refusal)
	}
	if err != nil {
		return faultOf(err, "read at the destination", href)
	}
	if compareWith(p, there) != sameObject {
		return j.giveUp(p, "duplicate_uid", refusal)
	}
	p.row.Destination, p.row.DstETag = nameBelow(j.place.target.Href, there.Href), there.ETag
	j.settleAs(p, ledger.ObjectMerged)
	return nil
}

// holderOf returns the href of the object that has the UID: as the server says, else as we know.
func (j *collectionJob) holderOf(p *parcel, refusal error) string {
	var refused *dav.StatusError
	if errors.As(refusal, &refused) && refused.Href != "" {
		return refused.Href
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if other, found := j.byUID[p.row.UID]; found && p.row.UID != "" && other != p.row.Source {
		return hrefOf(j.place.target.Href, j.known[other].Destination)
	}
	return ""
}

// refusedUID is for a conflict of which nobody names the other side: it may be about something else.
func (j *collectionJob) refusedUID(ctx context.Context, p *parcel, refusal error) error {
	if p.fully || !p.repairAll() {
		return j.refused(p, refusal)
	}
	return j.write(ctx, p)
}

// recognise compares with what the destination has of the same UID: after a lost ledger it is the same.
func (j *collectionJob) recognise(ctx context.Context, p *parcel) error {
	found := j.unknown[p.object.UID]
	p.row.Destination, p.row.DstETag = found.name, found.etag
	if bytes.Equal(found.form, p.row.Form) && p.row.Form != nil {
		j.adopt(p, found.etag)
		return nil
	}
	there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, found.name), kindOf(j.kind))
	if err != nil {
		return faultOf(err, "read at the destination", found.name)
	}
	switch compareWith(p, there) {
	case sameObject:
		j.adopt(p, there.ETag)
		return nil
	case olderObject: // sent by us and never answered
		p.match = there.ETag
		if err := j.ledger().SaveObjects(ctx, j.row, p.intent()); err != nil {
			return err
		}
		return j.overwrite(ctx, p)
	}
	return j.conflict(p, "conflict", "the destination had another version of it before the copy, which stays as it is")
}

// readBack looks at what became of an object with a flaw: some servers take such a one, say so, and keep
// something else. Then it is written again with every safe repair; where that does not help either, the
// source's version is kept and the damage named.
func (j *collectionJob) readBack(ctx context.Context, p *parcel) error {
	if len(pim.Lint(p.source.Data, p.kind)) == 0 {
		return nil
	}
	for {
		there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, p.row.Destination), kindOf(j.kind))
		if err != nil {
			return nil // it is stored either way, and the verification reads it again
		}
		found := pim.Compare(p.data, there.Data, p.kind)
		if found.Verdict.Harmless() {
			return nil
		}
		again, err := j.writeRepaired(ctx, p, there.ETag)
		if err != nil {
			return err
		}
		if !again {
			return j.spoilt(p, found)
		}
	}
}

// writeRepaired writes with every safe repair over what the destination holds; again is false if there is
// none that was not made before, or if the destination does not take that.
func (j *collectionJob) writeRepaired(ctx context.Context, p *parcel, etag string) (again bool, err error) {
	before := *p
	if p.fully || etag == "" || !p.repairAll() {
		return false, nil
	}
	p.match = etag
	stored, err := j.put(ctx, p)
	switch {
	case judge(err, 2) == stepStop:
		return false, stopFault(err, p)
	case err != nil:
		*p = before
		p.fully = true
		return false, nil
	}
	j.stored(p, stored)
	return true, nil
}

// spoilt notes that the destination keeps something else than it was given, and keeps the original.
func (j *collectionJob) spoilt(p *parcel, found pim.Comparison) error {
	p.row.Code, p.row.Words = "object_spoilt", "the destination has taken it and keeps something else"
	if len(found.Differences) > 0 {
		p.row.Words += ": " + found.Differences[0].Sentence
	}
	return j.keep(p)
}

// repairAll makes every safe repair, once; it reports whether that has changed anything.
func (p *parcel) repairAll() bool {
	p.fully = true
	if !p.repair(pim.SafeNeeds()) {
		return false
	}
	if form, readable := pim.Digest(p.data, p.kind); readable {
		p.row.Form = form[:]
	}
	return true
}
