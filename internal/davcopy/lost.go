// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"slices"

	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// What was copied may be at the destination no more: its user has removed it, or the server was put back from a backup.
// The two cannot be told apart for sure, so neither is passed over: what is gone is named and counted, and copied again
// when somebody asks for that. A destination that gives no mark of its state is looked through in each pass.

// seen reports whether the destination's collection is as it was when it was last looked through.
func seen(target dav.Collection, last ledger.CollectionMark) bool {
	return target.SyncToken != "" && target.SyncToken == last.SyncToken || target.CTag != "" && target.CTag == last.CTag
}

// targetMark is that of the destination's collection before the slice has listed it: what happens there later, and what
// we write ourselves, makes the next pass look, and so does an object of which nobody knows what it is there.
func (j *collectionJob) targetMark(rows map[string]ledger.Object) ledger.CollectionMark {
	unseen := j.unswept
	for _, row := range rows {
		unseen = unseen || row.Spoilt() && objectUnproved.Has(row.Code)
	}
	if unseen {
		return ledger.CollectionMark{}
	}
	return ledger.CollectionMark{SyncToken: j.place.target.SyncToken, CTag: j.place.target.CTag}
}

// lost are the source names of what the destination has not listed though it had it, in order; also of what has vanished
// from the source, which may be there under another name and then takes along what is known of it. What was missing before
// is still so until what stands under its name has shown that it is not.
func (j *collectionJob) lost() []string {
	var lost []string
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		row := j.known[name]
		if row.State.There() && row.State != ledger.ObjectGone && row.Destination != "" && (row.Missing() || !j.present[row.Destination]) {
			lost = append(lost, name)
		}
	}
	return lost
}

// settleLost books what the destination has lost, and what is there again. One that has another name there by now is
// not lost.
func (j *collectionJob) settleLost(ctx context.Context, lost []string) error {
	if err := j.rebook(ctx, j.there(lost)); err != nil { // what the source has comes first
		return err
	}
	if err := j.rebook(ctx, j.backAtDestination()); err != nil {
		return err
	}
	if err := j.takeOver(ctx, lost); err != nil {
		return err
	}
	vanished := j.vanished()
	var rows []ledger.Object
	var again []string
	asked := map[string]bool{} // by destination name: whether it is gone
	for _, name := range lost {
		row := j.known[name]
		if j.stands(row) { // perhaps under another name
			continue
		}
		if twin, is := j.twinOf(row); is && !vanished[name] {
			rows = append(rows, mergedWith(row, twin))
			continue
		}
		gone, err := j.isGone(ctx, &row, asked)
		if err != nil {
			return err
		}
		switch {
		case !gone && row.Code != j.known[name].Code:
		case !gone:
			continue
		case j.slice.engine.options.CopyAgain && !vanished[name]:
			again = append(again, name)
			continue
		case row.Missing(), removedThere.Has(row.Code):
			continue
		default:
			row = asMissing(row)
		}
		rows = append(rows, row)
	}
	if err := j.rebook(ctx, rows); err != nil {
		return err
	}
	return j.copyAgain(ctx, again)
}

// twinOf is the row of another object that is the same as a lost one, and is there as it was given: it stands for both, as if the two had
// been copied in one pass. What the source has of the lost one has to be known for that.
func (j *collectionJob) twinOf(row ledger.Object) (ledger.Object, bool) {
	state := row.State == ledger.ObjectStored || row.State == ledger.ObjectAdopted || row.State == ledger.ObjectMerged
	if row.UID == "" || row.Anew || !state || row.Code != "" && !row.Missing() {
		return row, false
	}
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		other := j.known[name]
		same := name != row.Source && other.UID == row.UID && bytes.Equal(other.Form, row.Form)
		if same && holds(other) && other.State != ledger.ObjectGone && other.Code == "" && !other.Anew && j.stands(other) {
			return other, true
		}
	}
	return row, false
}

// mergedWith is the row of an object that is there only because another one is that is the same.
func mergedWith(row, twin ledger.Object) ledger.Object {
	return ledger.Object{
		Source: row.Source, State: ledger.ObjectMerged, SrcETag: row.SrcETag, SrcDigest: row.SrcDigest, UID: row.UID, Form: row.Form,
		Destination: twin.Destination,
	}
}

// there are the rows, as they are to be, of what is at the destination again, or under another name. What was merged with
// such a one goes with it.
func (j *collectionJob) there(lost []string) (rows []ledger.Object) {
	type version struct{ name, form string } // under that name before: another object may have it by now
	of := func(row ledger.Object) version { return version{row.Destination, string(row.Form)} }
	names := map[version]string{} // of what stands at the destination
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		row := j.known[name]
		if holds(row) && j.stands(row) {
			names[of(row)] = row.Destination
		}
		if j.present[row.Destination] && removedThere.Has(row.Code) {
			rows = append(rows, j.reopen(row))
		}
	}
	for _, name := range lost {
		row, found := j.inPlace(j.known[name])
		if !found {
			row, found = j.anchor(row)
		}
		if found {
			names[of(j.known[name])] = row.Destination
			rows = append(rows, j.reopen(row))
		}
	}
	for _, name := range lost {
		row := j.known[name]
		if now := names[of(row)]; now != "" && row.State == ledger.ObjectMerged {
			row.Destination = now
			rows = append(rows, backAgain(row))
		}
	}
	return rows
}

