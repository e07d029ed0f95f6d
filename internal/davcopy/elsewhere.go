// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// A server that allows a UID once for all calendars of a user (RFC 6638 section 3.2.4.1) has no place for the same event
// in a second one. The second calendar then lacks it, which is said; unless the event was moved there at the source: then
// it follows.

// homeless is an object that the destination has in another collection.
type homeless struct {
	place  placement
	source string // name
	holder string // href of what has its UID
}

// within reports whether an href is in the collection.
func (j *collectionJob) within(href string) bool {
	return dav.Key(parentOf(href)) == dav.Key(j.place.target.Href)
}

// parentOf is the collection that an object is in.
func parentOf(href string) string {
	href = strings.TrimRight(href, "/")
	return href[:strings.LastIndexByte(href, '/')+1]
}

// holderElsewhere is the href of what another collection of the source has at the destination under such an identity, "" for none:
// not every server says who has it.
func (j *collectionJob) holderElsewhere(ctx context.Context, is func(identity string) bool) (string, error) {
	known, err := j.ledger().Collections(ctx, j.slice.account.Address)
	if err != nil {
		return "", err
	}
	for _, href := range slices.Sorted(maps.Keys(known)) {
		c := known[href]
		if c.ID == j.row.ID || c.Kind != j.kind {
			continue
		}
		rows, err := j.ledger().Objects(ctx, &c)
		if err != nil {
			return "", err
		}
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			if row := rows[name]; holds(row) && row.UID != "" && is(row.UID) && !away(row) {
				return hrefOf(c.Destination, row.Destination), nil
			}
		}
	}
	return "", nil
}

// elsewhere gives the object up for now.
func (j *collectionJob) elsewhere(p *transfer, holder string, refusal error) error {
	place := j.place
	place.exists = true
	j.slice.mu.Lock()
	j.slice.homeless[j.kind] = append(j.slice.homeless[j.kind], homeless{place: place, source: p.row.Source, holder: holder})
	j.slice.mu.Unlock()
	if err := j.giveUp(p, uidElsewhere, refusal); err != nil {
		return err
	}
	p.row.Words = fmt.Sprintf("the destination allows an object only once for each user, and has this one in %q; it says %q",
		decodedName(parentOf(holder)), p.row.Words)
	return nil
}

// followMoves brings over what the source has moved from one collection to another: what we wrote into the old one, and
// what nobody has touched since, makes room.
func (s *slice) followMoves(ctx context.Context, kind rehome.Kind) error {
	s.mu.Lock()
	all := s.homeless[kind]
	delete(s.homeless, kind)
	s.mu.Unlock()
	jobs := map[string]*collectionJob{}
	var order []*collectionJob
	for _, h := range all {
		if s.spent() {
			break // the next pass tries it again
		}
		room, err := s.makeRoom(ctx, kind, h.holder)
		if err != nil {
			return err
		}
		if !room {
			continue
		}
		job := jobs[h.place.source.Href]
		if job == nil {
			job = s.newJob(kind, h.place)
			jobs[h.place.source.Href] = job
			order = append(order, job)
		}
		job.actions.read = append(job.actions.read, dav.Item{Href: hrefOf(h.place.source.Href, h.source), Size: -1})
	}
	for _, job := range order {
		if err := job.again(ctx); err != nil {
			return err
		}
	}
	return nil
}

// again reads and writes the objects that are to be read, and nothing else.
func (j *collectionJob) again(ctx context.Context) (err error) {
	if err := j.prepare(ctx); err != nil {
		return err
	}
	if j.known, err = j.ledger().Objects(ctx, j.row); err != nil {
		return err
	}
	if err := j.lookAtDestination(ctx); err != nil {
		return err
	}
	_, err = j.copyAll(ctx)
	return err
}

// makeRoom removes what stands in another collection under the UID of a homeless object, if it is ours, untouched, and has
// vanished from there at the source. room is true when nothing stands there any more.
func (s *slice) makeRoom(ctx context.Context, kind rehome.Kind, holder string) (room bool, err error) {
	job, row, err := s.ownerOf(ctx, kind, holder)
	if err != nil {
		return false, err
	}
	if job == nil {
		_, err := s.dst.Get(ctx, holder, kindOf(kind))
		return dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone), nil
	}
	if row.State != ledger.ObjectGone || row.Form == nil {
		return false, nil
	}
	etag, ours, err := job.stillOurs(ctx, holder, row)
	if _, refused := errorsAs[*refusedObject](err); refused || err == nil && !ours {
		return false, nil // it stays, and is told of
	}
	if err != nil {
		return false, err
	}
	if etag != "" {
		if err := s.dst.Delete(ctx, holder, etag); err != nil && !job.goneNevertheless(ctx, holder, err) {
			if _, refused := errorsAs[*dav.StatusError](err); refused {
				return false, nil // it stays, and is told of
			}
			return false, faultOf(err, "move at the destination", holder)
		}
	}
	return true, job.ledger().DropObjects(ctx, job.row, row.Source)
}

// ownerOf finds the ledger's row of an object at the destination, nil if there is none. One that the source still has comes
// before one that it has no more: what another collection has taken over is that one's.
func (s *slice) ownerOf(ctx context.Context, kind rehome.Kind, holder string) (*collectionJob, ledger.Object, error) {
	known, err := s.engine.options.Ledger.Collections(ctx, s.account.Address)
	if err != nil {
		return nil, ledger.Object{}, err
	}
	var owner *collectionJob
	var owned ledger.Object
	for _, href := range slices.Sorted(maps.Keys(known)) {
		c := known[href]
		if c.Kind != kind || dav.Key(c.Destination) != dav.Key(parentOf(holder)) {
			continue
		}
		rows, err := s.engine.options.Ledger.Objects(ctx, &c)
		if err != nil {
			return nil, ledger.Object{}, err
		}
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			row := rows[name]
			better := owner == nil || owned.State == ledger.ObjectGone
			if better && holds(row) && decodedName(row.Destination) == decodedName(holder) {
				place := placement{source: dav.Collection{Href: c.Source}, target: dav.Collection{Href: c.Destination}}
				owner = &collectionJob{slice: s, kind: kind, place: place, row: &c}
				owned = row
			}
		}
	}
	return owner, owned, nil
}
