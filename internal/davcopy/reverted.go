// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// What is at the destination under another etag than that of what was written is looked at: its user has edited it, the
// server has but given it another etag, or it is an earlier version again, because the server was put back from a backup or
// its user has undone the change. The last two reasons cannot be told apart, so such an object is named like one that is
// lost, and written again when somebody asks for that. What its user has made of it stays without a word.

// altered are the rows of which the destination lists another etag than that of what was written, or none, or did so
// before, by destination name. That a newer version could not be written does not hide what is there. What has vanished from
// the source is looked at where something is to be read: that may be what has vanished, and is back.
func (j *collectionJob) altered(etags map[string]string) map[string]ledger.Object {
	all := map[string]ledger.Object{}
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		row := j.known[name]
		left := row.State == ledger.ObjectGone && !row.Anew && len(j.actions.read) > 0
		written := row.State == ledger.ObjectStored || row.State == ledger.ObjectAdopted || left
		looked := row.Code == "" || objectUnproved.Has(row.Code) || objectSpoilt.Has(row.Code) || row.Reverted() || row.Behind()
		etag, listed := etags[row.Destination]
		other := !dav.SameETag(etag, row.DstETag) || objectUnproved.Has(row.Code) || row.Reverted()
		if written && looked && listed && other {
			all[row.Destination] = row
		}
	}
	return all
}

// settleAltered looks at what has another etag, and books what it is.
func (j *collectionJob) settleAltered(ctx context.Context, etags map[string]string) error {
	altered := j.altered(etags)
	var items []dav.Item
	for _, name := range slices.Sorted(maps.Keys(altered)) {
		items = append(items, dav.Item{Href: hrefOf(j.place.target.Href, name), ETag: etags[name], Size: -1})
	}
	if len(items) == 0 {
		return nil
	}
	var rows []ledger.Object
	err := j.slice.dst.Read(ctx, &j.place.target, items, func(o dav.Object) error {
		row := altered[nameBelow(j.place.target.Href, o.Href)]
		now := j.judgeAltered(row, o)
		if now.Code != row.Code || now.DstETag != row.DstETag || now.Anew != row.Anew || now.Reverted() && len(j.unknown.byForm) > 0 {
			rows = append(rows, now)
		}
		return nil
	})
	if err != nil {
		return faultOf(err, "read at the destination", j.place.target.Href)
	}
	if rows, err = j.findRenamed(ctx, rows); err != nil {
		return err
	}
	return j.bookAltered(ctx, rows)
}

// findRenamed looks under other names for the version that was copied last of what seems to be an earlier one again, and for
// objects in whose place another one stands: their user may have renamed them, or an unanswered request of ours was carried out
// under the name of before. What was merged with one goes with it.
func (j *collectionJob) findRenamed(ctx context.Context, rows []ledger.Object) ([]ledger.Object, error) {
	for i, row := range rows {
		if !row.Reverted() && !row.Missing() {
			continue
		}
		if skipped := j.skipped; len(skipped) > 0 {
			j.skipped = nil
			if err := j.readStrangers(ctx, skipped, time.Time{}); err != nil {
				return nil, err
			}
			j.reserve()
		}
		find := j.lastVersion
		if row.Missing() {
			find = j.anchor
		}
		if now, found := find(row); found {
			rows[i] = now
			rows = append(rows, j.mergedInto(row.Destination, now.Destination)...)
		}
	}
	return rows, nil
}

// lastVersion is the row of an object that has the version that was copied last under another name at the destination.
func (j *collectionJob) lastVersion(row ledger.Object) (ledger.Object, bool) {
	for _, f := range j.unknown.withForms(row.Form, row.Kept) {
		if f.uid != row.UID && row.UID != "" {
			continue
		}
		f.taken = true
		row.Destination = f.name
		row.DstETag = f.etag
		row.Code = ""
		row.Words = ""
		if row.State == ledger.ObjectStored {
			row.State = ledger.ObjectAdopted // it may also be what its user had put there
		}
		return row, true
	}
	return row, false
}