// asMissing is the row of an object that the destination has lost. One of which the source has something that was not read, or
// not written, is still to be read: that may be another object, and nothing but this row says so any more. That of one which the
// destination had damaged is told by what is kept of it.
func asMissing(row ledger.Object) ledger.Object {
	row.Anew = row.Anew || row.Behind()
	if !row.Spoilt() {
		row.Escrow = ""
	}
	row.Code = objectMissing.Code
	row.Words = objectMissing.Sentence.With(nil)
	return row
}

// backAgain is the row of an object that the destination has, whether it was missing before or not. One of which its user
// had a version of his own has that still.
func backAgain(row ledger.Object) ledger.Object {
	if !away(row) {
		return row
	}
	if row.Code, row.Words = "", ""; row.State == ledger.ObjectConflict {
		row.Code = objectConflict.Code
		row.Words = wordsConflict
	}
	return row
}

// reopen has an object compared once more that was missing at the destination when it had changed at the source, and is
// there after all: its user has but renamed it, and it may be the new version; and has read what is to be compared for another reason.
func (j *collectionJob) reopen(row ledger.Object) ledger.Object {
	removed := removedThere.Has(row.Code)
	if !removed && !row.Anew || j.vanished()[row.Source] {
		return row
	}
	if !j.due()[row.Source] {
		j.actions.read = append(j.actions.read, j.terms().join(row.Source))
	}
	if !removed {
		return row
	}
	row.State = ledger.ObjectAdopted
	row.Code = ""
	row.Words = ""
	row.Escrow = ""
	row.SrcETag = ""
	row.Anew = true
	return row
}

// vanished are the source names of what the source has no more under its name.
func (j *collectionJob) vanished() map[string]bool {
	vanished := map[string]bool{}
	for _, row := range j.actions.vanished {
		vanished[row.Source] = true
	}
	return vanished
}

// rebook saves rows that a look at the destination has changed, also for what has vanished from the source: that may be
// there under another name, and takes its row along.
func (j *collectionJob) rebook(ctx context.Context, rows []ledger.Object) error {
	if len(rows) == 0 {
		return nil
	}
	for _, row := range rows {
		j.known[row.Source] = row
	}
	for i, row := range j.actions.vanished {
		if now, known := j.known[row.Source]; known {
			j.actions.vanished[i] = now
		}
	}
	return j.ledger().SaveObjects(ctx, j.row, rows...)
}

// anchor finds what has the UID of a lost object under another name at the destination; what has none is found by the one that
// it was given, and by what it is, or may be since an answer was lost.
// It may also be what its user had put there, and is never ours to remove.
func (j *collectionJob) anchor(row ledger.Object) (ledger.Object, bool) {
	if !holds(row) {
		return row, false
	}
	mine := slices.DeleteFunc(j.unknown.of(row), func(f *foreign) bool { return j.isAnothers(row, f) })
	there, is := pick(mine, func(f *foreign) bool { return current(row, f.form) }, func(f *foreign) bool { return knows(row, f.form) })
	if !is {
		return row, false
	}
	row.Destination = there.name
	row.DstETag = ""
	if row.State == ledger.ObjectStored {
		row.State = ledger.ObjectAdopted
	}
	if current(row, there.form) {
		row.DstETag = there.etag
	}
	return found(row, &there), true
}

// isGone does not believe the listing alone. What is neither listed nor returned is unknown, which the row says from then on, until
// it is returned again.
func (j *collectionJob) isGone(ctx context.Context, row *ledger.Object, asked map[string]bool) (bool, error) {
	if gone, known := asked[row.Destination]; known || row.Missing() {
		return gone || row.Missing(), nil
	}
	there, err := j.slice.dst.Get(ctx, hrefOf(j.place.target.Href, row.Destination), kindOf(j.kind))
	if dav.IsStatus(err, http.StatusNotFound) || dav.IsStatus(err, http.StatusGone) {
		asked[row.Destination] = true
		return true, nil
	}
	fault := ofItsOwn(err, "read at the destination", row.Destination)
	refused, unknown := errorsAs[*refusedObject](fault)
	written := row.State == ledger.ObjectStored || row.State == ledger.ObjectAdopted
	switch {
	case unknown:
		j.unswept = true // the next pass looks again
		if written && row.Code == "" {
			row.Code = objectUnproved.Code
			row.Words = "the destination lists it no longer, and does not return it: " + refused.words()
		}
	case fault != nil:
		return false, fault
	case written && objectUnproved.Has(row.Code):
		*row = j.judgeAltered(*row, there)
	default:
		asked[row.Destination] = false
	}
	return false, nil
}

// copyAgain forgets objects that the destination has lost, so that they are copied as new ones.
func (j *collectionJob) copyAgain(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	due := j.due()
	var rows []ledger.Object
	for _, name := range names {
		row := j.known[name]
		if !due[name] {
			j.actions.read = append(j.actions.read, j.terms().join(name))
		}
		if !j.present[row.Destination] { // else it is another's by now
			delete(j.taken, row.Destination)
		}
		row = ledger.Object{Source: name, State: ledger.ObjectIntent, SrcDigest: row.SrcDigest, UID: row.UID}
		j.known[name] = row
		rows = append(rows, row)
	}
	return j.ledger().SaveObjects(ctx, j.row, rows...)
}
