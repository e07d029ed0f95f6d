// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"maps"
	"slices"
	"time"

	"rehome"
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
	deletions rehome.Deletions
	confirmed bool                       // that most of it vanished is meant
	deleted   bool                       // the source has the collection itself no more
	unread    bool                       // something new could not be read: what has vanished may be that under another name
	join      func(name string) dav.Item // an item for an object that was not listed, because it did not change
}

// actions are what is to be done about a collection.
type actions struct {
	read       []dav.Item      // to be read at the source, and then written, compared or left, as its bytes say
	successors []successor     // rows that take over what a vanished one has at the destination
	vanished   []ledger.Object // known, and at the source no more
	there      int             // how many the destination has, as far as is known
}

// successor is an object that was merged with one that has vanished, or is that one under another name. What the
// destination has is now its own.
type successor struct {
	row  ledger.Object
	from string // source name of the vanished one
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
	merged := map[string]ledger.Object{} // by destination name
	var vanished []ledger.Object
	for _, name := range slices.Sorted(maps.Keys(known)) {
		row := known[name]
		if row.State.There() && row.State != ledger.ObjectGone && !row.Missing() {
			a.there++
		}
		_, current := source.items[name]
		switch {
		case !current && (source.full || source.removed[name] || row.State == ledger.ObjectGone || isDisplaced(name)):
			vanished = append(vanished, row)
		case !current && open(row, t.started):
			a.read = append(a.read, t.join(name))
			fallthrough
		default:
			if row.State == ledger.ObjectMerged {
				merged[row.Destination] = row
			}
		}
	}
	for _, row := range vanished {
		if other, found := merged[row.Destination]; found && holds(row) {
			a.successors = append(a.successors, inherit(row, other))
		} else {
			a.vanished = append(a.vanished, row)
		}
	}
	return a
}

// holds says that the object at the destination is the row's own.
func holds(row ledger.Object) bool { return row.State.There() && row.State != ledger.ObjectMerged }

// inherit is the row of an object that is the same as one that has vanished, and has nothing of its own at the destination.
// Where an update of either was open, or it was spoilt there, or not seen yet, it is compared anew.
func inherit(vanished, same ledger.Object) successor {
	row := vanished
	row.Source = same.Source
	row.SrcETag = same.SrcETag
	row.SrcDigest = same.SrcDigest
	row.UID = same.UID
	if row.State == ledger.ObjectGone {
		row.State = ledger.ObjectStored
	}
	row.Anew = row.Anew || same.Anew || same.Behind()
	if row.Anew || !row.State.There() {
		row.SrcETag = ""
	}
	return successor{row: row, from: vanished.Source}
}

// departures are what is done about objects that the source has no more.
type departures struct {
	remove  []ledger.Object // to be removed at the destination
	gone    []ledger.Object // to be left at the destination and noted as vanished
	forget  []string        // names that neither end has
	emptied int             // objects that seem to have vanished, too many to be believed; nothing above then
}

// decideVanished decides about what has vanished. It is pure.
func decideVanished(vanished []ledger.Object, there int, t terms) departures {
	if lost := lostNow(vanished); !t.confirmed && (suspicious(lost, there) || t.deleted && lost > 0) {
		return departures{emptied: lost}
	}
	var d departures
	for _, row := range vanished {
		switch {
		case !t.unread:
			d.vanish(row, t.deletions)
		case row.Missing(): // it was there, which is not to be forgotten before the new name is known
			d.gone = append(d.gone, disowned(row))
		case row.State == ledger.ObjectIntent, row.State == ledger.ObjectQuarantined && len(row.Tried) > 0: // and this may be there
			d.gone = append(d.gone, unseenThere(row))
		default:
			d.vanish(row, rehome.DeletionsKeep)
		}
	}
	return d
}

// spareHeld forgets those of which another row, that has not vanished, has the object at the destination: one object
// there is never two rows' own. rows are the collection's, siblings those of others that go to the same place. It is pure.
func (d *departures) spareHeld(rows map[string]ledger.Object, siblings []ledger.Object) {
	leaving := map[string]bool{}
	for _, row := range slices.Concat(d.remove, d.gone) {
		leaving[row.Source] = true
	}
	held := map[string]bool{}
	hold := func(row ledger.Object) {
		if row.Destination != "" && !away(row) && (row.State.There() || row.State == ledger.ObjectIntent) {
			held[row.Destination] = true
		}
	}
	for name, row := range rows {
		if !leaving[name] {
			hold(row)
		}
	}
	for _, row := range siblings {
		hold(row)
	}
	stays := func(row ledger.Object) bool {
		if held[row.Destination] {
			d.forget = append(d.forget, row.Source)
		}
		return held[row.Destination]
	}
	d.remove, d.gone = slices.DeleteFunc(d.remove, stays), slices.DeleteFunc(d.gone, stays)
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
	switch {
	case row.State == ledger.ObjectIntent:
		return true
	case row.State == ledger.ObjectQuarantined, row.State == ledger.ObjectHeld, row.Behind():
		return row.Updated.Before(started)
	}
	return row.Updating()
}

// vanish decides about an object that the source has no more.
func (d *departures) vanish(row ledger.Object, policy rehome.Deletions) {
	if row.Missing() { // neither has the destination
		d.forget = append(d.forget, row.Source)
		return
	}
	switch row.State {
	case ledger.ObjectGone:
		if policy == rehome.DeletionsMirror && row.Form != nil {
			d.remove = append(d.remove, row)
		}
	case ledger.ObjectQuarantined, ledger.ObjectHeld, ledger.ObjectMerged, ledger.ObjectIntent:
		if len(row.Tried) == 0 {
			d.forget = append(d.forget, row.Source)
			return
		}
		d.gone = append(d.gone, unseenThere(row))
	case ledger.ObjectStored:
		if policy == rehome.DeletionsMirror && row.Form != nil {
			d.remove = append(d.remove, row)
			return
		}
		d.gone = append(d.gone, row)
	case ledger.ObjectAdopted, ledger.ObjectConflict:
		d.gone = append(d.gone, disowned(row)) // not ours, or not known to be
	}
}

// unseenThere is the row of an object of which something was sent that nobody has seen at the destination: when it is back at the
// source, under whatever name, the two are compared, and nothing of it is removed.
func unseenThere(row ledger.Object) ledger.Object {
	row.Tried = withForm(row.Tried, row.Form) // by which it is known, should it be there
	row.Form = nil
	row.Anew = true
	return row
}

// disowned is the row of an object that is never to be removed at the destination: what was given there is not its form any
// more. By what is kept there it is known still, should it be back here, or have another name at both ends.
func disowned(row ledger.Object) ledger.Object {
	if len(row.Kept) == 0 {
		row.Kept = row.Form
	}
	row.Form = nil
	return row
}

// believable is how many objects may vanish at once without a second thought.
const believable = 10

// lostNow counts what was at the source in the last pass and at the destination since.
func lostNow(vanished []ledger.Object) int {
	lost := 0
	for _, row := range vanished {
		if row.State.There() && row.State != ledger.ObjectGone && !row.Missing() {
			lost++
		}
	}
	return lost
}

// suspicious says that so much has vanished that a server in trouble is likelier than a user who cleans
// up: everything, or more than half of many.
func suspicious(lost, there int) bool {
	return lost > 1 && lost == there || lost > believable && lost > there/2
}
