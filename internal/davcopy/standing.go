// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"rehome/internal/ledger"
)

// A name alone proves nothing: since an object went missing at the destination, its user or we may have given the name to
// another one. What stands there is the object that is missed only if it is no other's, and is what is known of the missing
// one: by its UID, or by what it is. One object there is never two objects of the source. That holds also for what has vanished
// from the source since, and may be there under a name that was not served: it was missing when it was seen last, no more, and
// is what it was once the destination has it again.

// away reports whether the destination had lost an object when it was last looked for, whether the source has it still or not.
func away(row ledger.Object) bool { return row.Code == ledger.CodeMissing && row.State.There() }

// stands reports whether the destination has the object under the name that the ledger knows.
func (j *collectionJob) stands(row ledger.Object) bool {
	return j.present[row.Destination] && !row.Missing()
}

// inPlace is the row of a missing object that stands under its name again. What the destination lists and does not show is
// taken for it, and is looked at like everything that has another etag.
func (j *collectionJob) inPlace(row ledger.Object) (ledger.Object, bool) {
	if !away(row) || !holds(row) || !j.present[row.Destination] || j.isHeld(row) {
		return row, false
	}
	f := j.unknown.called(row.Destination)
	if f == nil {
		_, hidden := j.unknown.hidden[decodedName(row.Destination)]
		return backAgain(row), hidden
	}
	uid := cmp.Or(row.UID, row.MadeUID)
	if !knows(row, f.form) && (uid == "" || f.uid != uid) || j.isAnothers(row, f) {
		return row, false
	}
	f.taken = true
	return found(row, f), true
}

// found is the row of an object that was away and is found at the destination. What has but its UID may be what its user has
// made of it, or any other version: nobody knows, and it stays as it is, and is named; what has vanished from the source is
// compared should it be back.
func found(row ledger.Object, f *foreign) ledger.Object {
	row = backAgain(row)
	if removedThere.Has(row.Code) { // it is compared anyway
		return row
	}
	if damaged(row, f.form) {
		return compared(row)
	}
	if knows(row, f.form) {
		return row
	}
	row.DstETag = ""
	if row.State == ledger.ObjectGone {
		row.Anew = true
		return row
	}
	row.Anew = row.Anew || row.Behind() // what the source has now is still to be read
	row.State = ledger.ObjectConflict
	row.Code = objectConflict.Code
	row.Words = wordsConflict
	return row
}

// damaged reports whether a form is what the destination had made of the version that was copied last, and that was a damage.
func damaged(row ledger.Object, form []byte) bool {
	return row.Escrow != "" && len(form) > 0 && bytes.Equal(form, row.Kept) && !bytes.Equal(form, row.Form)
}

// compared has both ends of an object compared anew.
func compared(row ledger.Object) ledger.Object {
	row.Anew = true
	row.SrcETag = ""
	row.DstETag = ""
	row.Escrow = ""
	return row
}

// backAtDestination are the rows, as they are to be, of what was missing when it vanished from the source, and is there again,
// under its name or another one.
func (j *collectionJob) backAtDestination() (rows []ledger.Object) {
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		row := j.known[name]
		if row.State != ledger.ObjectGone || !away(row) {
			continue
		}
		now, is := j.inPlace(row)
		if !is {
			now, is = j.anchor(row)
		}
		if is {
			rows = append(rows, now)
		}
	}
	return rows
}

// isHeld reports whether another object has the name at the destination by now.
func (j *collectionJob) isHeld(row ledger.Object) bool {
	return j.anotherRow(row, func(other ledger.Object) bool {
		conflict := other.State == ledger.ObjectConflict // with what is none of the source's
		return other.Destination == row.Destination && holds(other) && other.State != ledger.ObjectGone && !conflict && !other.Missing()
	})
}

// isAnothers reports whether an object of the destination is what another one was given at any time, and this one never.
func (j *collectionJob) isAnothers(row ledger.Object, f *foreign) bool {
	return !knows(row, f.form) && j.anotherRow(row, func(other ledger.Object) bool { return knows(other, f.form) })
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
