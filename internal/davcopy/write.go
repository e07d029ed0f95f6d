// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// decideChunk decides about some objects and writes down the intents of those that go to the destination, all
// in one commit.
func (j *collectionJob) decideChunk(ctx context.Context, chunk []dav.Object) ([]*transfer, error) {
	transfers, err := j.considerAll(ctx, chunk)
	if err != nil {
		return nil, err
	}
	var intents []ledger.Object
	j.mu.Lock()
	for _, p := range transfers {
		switch {
		case p.way == wayWrite:
			intents = append(intents, p.intent())
		case p.way == wayAwait && j.known[p.row.Source].State == ledger.ObjectGone: // it is back at the source, and open again
			intents = append(intents, p.row)
			j.known[p.row.Source] = p.row
		}
	}
	j.mu.Unlock()
	return transfers, j.ledger().SaveObjects(ctx, j.row, intents...)
}

// considerAll decides about every object of a chunk.
func (j *collectionJob) considerAll(ctx context.Context, chunk []dav.Object) ([]*transfer, error) {
	b := books{
		content: j.content(), hosts: j.slice.engine.options.SourceHosts, below: j.place.source.Href,
		known: j.known, byUID: j.byUID, unknown: j.unknown, contest: j.contest, taken: j.taken, present: j.present, alive: j.siblings,
		repairs: j.slice.engine.options.Repairs,
	}
	j.order(chunk)
	if err := j.makeWay(ctx, chunk); err != nil {
		return nil, err
	}
	transfers := make([]*transfer, 0, len(chunk))
	for _, o := range chunk {
		if pim.IsTrial(o.Data) {
			j.passOver(o)
			continue
		}
		if err := j.followRename(ctx, o); err != nil {
			return nil, err
		}
		j.mu.Lock() // what was written before is being proved, and may still change the books
		if _, seen := j.known[nameBelow(j.place.source.Href, o.Href)]; !seen && o.Err != nil {
			j.unread = true
		}
		p := consider(o, b)
		j.mu.Unlock()
		if err := j.suspectTrial(ctx, &p); err != nil {
			return nil, err
		}
		j.giveUID(ctx, &p)
		if !j.awaits(ctx, &p) {
			j.lookBehindVeil(ctx, &p)
		}
		if p.way == wayWrite && p.object.Scheduling() {
			if err := j.guard(ctx, &p); err != nil {
				return nil, err
			}
		}
		transfers = append(transfers, &p)
	}
	return transfers, nil
}

// order puts what the destination shows as it is before what may be another version of that, so that of two with one UID each gets its
// own. Of two that are the same, the one with the plain name counts, and "event-copy.ics" is the copy.
func (j *collectionJob) order(chunk []dav.Object) {
	turn := map[string]int{}
	for _, o := range chunk {
		if !j.isShown(o) {
			turn[o.Href] = 1
		}
	}
	slices.SortFunc(chunk, func(a, b dav.Object) int {
		return cmp.Or(cmp.Compare(turn[a.Href], turn[b.Href]), cmp.Compare(len(a.Href), len(b.Href)), cmp.Compare(a.Href, b.Href))
	})
}

// isShown reports whether the destination has something that the ledger does not know, and that is the same as an object of which
// nothing is known there.
func (j *collectionJob) isShown(o dav.Object) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if o.Err != nil || j.unknown == nil || len(j.unknown.byForm) == 0 || holds(j.known[nameBelow(j.place.source.Href, o.Href)]) {
		return false
	}
	form, readable := pim.Digest(o.Data, j.content())
	return readable && len(j.unknown.withForms(form[:])) > 0
}