// judgeAltered is the row of an object that was found under another etag.
func (j *collectionJob) judgeAltered(row ledger.Object, there dav.Object) ledger.Object {
	behind := row.Behind() // and stays so where nothing worse is seen: the newer version is tried again in each pass
	switch {
	case there.Err != nil && row.State == ledger.ObjectGone:
		row.Anew = true // nobody knows what there is of it: should it be back it is compared
		return row
	case there.Err != nil && (behind || objectSpoilt.Has(row.Code)):
		return row
	case there.Err != nil:
		row.Code = objectUnproved.Code
		row.Words = "the destination lists a different version than was copied, but does not return it: " + there.Err.Error()
		return row
	}
	form, _ := pim.Digest(there.Data, j.content())
	if objectSpoilt.Has(row.Code) {
		return noLongerSpoilt(row, form[:], there.ETag)
	}
	object, err := pim.Inspect(there.Data)
	others := err == nil && object.UID != "" && row.UID != "" && plainUID(object.UID) != plainUID(row.UID)
	another := others && !knows(row, form[:]) // which has got the name
	switch {
	case another && row.State == ledger.ObjectGone:
		row.Anew = true
	case another:
		return asMissing(row)
	case row.State == ledger.ObjectGone && earlier(row, form[:]):
		row.Anew = true
	case damaged(row, form[:]) && objectUnproved.Has(row.Code):
		row.Code = ""
		row.Words = ""
		return compared(row)
	case current(row, form[:]):
		if row.DstETag = there.ETag; !behind && row.State != ledger.ObjectGone {
			row.Code = ""
			row.Words = ""
		}
	case earlier(row, form[:]):
		row.Code = objectReverted.Code
		row.DstETag = ""
		row.Words = objectReverted.Sentence.With(nil)
	case objectUnproved.Has(row.Code):
		row.Code = ""
		row.Words = ""
	}
	return row
}

// noLongerSpoilt is the row of an object of which the destination had kept something else than it was given. It may have the version of
// the source by now: an unanswered request of ours has arrived behind what its user had put there, or its user has mended it.
func noLongerSpoilt(row ledger.Object, form []byte, etag string) ledger.Object {
	switch {
	case bytes.Equal(form, row.Form):
		row.Code, row.Words, row.Escrow, row.Kept = "", "", "", nil
		row.DstETag = etag
	case bytes.Equal(form, row.Kept):
		row.DstETag = etag
	}
	return row
}

// bookAltered books what was seen, with those objects that are there only because they are the same.
func (j *collectionJob) bookAltered(ctx context.Context, rows []ledger.Object) error {
	now := map[string]ledger.Object{} // by destination name
	for _, row := range rows {
		now[row.Destination] = row
	}
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		row := j.known[name]
		if holder, seen := now[row.Destination]; seen && row.State == ledger.ObjectMerged && (holder.Missing() || holder.Reverted() || row.Reverted()) {
			row.Code = holder.Code
			row.Words = holder.Words
			rows = append(rows, row)
		}
	}
	return j.rebook(ctx, rows)
}

// bringForward has what the destination has in an earlier version written again. etags are those that it lists.
func (j *collectionJob) bringForward(ctx context.Context, etags map[string]string) error {
	due, vanished := j.due(), j.vanished()
	var rows []ledger.Object
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		row := j.known[name]
		if !row.Reverted() || vanished[name] {
			continue
		}
		if !due[name] {
			j.actions.read = append(j.actions.read, j.terms().join(name))
		}
		if row.State == ledger.ObjectMerged {
			row = part(row)
		} else {
			row.Code, row.Words, row.SrcETag, row.Anew, row.DstETag = "", "", "", true, etags[row.Destination]
		}
		rows = append(rows, row)
	}
	return j.rebook(ctx, rows)
}

// reopenConflicts has objects compared once more of which the destination had another version than the source when it was
// seen last: what it shows now may be the source's, because its user has made both the same, or an unanswered request of
// ours was carried out behind that.
func (j *collectionJob) reopenConflicts() {
	due := j.due()
	for _, row := range j.conflicts() {
		if !due[row.Source] {
			j.actions.read = append(j.actions.read, j.terms().join(row.Source))
		}
		row.Anew = true // in this slice; what comes of it is booked
		j.known[row.Source] = row
	}
}

// conflicts are the rows of those, in order.
func (j *collectionJob) conflicts() (rows []ledger.Object) {
	vanished := j.vanished()
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		row := j.known[name]
		if row.State == ledger.ObjectConflict && objectConflict.Has(row.Code) && j.present[row.Destination] && !vanished[name] {
			rows = append(rows, row)
		}
	}
	return rows
}

// due are the source names of what is to be read already.
func (j *collectionJob) due() map[string]bool {
	due := map[string]bool{}
	for _, item := range j.actions.read {
		due[nameBelow(j.place.source.Href, item.Href)] = true
	}
	return due
}
