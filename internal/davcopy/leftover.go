// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"slices"

	"rehome/internal/ledger"
)

// What an object has left at the destination when it vanished from the source belongs to whichever object of the source is
// the same: one that the destination has lost is not missing while a copy of it lies there that is nobody's any more.

// leftBy is the index among the vanished objects of one that is the same as a row and may have left something, -1 for none.
func leftBy(row ledger.Object, vanished []ledger.Object) int {
	return slices.IndexFunc(vanished, func(v ledger.Object) bool {
		return mayBeThere(v) && v.Code != ledger.CodeMissing && len(row.SrcDigest) > 0 && bytes.Equal(v.SrcDigest, row.SrcDigest)
	})
}

// offer has collections of the source that go to the same place look there once more, in this pass, that miss an object which
// is the same as one that is left there now: until it was left it was none of theirs, and neither end shows that it is.
func (j *collectionJob) offer(ctx context.Context, gone []ledger.Object) error {
	return j.eachSibling(ctx, func(c ledger.Collection, rows map[string]ledger.Object) error {
		for _, row := range rows {
			if row.Missing() && leftBy(row, gone) >= 0 && c.Target != (ledger.CollectionMark{}) {
				j.slice.noteMore()
				return j.ledger().SettleCollection(ctx, &c, c.State, ledger.CollectionMark{})
			}
		}
		return nil
	})
}

// mayTakeOver reports whether a look at the destination may show that something is not missing.
func (j *collectionJob) mayTakeOver() bool {
	for _, row := range j.known {
		if row.Missing() && leftBy(row, j.actions.vanished) >= 0 {
			return true
		}
	}
	return false
}

// takeOver gives what is left at the destination to objects that are lost there.
func (j *collectionJob) takeOver(ctx context.Context, lost []string) error {
	for _, name := range lost {
		row, known := j.known[name]
		if !known || j.stands(row) || !holds(row) || j.vanished()[name] {
			continue
		}
		there := slices.DeleteFunc(slices.Clone(j.actions.vanished), func(v ledger.Object) bool { return !j.present[v.Destination] })
		i := leftBy(row, there)
		if i < 0 {
			continue
		}
		h := inherit(there[i], row)
		j.actions.vanished = slices.DeleteFunc(j.actions.vanished, func(v ledger.Object) bool { return v.Source == h.from })
		if err := j.succeed(ctx, h); err != nil {
			return err
		}
		if err := j.rebook(ctx, j.mergedInto(row.Destination, h.row.Destination)); err != nil {
			return err
		}
	}
	return nil
}

// mergedInto are the rows, as they are to be, of what was merged with an object that has another name at the destination now.
func (j *collectionJob) mergedInto(before, now string) (rows []ledger.Object) {
	for _, row := range j.known {
		if row.State != ledger.ObjectMerged || row.Destination != before {
			continue
		}
		row.Destination = now
		rows = append(rows, backAgain(row))
	}
	return rows
}
