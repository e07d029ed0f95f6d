// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"

	"rehome/internal/ledger"
)

// An object that was merged with another one is there only as long as that one is what it was. When the other is written
// anew, or the destination turns out to keep something else of it, the two part, and each is to be written as its own: those
// that the ledger knows as merged with it, and those that are read and booked in the same slice, before it or behind it.
// Chunks are booked one after the other, so whichever of the two is booked later sees it.

// partedFrom are the objects that stood under the name of one that has been written anew, merged with it or recognised there,
// and are not the same as what stands there now; another slice writes them. What the name stood for before is asked of no
// row but theirs: that of the object itself may have been in conflict, in doubt or not there at all.
func (j *collectionJob) partedFrom(p *transfer) []ledger.Object {
	if !p.lostBefore && (!p.written || p.way != wayWrite) {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.replaced == nil {
		j.replaced = map[string][]byte{}
	}
	j.replaced[p.row.Destination] = p.row.Form
	var parted []ledger.Object
	for name, row := range j.known {
		if name == p.row.Source || !standsUnder(row, p.row.Destination) || !p.lostBefore && bytes.Equal(row.Form, p.row.Form) {
			continue
		}
		parted = append(parted, part(row))
		delete(j.known, name)
	}
	if len(parted) > 0 {
		j.slice.noteMore()
	}
	return parted
}

// standsUnder reports whether an object counts as there because of what stands under a name that it was not written to.
func standsUnder(row ledger.Object, name string) bool {
	return !row.Missing() && (row.State == ledger.ObjectMerged || row.State == ledger.ObjectAdopted) && row.Destination == name
}

// doubt notes whether it is open, or known to be wrong, that the destination keeps an object as it was given.
func (j *collectionJob) doubt(p *transfer, open bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.doubtful == nil {
		j.doubtful = map[string]bool{}
	}
	j.doubtful[p.row.Destination] = open
}

// stillMerged books an object that was merged, and parts it from one that was written anew since that was decided, or
// that is not known to be kept as it was given: such a one stands for no other.
func (j *collectionJob) stillMerged(p *transfer) {
	if p.row.State != ledger.ObjectMerged {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	form, replaced := j.replaced[p.row.Destination]
	if !j.doubtful[p.row.Destination] && (!replaced || bytes.Equal(form, p.row.Form)) {
		j.known[p.row.Source] = p.row
		return
	}
	p.row, p.written = part(p.row), false
	delete(j.known, p.row.Source)
	j.slice.noteMore()
}

// part is the row of an object that is merged with no other any more.
func part(row ledger.Object) ledger.Object {
	return ledger.Object{Source: row.Source, State: ledger.ObjectIntent, SrcDigest: row.SrcDigest, UID: row.UID}
}
