// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// No object ever gets another UID (RFC 4791 section 5.3.2.1 and RFC 6352 section 6.3.2.1, no-uid-conflict). What has another
// one under the same name at the source is another object: the one that had the name before has vanished, or has another name
// by now. What the destination has of it is no older version of the new one, and is left, removed or followed like whatever
// else has vanished.

// displaced is the name of what had a name before. No href has a # in its path (RFC 3986 section 3.3).
func displaced(name, uid string) string {
	sum := sha256.Sum256([]byte(uid))
	return name + "#" + hex.EncodeToString(sum[:8])
}

// isDisplaced reports whether a name is one of those: the source has nothing under it.
func isDisplaced(name string) bool { return strings.Contains(name, "#") }

// makeWay takes the rows of objects that have another UID than what was known under their names away from them, before any
// of the objects is looked up: two may have changed their names.
func (j *collectionJob) makeWay(ctx context.Context, chunk []dav.Object) error {
	for _, o := range chunk {
		name := nameBelow(j.place.source.Href, o.Href)
		j.mu.Lock()
		row, known := j.known[name]
		j.mu.Unlock()
		if o.Err != nil || !known || !isAnother(row, o.Data) {
			continue
		}
		if err := j.unsettle(ctx, name); err != nil {
			return err
		}
		if err := j.displace(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// isAnother reports whether data are those of another object than a row is of.
func isAnother(row ledger.Object, data []byte) bool {
	if row.UID == "" {
		return false
	}
	object, err := pim.Inspect(data)
	return err == nil && object.UID != "" && plainUID(object.UID) != plainUID(row.UID)
}

// displace makes a row that of an object that has vanished. What was merged with it takes it over, and what has nothing at
// the destination is forgotten.
func (j *collectionJob) displace(ctx context.Context, row ledger.Object) error {
	if !mayBeThere(row) {
		j.mu.Lock()
		delete(j.known, row.Source)
		j.mu.Unlock()
		return j.ledger().DropObjects(ctx, j.row, row.Source)
	}
	if heir, is := j.heirs()[row.Destination]; is && holds(row) {
		return j.succeed(ctx, inherit(row, heir))
	}
	h := successor{row: row, from: row.Source}
	h.row.Source = displaced(row.Source, row.UID)
	j.actions.vanished = append(j.actions.vanished, h.row)
	return j.rename(ctx, h)
}

// heirs are the rows of what is there only because it is the same as another object, by destination name.
func (j *collectionJob) heirs() map[string]ledger.Object {
	vanished := j.vanished()
	heirs := map[string]ledger.Object{}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(j.known)) {
		if row := j.known[name]; row.State == ledger.ObjectMerged && !vanished[name] {
			heirs[row.Destination] = row
		}
	}
	return heirs
}

// bequeath gives what vanished objects have at the destination to those that were merged with them in this pass.
func (j *collectionJob) bequeath(ctx context.Context) error {
	if len(j.actions.vanished) == 0 {
		return nil
	}
	heirs := j.heirs()
	for _, row := range slices.Clone(j.actions.vanished) {
		heir, is := heirs[row.Destination]
		if !is || !holds(row) {
			continue
		}
		delete(heirs, row.Destination)
		h := inherit(row, heir)
		j.actions.vanished = slices.DeleteFunc(j.actions.vanished, func(v ledger.Object) bool { return v.Source == h.from })
		if err := j.rename(ctx, h); err != nil {
			return err
		}
		if h.row.SrcETag == "" { // to be compared, which is over in this slice
			j.slice.noteMore()
		}
	}
	return nil
}
