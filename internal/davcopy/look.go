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
func (j *collectionJob) look(ctx context.Context, p *transfer, refusal error) error {
	there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, p.row.Destination), kindOf(j.kind))
	if dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone) {
		return j.nothingThere(ctx, p, refusal)
	}
	if err != nil {
		return j.unseen(ctx, p, err)
	}
	how := j.likenessOf(p, there)
	if j.siblings[p.row.Destination] { // another collection's, be it the same
		how = otherObject
	}
	switch how {
	case sameObject:
		p.keeps(there.Data)
		j.adopt(p, there.ETag)
		return nil
	case olderObject:
		p.match = there.ETag
		return j.overwrite(ctx, p)
	case otherObject:
		if p.before.State.There() && !j.siblings[p.row.Destination] { // in the place of ours
			return j.nothingThere(ctx, p, refusal)
		}
		return j.writeElsewhere(ctx, p)
	}
	return j.conflict(p, objectConflict, "it was edited at the destination after it was copied, and has changed at the source since")
}

// likeness is how what is at the destination relates to what is to be written.
type likeness string

const (
	sameObject   likeness = "same"   // what we want to write
	olderObject  likeness = "older"  // what we wrote before, untouched
	editedObject likeness = "edited" // the same UID, and somebody has changed it
	otherObject  likeness = "other"  // another UID: it only has the name
)

func (j *collectionJob) likenessOf(p *transfer, there dav.Object) likeness {
	if j.likeness(p, there.Data).State.Harmless() {
		return sameObject
	}
	form, readable := pim.Digest(there.Data, p.kind)
	known := p.before.State.There() || p.before.State == ledger.ObjectIntent
	if readable && known && there.ETag != "" && (sent(p.before, form[:]) || earlier(p.before, form[:])) {
		return olderObject
	}
	object, err := inspect(there.Data)
	// What had no UID when it was sent under this name may have got one there, or have none there any more.
	mayBeOurs := p.before.State.There() && (object.UID == "" || p.object.UID == "") || p.object.UID == "" && len(p.before.Tried) > 0
	if err == nil && object.UID != p.object.UID && object.UID != p.uid() && !mayBeOurs {
		return otherObject
	}
	return editedObject
}

// adopt takes over what is at the destination. It is ours if we had begun to write it under that name, or written it
// before. Under another name it may be the same that its user had put there.
func (j *collectionJob) adopt(p *transfer, etag string) {
	p.row.DstETag = etag
	state := ledger.ObjectAdopted
	begun := p.before.State == ledger.ObjectIntent && p.before.Destination == p.row.Destination
	if begun || p.before.State == ledger.ObjectStored {
		state = ledger.ObjectStored
	}
	j.settleAs(p, state)
}

// nothingThere is for a name that was refused as taken and is free (too large, bad data: some servers say
// 412 to that), and for an update of what somebody has removed.
func (j *collectionJob) nothingThere(ctx context.Context, p *transfer, refusal error) error {
	if p.before.State.There() {
		return j.conflict(p, removedThere, "it was deleted at the destination after it was copied, and has changed at the source since")
	}
	mended, err := j.repairFurther(ctx, p)
	if err != nil {
		return err
	}
	if mended {
		stored, err := j.put(ctx, p)
		if judge(err, 2) == stepStored {
			j.stored(p, stored)
			return nil
		}
		refusal = err
	}
	return j.refused(ctx, p, refusal)
}

// overwrite replaces our own older version. Whoever edits it in this moment wins.
func (j *collectionJob) overwrite(ctx context.Context, p *transfer) error {
	stored, err := j.put(ctx, p)
	switch judge(err, 2) {
	case stepStored:
		j.stored(p, stored)
		return nil
	case stepLook:
		return j.conflict(p, objectConflict, "it was edited at the destination while it was copied")
	case stepStop:
		if err := j.stop(ctx, p, err); err != nil {
			return err
		}
		return j.giveUp(p, objectRefused, err)
	}
	mended, saveErr := j.repairFurther(ctx, p)
	switch {
	case saveErr != nil:
		return saveErr
	case mended:
		return j.overwrite(ctx, p)
	}
	return j.refused(ctx, p, err)
}

// writeElsewhere writes under a name that nobody has.
func (j *collectionJob) writeElsewhere(ctx context.Context, p *transfer) error {
	j.mu.Lock()
	p.row.Destination = p.name(j.taken)
	again := j.taken[p.row.Destination]
	j.taken[p.row.Destination] = true
	j.mu.Unlock()
	if again {
		return j.conflict(p, nameTaken, "the destination has other objects under every name that this one could get")
	}
	if err := j.ledger().SaveObjects(ctx, j.row, p.intent()); err != nil {
		return err
	}
	return j.write(ctx, p)
}

