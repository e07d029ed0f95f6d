// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// followVanished carries out what vanished at the source; doubted is true when so much has that somebody has
// to look first.
func (j *collectionJob) followVanished(ctx context.Context) (doubted bool, err error) {
	if err := j.bequeath(ctx); err != nil {
		return false, err
	}
	d := decideVanished(j.actions.vanished, j.actions.there, j.terms())
	if d.emptied > 0 {
		j.slice.find(j.emptiedFinding(d.emptied))
		j.slice.count(j.kind, func(t *Tally) { t.Doubted += d.emptied })
		return true, nil
	}
	if err := j.spareHeld(ctx, &d); err != nil {
		return false, err
	}
	if err := j.spareShared(ctx, &d); err != nil {
		return false, err
	}
	if err := j.removeAll(ctx, d.remove); err != nil {
		return false, err
	}
	if err := j.leave(ctx, d.gone); err != nil {
		return false, err
	}
	return false, j.ledger().DropObjects(ctx, j.row, d.forget...)
}

// removeAll removes one object after the other. That one cannot be removed is its own trouble: it stays, is named, and is tried
// again in each pass, and the others go.
func (j *collectionJob) removeAll(ctx context.Context, rows []ledger.Object) error {
	left := false
	for _, row := range rows {
		removed, err := j.remove(ctx, row)
		left = left || !removed
		if refused, is := errorsAs[*refusedObject](err); is {
			err = j.leaveRefused(ctx, row, refused)
		}
		if err != nil {
			return err
		}
	}
	if j.deleted && !j.place.shared && len(rows) > 0 && !left {
		j.find(collectionStays, rehome.Values{"there": j.place.destination})
	}
	return nil
}

// leaveRefused leaves what the destination does not let us remove. A host that answers with one error of its own after the other
// may be broken, and then the pass ends.
func (j *collectionJob) leaveRefused(ctx context.Context, row ledger.Object, refused *refusedObject) error {
	if refused.status >= http.StatusInternalServerError && j.failed.Add(1)%patience == 0 && !j.slice.answers(ctx, j.kind) {
		return refused
	}
	if refused.unseen {
		row.Anew = true // nobody knows what it is by now: should it be back at the source, the two are compared
	}
	href := hrefOf(j.place.target.Href, row.Destination)
	j.slice.find(objectNotRemoved.On(href, rehome.Values{"why": refused.words()}))
	return j.leave(ctx, []ledger.Object{row})
}

// refusedObject is the trouble of a single object at the destination, which others need not have.
type refusedObject struct {
	fault  error
	status int
	unseen bool // it was not even returned
}

func (r *refusedObject) Error() string { return r.fault.Error() }
func (r *refusedObject) Unwrap() error { return r.fault }

// words are the server's own.
func (r *refusedObject) words() string {
	fault, _ := errorsAs[*rehome.Fault](r.fault)
	return fault.Server
}

// ofItsOwn takes an answer about one object for that object's trouble, unless it tells of the log-in, the load or the host as
// a whole.
func ofItsOwn(err error, op, object string) error {
	fault := faultOf(err, op, object)
	refused, is := errorsAs[*dav.StatusError](err)
	if !is {
		return fault
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout:
		return fault
	}
	return &refusedObject{fault: fault, status: refused.Status}
}

