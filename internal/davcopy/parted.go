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

// replaces reports whether the object has taken the place of an older version of it, so that nothing that was the same as
// that version is there any more.
func (p *transfer) replaces() bool {
	written := p.written && p.way == wayWrite && p.before.State.There()
	return p.lostBefore || written && !bytes.Equal(p.before.Form, p.row.Form)
}

// partedFrom are the objects that were merged with one that has been written anew; another slice writes them.
func (j *collectionJob) partedFrom(p *transfer) []ledger.Object {
	if !p.replaces() {
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
		if row.State == ledger.ObjectMerged && row.Destination == p.row.Destination && name != p.row.Source {
			parted = append(parted, part(row))
			delete(j.known, name)
		}
	}
	if len(parted) > 0 {
		j.slice.noteMore()
	}
	return parted
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