// findUID looks at the object that has the UID already.
func (j *collectionJob) findUID(ctx context.Context, p *transfer, refusal error) error {
	href := j.holderOf(p, refusal)
	if href == "" {
		var err error
		if href, err = j.holderElsewhereOf(ctx, p.row.UID); err != nil {
			return err
		}
	}
	if href == "" {
		return j.refusedUID(ctx, p, refusal)
	}
	there, err := j.slice.dst.Get(ctx, href, kindOf(j.kind))
	if dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone) {
		return j.refusedUID(ctx, p, refusal)
	}
	if err != nil {
		return j.unseen(ctx, p, err)
	}
	name := nameBelow(j.place.target.Href, href)
	_, sibling := j.siblings[name]
	switch same := j.likenessOf(p, there) == sameObject; {
	case !j.within(href), sibling && (!same || j.isTheirs(name, there.Data)):
		return j.elsewhere(p, href, refusal)
	case !same:
		return j.giveUp(p, duplicateUID, refusal)
	}
	j.standBy(p, nameBelow(j.place.target.Href, there.Href), there)
	return nil
}

// standBy books an object that is the same as what has its UID at the destination. Where that is another object of the source
// the two are merged; else it is the object itself: its user had it there already, or has renamed what we wrote meanwhile.
func (j *collectionJob) standBy(p *transfer, name string, there dav.Object) {
	p.row.Destination = name
	j.mu.Lock()
	another := false
	for source, row := range j.known {
		another = another || source != p.row.Source && holds(row) && row.Destination == name
	}
	if j.unknown != nil {
		j.unknown.take(name)
	}
	j.mu.Unlock()
	if another {
		p.row.DstETag = there.ETag
		j.settleAs(p, ledger.ObjectMerged)
		return
	}
	p.keeps(there.Data)
	j.adopt(p, there.ETag)
}

// holderOf returns the href of the object that has the UID: as the server says, else as we know.
func (j *collectionJob) holderOf(p *transfer, refusal error) string {
	var refused *dav.StatusError
	if errors.As(refusal, &refused) && refused.Href != "" {
		return refused.Href
	}
	part, _ := j.otherPart(p)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, other := range []string{j.byUID[p.row.UID], part} {
		if other != "" && p.row.UID != "" && other != p.row.Source {
			return hrefOf(j.place.target.Href, j.known[other].Destination)
		}
	}
	if object, err := pim.Inspect(p.data); err == nil && j.unknown != nil {
		if all := j.unknown.withPlainUID(plainUID(object.UID)); len(all) > 0 {
			return hrefOf(j.place.target.Href, all[0].name)
		}
	}
	return ""
}

// refusedUID is for a conflict of which nobody names the other side: it may be about something else.
func (j *collectionJob) refusedUID(ctx context.Context, p *transfer, refusal error) error {
	mended, err := j.repairFurther(ctx, p)
	switch {
	case err != nil:
		return err
	case mended:
		return j.write(ctx, p)
	}
	return j.refused(ctx, p, refusal)
}

// recognise compares with what the destination has of the same UID: after a lost ledger it is the same.
func (j *collectionJob) recognise(ctx context.Context, p *transfer) error {
	found := p.found
	p.row.Destination, p.row.DstETag = found.name, found.etag
	if bytes.Equal(found.form, p.row.Form) && p.row.Form != nil {
		j.adopt(p, found.etag)
		return nil
	}
	there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, found.name), kindOf(j.kind))
	if isGone(err) && p.before.State.There() {
		return j.nothingThere(ctx, p, err)
	}
	if err != nil {
		return j.unseen(ctx, p, err)
	}
	switch j.likenessOf(p, there) {
	case sameObject:
		p.keeps(there.Data)
		j.adopt(p, there.ETag)
		return nil
	case olderObject: // sent by us and never answered
		if p.object.Scheduling() {
			if err := j.guard(ctx, p); err != nil || p.way == wayNote {
				return err
			}
		}
		p.way = wayWrite
		p.match = there.ETag
		if err := j.ledger().SaveObjects(ctx, j.row, p.intent()); err != nil {
			return err
		}
		return j.overwrite(ctx, p)
	}
	return j.conflict(p, objectConflict, "the destination had a different version before the copy, which stays as it is")
}

// ladder are the repairs that are tried one after the other: what is safe first, then what else is offered.
func (e *Engine) ladder() []pim.Needs { return []pim.Needs{pim.SafeNeeds(), e.options.Repairs} }

// repairFurther makes the next repairs, each step once, and notes in the ledger that this is what may be found at the
// destination from now on; mended is false where there is nothing more to repair.
func (j *collectionJob) repairFurther(ctx context.Context, p *transfer) (mended bool, err error) {
	p.row.Tried = withForm(p.row.Tried, p.row.Form)
	for ladder := j.slice.engine.ladder(); p.rung < len(ladder); {
		p.rung++
		if p.repair(ladder[p.rung-1]) {
			p.reform()
			return true, j.ledger().SaveObjects(ctx, j.row, p.intent())
		}
	}
	return false, nil
}