// leave books what stays at the destination, and offers what was not left there before: once, for whether it is still there
// nobody has looked since.
func (j *collectionJob) leave(ctx context.Context, gone []ledger.Object) error {
	var fresh, rows []ledger.Object
	for _, row := range gone {
		now := left(row)
		rows = append(rows, now)
		if row.State != ledger.ObjectGone {
			fresh = append(fresh, now)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := j.ledger().SaveObjects(ctx, j.row, rows...); err != nil {
		return err
	}
	return j.offer(ctx, fresh)
}

// left is the row of an object that vanished from the source and was left at the destination. Whatever was in its way,
// nobody misses it any more. Should it come back, one of which the destination keeps something else, has its user's version
// or an earlier one, is no better there than before, and is written anew.
func left(row ledger.Object) ledger.Object {
	if row.Spoilt() || row.Reverted() || row.State == ledger.ObjectConflict || row.Missing() && row.Escrow != "" {
		row.Anew = true
	}
	code := ""
	if row.Missing() {
		code = row.Code // under another name it is missing still
	}
	row.State = ledger.ObjectGone
	row.SrcETag = ""
	row.Code = code
	row.Words = ""
	row.Escrow = ""
	return row
}

func (j *collectionJob) emptiedFinding(lost int) rehome.Finding {
	if j.deleted {
		return collectionDeleted.On(j.place.source.Href, rehome.Values{"n": lost, "there": j.place.destination})
	}
	return collectionEmptied.On(j.place.source.Href, rehome.Values{"n": lost})
}

// spareHeld leaves at the destination what another object has there by now: one of the collection, which was renamed while
// its first copy was still unanswered and is found there under its new name, or one of another collection that goes there.
func (j *collectionJob) spareHeld(ctx context.Context, d *departures) error {
	if len(d.remove)+len(d.gone) == 0 {
		return nil
	}
	rows, err := j.ledger().Objects(ctx, j.row)
	if err != nil {
		return err
	}
	siblings, err := j.siblingRows(ctx)
	if err == nil {
		d.spareHeld(rows, siblings)
	}
	return err
}

// spareShared leaves at the destination what stands there for an object of another collection too: a server
// that wants a UID once in all calendars has taken it once only.
func (j *collectionJob) spareShared(ctx context.Context, d *departures) error {
	if len(d.remove) == 0 {
		return nil
	}
	exceptions, err := j.ledger().Exceptions(ctx, j.slice.account.Address)
	if err != nil {
		return err
	}
	shared := map[string]bool{}
	for _, e := range exceptions {
		if e.State == ledger.ObjectMerged && e.Collection != j.place.source.Href && e.UID != "" {
			shared[e.UID] = true
		}
	}
	d.remove = slices.DeleteFunc(d.remove, func(row ledger.Object) bool {
		if shared[row.UID] {
			d.gone = append(d.gone, row)
		}
		return shared[row.UID]
	})
	return nil
}

// remove deletes what we wrote, unless somebody has edited it since. Nothing is deleted but under the etag with which it was
// seen: what the destination does not return may be listed all the same, and be its user's.
func (j *collectionJob) remove(ctx context.Context, row ledger.Object) (removed bool, err error) {
	href := hrefOf(j.place.target.Href, row.Destination)
	if row.DstETag != "" {
		err = j.slice.dst.Delete(ctx, href, row.DstETag)
	}
	if row.DstETag == "" || dav.IsStatus(err, http.StatusPreconditionFailed) {
		etag, ours, lookErr := j.stillOurs(ctx, href, row)
		if lookErr != nil {
			return false, lookErr
		}
		if !ours || etag == "" && err != nil { // edited at the destination, or refused and not returned: it stays
			return false, j.leave(ctx, []ledger.Object{disowned(row)})
		}
		if err = nil; etag != "" {
			err = j.slice.dst.Delete(ctx, href, etag)
		}
	}
	switch {
	case err == nil, j.goneNevertheless(ctx, href, err):
		j.slice.count(j.kind, func(t *Tally) { t.Removed++ })
	case dav.IsStatus(err, http.StatusNotFound), dav.IsStatus(err, http.StatusGone):
	default:
		return false, ofItsOwn(err, "remove at the destination", row.Destination)
	}
	return true, j.ledger().DropObjects(ctx, j.row, row.Source)
}

// goneNevertheless reports whether the object is gone though the server failed: DAViCal 1.1.12 removes an
// event with an attendee of its own and then answers 500.
func (j *collectionJob) goneNevertheless(ctx context.Context, href string, failure error) bool {
	var failed *dav.StatusError
	if !errors.As(failure, &failed) || failed.Status < http.StatusInternalServerError {
		return false
	}
	_, err := j.slice.dst.Get(ctx, href, kindOf(j.kind))
	return dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone)
}

// stillOurs reads an object at the destination and says whether it is what we gave, whatever etag the
// server has given it since. One that is gone is ours: there is nothing to lose. Of one that is not returned the error says so.
func (j *collectionJob) stillOurs(ctx context.Context, href string, row ledger.Object) (etag string, ours bool, err error) {
	object, err := j.slice.dst.Get(ctx, href, kindOf(j.kind))
	if dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone) {
		return "", true, nil
	}
	if err != nil {
		err = ofItsOwn(err, "read at the destination", href)
		if refused, is := errorsAs[*refusedObject](err); is {
			refused.unseen = true
		}
		return "", false, err
	}
	now, readable := pim.Digest(object.Data, j.content())
	return object.ETag, readable && object.ETag != "" && sent(row, now[:]), nil
}
