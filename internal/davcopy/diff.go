// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"maps"
	"slices"
	"time"

	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// listed is what the source has said of a collection.
type listed struct {
	full    bool                // everything was listed: what is not named is gone
	items   map[string]dav.Item // by name
	removed map[string]bool     // by name
}

// terms are what else a decision depends on.
type terms struct {
	started   time.Time // of the pass: what was tried in it already is not tried again
	deletions Deletions
	confirmed bool                       // that most of it vanished is meant
	join      func(name string) dav.Item // an item for an object that was not listed, because it did not change
}

// actions are what is to be done about a collection.
type actions struct {
	read    []dav.Item      // to be read at the source, and then written, compared or left, as its bytes say
	remove  []ledger.Object // to be removed at the destination
	gone    []ledger.Object // to be left at the destination and noted as vanished
	forget  []string        // names that neither end has
	emptied int             // objects that seem to have vanished, too many to be believed; nothing above but read
}

// diff compares what the source has with what the ledger knows. It is pure.
func diff(source listed, known map[string]ledger.Object, t terms) actions {
	var a actions
	for _, name := range slices.Sorted(maps.Keys(source.items)) {
		row, seen := known[name]
		if !seen || needsReading(row, source.items[name].ETag, t.started) {
			a.read = append(a.read, source.items[name])
		}
	}
	var vanished []ledger.Object
	there := 0
	for _, name := range slices.Sorted(maps.Keys(known)) {
		row := known[name]
		if row.State.There() && row.State != ledger.ObjectGone {
			there++
		}
		if _, current := source.items[name]; current {
			continue
		}
		switch {
		case source.full || source.removed[name]:
			vanished = append(vanished, row)
		case open(row, t.started):
			a.read = append(a.read, t.join(name))
		}
	}
	if !t.confirmed && suspicious(vanished, there) {
		a.emptied = len(vanished)
		return a
	}
	for _, row := range vanished {
		a.vanish(row, t.deletions)
	}
	return a
}

// needsReading reports whether the bytes of a listed object have to be looked at.
func needsReading(row ledger.Object, etag string, started time.Time) bool {
	if etag == "" || etag != row.SrcETag || row.State == ledger.ObjectGone {
		return true
	}
	return open(row, started)
}

// open says that an object is worth another try though it did not change: what was begun always, what was
// given up once in each pass.
func open(row ledger.Object, started time.Time) bool {
	switch row.State {
	case ledger.ObjectIntent:
		return true
	case ledger.ObjectQuarantined, ledger.ObjectHeld:
		return row.Updated.Before(started)
	}
	return false
}

// vanish decides about an object that the source has no more.
func (a *actions) vanish(row ledger.Object, policy Deletions) {
	switch row.State {
	case ledger.ObjectGone:
		if policy == DeletionsMirror && row.Form != nil {
			a.remove = append(a.remove, row)
		}
	case ledger.ObjectQuarantined, ledger.ObjectHeld, ledger.ObjectMerged:
		a.forget = append(a.forget, row.Source)
	case ledger.ObjectStored:
		if policy == DeletionsMirror && row.Form != nil {
			a.remove = append(a.remove, row)
			return
		}
		a.gone = append(a.gone, row)
	case ledger.ObjectAdopted, ledger.ObjectConflict, ledger.ObjectIntent:
		row.Form = nil // not ours, or not known to be: never to be removed
		a.gone = append(a.gone, row)
	}
}

// believable is how many objects may vanish at once without a second thought.
const believable = 10

// suspicious says that so much has vanished that a server in trouble is likelier than a user who cleans
// up: everything, or more than half of many.
func suspicious(vanished []ledger.Object, there int) bool {
	lost := 0
	for _, row := range vanished {
		if row.State.There() && row.State != ledger.ObjectGone {
			lost++
		}
	}
	return lost > 1 && lost == there || lost > believable && lost > there/2
}
