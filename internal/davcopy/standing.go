// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"slices"

	"rehome/internal/ledger"
)

// A name alone proves nothing: since an object went missing at the destination, its user or we may have given the name to
// another one. What stands there is the object that is missed only if it is no other's, and is what is known of the missing
// one: by its UID, or by what it is. One object there is never two objects of the source.

// stands reports whether the destination has the object under the name that the ledger knows.
func (j *collectionJob) stands(row ledger.Object) bool {
	return j.present[row.Destination] && !row.Missing()
}

// inPlace is the row of a missing object that stands under its name again. What the destination lists and does not show is
// taken for it, and is looked at like everything that has another etag.
func (j *collectionJob) inPlace(row ledger.Object) (ledger.Object, bool) {
	if !row.Missing() || !holds(row) || !j.present[row.Destination] || j.isHeld(row) {
		return row, false
	}
	f := j.unknown.called(row.Destination)
	if f == nil {
		_, hidden := j.unknown.hidden[decodedName(row.Destination)]
		return backAgain(row), hidden
	}
	uid := cmp.Or(row.UID, row.MadeUID)
	known := uid != "" && f.uid == uid || sent(row, f.form) || earlier(row, f.form)
	if !known || j.isAnothers(row, f) {
		return row, false
	}
	f.taken = true
	return backAgain(row), true
}

// isHeld reports whether another object has the name at the destination by now.
func (j *collectionJob) isHeld(row ledger.Object) bool {
	return j.anotherRow(row, func(other ledger.Object) bool {
		conflict := other.State == ledger.ObjectConflict // with what is none of the source's
		return other.Destination == row.Destination && holds(other) && other.State != ledger.ObjectGone && !conflict && !other.Missing()
	})
}

// isAnothers reports whether an object of the destination is what another one was given, and this one never.
func (j *collectionJob) isAnothers(row ledger.Object, f *foreign) bool {
	return !sent(row, f.form) && !earlier(row, f.form) && j.anotherRow(row, func(other ledger.Object) bool { return sent(other, f.form) })
}

// anotherRow reports whether there is one of this collection, or of another that goes to the same place.
func (j *collectionJob) anotherRow(row ledger.Object, is func(other ledger.Object) bool) bool {
	for name, other := range j.known {
		if name != row.Source && is(other) {
			return true
		}
	}
	for _, all := range j.theirs {
		if slices.ContainsFunc(all, is) {
			return true
		}
	}
	return false
}
