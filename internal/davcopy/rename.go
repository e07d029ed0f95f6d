// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"

	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// A client that moves an object, or writes it anew, gives it another name. What the destination has is then
// the same object, and must neither be written twice nor be removed with the name that has vanished.

// handDown gives what vanished objects have at the destination to those that were merged with them.
func (j *collectionJob) handDown(ctx context.Context) error {
	for _, h := range j.actions.successors {
		if err := j.succeed(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// succeed gives a successor what has become its own, and has it read where that may be another version.
func (j *collectionJob) succeed(ctx context.Context, h successor) error {
	if err := j.rename(ctx, h); err != nil {
		return err
	}
	if h.row.SrcETag == "" && !j.due()[h.row.Source] {
		j.actions.read = append(j.actions.read, j.terms().join(h.row.Source))
	}
	return nil
}

func (j *collectionJob) rename(ctx context.Context, h successor) error {
	if err := j.ledger().RenameObject(ctx, j.row, h.from, h.row); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.known, h.from)
	j.known[h.row.Source] = h.row
	if j.byUID[h.row.UID] == h.from {
		j.byUID[h.row.UID] = h.row.Source
	}
	return nil
}

// followRename looks whether an object is one of those that have vanished, under a new name, and gives it the
// row. What is to be done then is the same as if it had its name as before. One of which something was sent under its own
// name keeps its own row.
func (j *collectionJob) followRename(ctx context.Context, o dav.Object) error {
	name := nameBelow(j.place.source.Href, o.Href)
	j.mu.Lock()
	row, known := j.known[name]
	j.mu.Unlock()
	own := known && (row.State.There() || row.State == ledger.ObjectIntent || len(row.Tried) > 0)
	if o.Err != nil || own {
		return nil //nolint:nilerr // what cannot be read is told where it is copied
	}
	i := -1
	if len(j.actions.vanished) > 0 {
		i = formerly(o.Data, j.actions.vanished)
	}
	if i < 0 {
		return j.claimUnserved(ctx, o)
	}
	if err := j.unsettle(ctx, name); err != nil {
		return err
	}
	h := successor{row: j.underName(j.actions.vanished[i], name), from: j.actions.vanished[i].Source}
	j.actions.vanished = slices.Delete(j.actions.vanished, i, i+1)
	return j.rename(ctx, h)
}

// unsettle makes what the source has said of the collection count no more until the slice has got to its end, before a name that was
// read for its row alone gets another row, or none: should the slice break off, nothing else would say that it is still to be read.
func (j *collectionJob) unsettle(ctx context.Context, name string) error {
	if _, listed := j.source.items[name]; listed {
		return nil
	}
	return j.slice.forgetState(ctx, j.row)
}

// underName is the row of an object that has another name at the source by now.
func (j *collectionJob) underName(row ledger.Object, name string) ledger.Object {
	row.Source, row.SrcETag = name, "" // until it is settled it has to be read
	if row.State == ledger.ObjectGone && away(row) {
		row = asMissing(row)
		row.State = ledger.ObjectAdopted
	}
	switch again := j.slice.engine.options.CopyAgain; {
	case again && row.Missing():
		row = part(row)
	case again && row.Reverted():
		row.Code, row.Words, row.Anew = "", "", true
	}
	return row
}

// mayBeThere says that the destination has something of the row's own, or may have: a row that is but an intent counts too,
// and one of which versions were sent that nobody has seen there. What was sent under its name may still arrive, or be there
// and not be shown.
func mayBeThere(row ledger.Object) bool {
	return holds(row) || row.State == ledger.ObjectIntent || len(row.Tried) > 0
}

// formerly finds the vanished row of an object that may be there: by its bytes, else by its UID; -1 for none. One that the
// destination has comes before one that it has lost: which of two that are the same was renamed nobody knows, and none is
// missing while a copy of it lies there that is nobody's.
func formerly(data []byte, vanished []ledger.Object) int {
	digest := sha256.Sum256(data)
	sameBytes := func(row ledger.Object) bool { return bytes.Equal(row.SrcDigest, digest[:]) }
	if i := firstThere(vanished, sameBytes); i >= 0 {
		return i
	}
	object, err := inspect(data)
	if err != nil || object.UID == "" {
		return -1
	}
	return firstThere(vanished, func(row ledger.Object) bool { return row.UID == object.UID })
}

// firstThere is the index of the first row that is meant and may be at the destination; of one that it has lost where there
// is no other; -1 for none.
func firstThere(rows []ledger.Object, is func(row ledger.Object) bool) int {
	mayBe := func(row ledger.Object) bool { return mayBeThere(row) && is(row) }
	if i := slices.IndexFunc(rows, func(row ledger.Object) bool { return row.Code != ledger.CodeMissing && mayBe(row) }); i >= 0 {
		return i
	}
	return slices.IndexFunc(rows, mayBe)
}
