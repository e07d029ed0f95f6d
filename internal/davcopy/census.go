// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"slices"

	"rehome"
	"rehome/internal/ledger"
)

// countRemaining counts what of the source's objects is neither at the destination nor known to be in trouble, also where
// the pass was stopped in the middle.
func (j *collectionJob) countRemaining(ctx context.Context) error {
	if j.row == nil || j.source.items == nil {
		return nil // not listed
	}
	known, err := j.ledger().Objects(ctx, j.row)
	if err != nil {
		return err
	}
	left := remaining(j.source, known)
	j.slice.count(j.kind, func(t *Tally) { t.Remaining += left })
	return nil
}

// remaining counts what has no end yet. It is pure.
func remaining(source listed, known map[string]ledger.Object) (left int) {
	open := func(row ledger.Object, seen bool) bool {
		return !seen || row.State == ledger.ObjectIntent || row.State == ledger.ObjectGone || row.Updating() && !isFailed(row)
	}
	for name := range source.items {
		if row, seen := known[name]; open(row, seen) {
			left++
		}
	}
	for name, row := range known {
		_, again := source.items[name]
		if !source.full && !again && !source.removed[name] && row.State != ledger.ObjectGone && !isDisplaced(name) && open(row, true) {
			left++
		}
	}
	return left
}

// isFailed reports whether the destination lacks what the source has, or has it in another form.
func isFailed(o ledger.Object) bool {
	switch o.State {
	case ledger.ObjectQuarantined, ledger.ObjectConflict, ledger.ObjectHeld:
		return true
	}
	return o.Spoilt() || o.Behind() || o.Missing() || o.Reverted()
}

// mayPass reports whether the trouble may be over when the pass is repeated: a server has failed, and not refused.
func mayPass(o ledger.Object) bool {
	passing := []rehome.Declared{objectUnserved, objectFailed, objectVeiled, objectUnproved, updateUnreadable, updateRefused}
	return slices.ContainsFunc(passing, func(d rehome.Declared) bool { return d.Has(o.Code) })
}