// intent is the row that says that the object may be at the destination from now on. An update keeps
// what was known before, so that a crash leaves the etag that we had. What is sent now is among what may
// be found there, together with what was sent before and never answered.
func (p *transfer) intent() ledger.Object {
	p.row.Tried = withForm(p.row.Tried, p.row.Form)
	row := p.row
	row.State = ledger.ObjectIntent
	if p.before.State.There() {
		row.State = p.before.State
		row.Form = p.before.Form
		row.Kept = p.before.Kept
		row.SrcETag = ""
		row.Anew = true // until the answer is there, the update is still to be made
		if row.State == ledger.ObjectConflict {
			row.Code = p.before.Code
			row.Words = p.before.Words
			row.Escrow = p.before.Escrow
		}
	}
	return row
}

// carryAll works on several objects at once. Two with one UID are never on their way at the same time.
func (j *collectionJob) carryAll(ctx context.Context, transfers []*transfer) error {
	begun := time.Now()
	writes := 0
	for _, p := range transfers {
		if p.way == wayWrite {
			writes++
		}
	}
	group, ctx := pass.NewGroup(ctx, j.slice.account.Address)
	group.SetLimit(j.concurrency.count)
	for _, same := range byUID(transfers) {
		group.Go(func() error {
			for _, p := range same {
				if err := j.carry(ctx, p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	if err == nil {
		j.concurrency.learn(writes, time.Since(begun))
		j.slice.engine.stamina.note(j.concurrency)
	}
	return err
}

// byUID puts transfers with the same UID together, in the order of their first.
func byUID(transfers []*transfer) [][]*transfer {
	var all [][]*transfer
	places := map[string]int{}
	for _, p := range transfers {
		uid := plainUID(p.row.UID)
		place, known := places[uid]
		if !known || uid == "" {
			place = len(all)
			places[uid] = place
			all = append(all, nil)
		}
		all[place] = append(all[place], p)
	}
	return all
}

// carry does what was decided about one object.
func (j *collectionJob) carry(ctx context.Context, p *transfer) error {
	switch p.way {
	case wayWrite:
		if j.twin(p) {
			return nil
		}
		return j.write(ctx, p)
	case wayRecognise:
		return j.recognise(ctx, p)
	case wayQuarantine:
		return j.quarantine(p)
	case wayMerge:
		p.written = true
	}
	return nil
}

// twin settles an object that is the same as another one of the collection, which has gone out with the same chunk:
// the same under two names is one. If that one turns out not to be kept as it was given, the two part when they are booked.
func (j *collectionJob) twin(p *transfer) bool {
	j.mu.Lock()
	other, found := j.byUID[p.row.UID]
	row := j.known[other]
	j.mu.Unlock()
	own := p.before.State.There() || p.before.State == ledger.ObjectIntent || len(p.before.Tried) > 0
	if !found || p.row.UID == "" || other == p.row.Source || own || !bytes.Equal(row.Form, p.row.Form) || row.Code != "" {
		return false
	}
	p.row.Destination, p.row.DstETag = row.Destination, ""
	p.row.State, p.row.Tried, p.written = ledger.ObjectMerged, nil, true
	return true
}

// write puts the object and follows the destination's answers until it is stored or given up.
func (j *collectionJob) write(ctx context.Context, p *transfer) error {
	if p.before.State.There() && p.match == "" {
		// An update without the etag of what we wrote: look first.
		return j.look(ctx, p, nil)
	}
	for attempt := 1; ; attempt++ {
		stored, err := j.put(ctx, p)
		switch judge(err, attempt) {
		case stepStored:
			j.stored(p, stored)
			return nil
		case stepAgain:
		case stepLook:
			return j.look(ctx, p, err)
		case stepFindUID:
			return j.findUID(ctx, p, err)
		case stepTooLarge:
			return j.giveUp(p, objectTooLarge, err)
		case stepRepair:
			mended, saveErr := j.repairFurther(ctx, p)
			if saveErr != nil {
				return saveErr
			}
			if !mended {
				return j.refused(ctx, p, err)
			}
		case stepStop:
			if err := j.stop(ctx, p, err); err != nil {
				return err
			}
			if unanswered(err) && !p.before.State.There() && j.renames(ctx) {
				j.tellAwaited(p)
				return nil // what the ledger says stands: it was begun
			}
			if attempt > 1 {
				return j.giveUp(p, objectRefused, err)
			}
		}
	}
}

func (j *collectionJob) put(ctx context.Context, p *transfer) (dav.Stored, error) {
	href := hrefOf(j.place.target.Href, p.row.Destination)
	stored, err := j.slice.dst.Put(ctx, href, dav.Upload{Data: p.data, Kind: kindOf(j.kind), IfMatch: p.match})
	if err == nil && p.match == "" {
		j.slice.engine.learnNaming(j.place.target.Href, href, stored.Href)
	}
	return stored, err
}

// stopFault is for trouble that is not the object's. A collection that is gone is made anew by the next
// slice.
func stopFault(err error, p *transfer) error {
	fault := faultOf(err, "write at the destination", p.row.Destination)
	var f *rehome.Fault
	if dav.IsStatus(err, http.StatusNotFound) && errors.As(fault, &f) {
		f.Class = rehome.ClassTemporary
		f.Hint = "somebody removed the collection at the destination in the meantime: run sync again to create it again"
	}
	return fault
}

// stored notes that the destination has taken the object.
func (j *collectionJob) stored(p *transfer, s dav.Stored) {
	if s.Href != "" {
		p.row.Destination = nameBelow(j.place.target.Href, s.Href)
	}
	p.row.DstETag = s.ETag
	p.proof = proofDue
	if dav.IsMD5(s.ETag, p.data) {
		p.proof = proofClaimed // every SabreDAV: what it keeps are these octets, if it lists them so
	}
	j.doubt(p, true)
	j.settleAs(p, ledger.ObjectStored)
	j.failed.Store(0)
}

// settleAs ends the way of an object that is at the destination.
func (j *collectionJob) settleAs(p *transfer, state ledger.ObjectState) {
	p.row.State, p.row.Code, p.row.Words, p.row.Escrow = state, "", "", ""
	p.supersede(j.slice.engine.ladder())
	p.written = true
	j.mu.Lock()
	defer j.mu.Unlock()
	if p.row.UID != "" {
		j.byUID[p.row.UID] = p.row.Source
	}
	j.known[p.row.Source] = p.row
}

// book writes down what became of a chunk and counts it.
func (j *collectionJob) book(ctx context.Context, transfers []*transfer) error {
	var rows []ledger.Object
	for _, p := range transfers {
		begun := p.row.State == ledger.ObjectIntent && (p.way == wayWrite || p.before.State.There())
		if begun || p.way == wayAwait || p.unproved() {
			continue // still what the intent says
		}
		j.stillMerged(p)
		rows = append(rows, p.row)
		rows = append(rows, j.partedFrom(p)...)
	}
	if err := j.ledger().SaveObjects(ctx, j.row, rows...); err != nil {
		return err
	}
	var t Tally
	for _, p := range transfers {
		p.tally(&t)
	}
	if t != (Tally{}) {
		j.slice.noteAdvance()
	}
	j.slice.count(j.kind, func(all *Tally) { all.count(t) })
	j.slice.meter.Spend(t.Octets)
	j.tellBatch(t, len(transfers))
	j.slice.engine.options.Observer.Done(j.slice.account.Address, len(transfers), t.Octets)
	return nil
}

// tally counts what became of one object. What is not at the destination, or not as it was given, is
// counted from the ledger.
func (p *transfer) tally(t *Tally) {
	if !p.written || p.unproved() {
		return
	}
	switch {
	case p.row.Spoilt():
		return
	case p.row.State != ledger.ObjectStored:
		t.Adopted++
		return
	case p.before.State.There():
		t.Updated++
	default:
		t.Copied++
	}
	t.Octets += int64(len(p.data))
	if len(repairsOf(p.row)) > 0 {
		t.Repaired++
	}
}
