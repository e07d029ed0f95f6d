// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"slices"

	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// A name is no identity. What has changed under a name and cannot be read may be the next version of what was copied from it,
// or another object that has the name now; only its bytes would tell. So long as they do not, what is known of the name belongs
// to whatever the source shows to be the object that was copied: something that is new under another name, and has its bytes
// or its UID. What was not read inherits only what no such object has claimed, and is named as not copied otherwise.

// holdBack takes what was not served, and has something of its name to inherit, out of a chunk: it has its turn after all that
// was served.
func (j *collectionJob) holdBack(chunk []dav.Object) []dav.Object {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.DeleteFunc(chunk, func(o dav.Object) bool {
		name := nameBelow(j.place.source.Href, o.Href)
		row := j.known[name]
		if o.Err == nil || !mayBeThere(row) {
			return false
		}
		item, listed := j.source.items[name]
		if awaitsReading(row) || listed && (item.ETag == "" || item.ETag != row.SrcETag) {
			j.unclaimed = append(j.unclaimed, name)
		}
		j.unserved = append(j.unserved, o)
		return true
	})
}

// stillUnread are the names that could not be read in an earlier slice of the pass, and are not read again before the next one.
func (j *collectionJob) stillUnread() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	due := j.due()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(j.known)), func(name string) bool { return due[name] || !awaitsReading(j.known[name]) })
}

// knownFirst has objects under known names read before new ones, so that it is known which of them are not served.
func (j *collectionJob) knownFirst() {
	of := func(item dav.Item) bool { return mayBeThere(j.known[nameBelow(j.place.source.Href, item.Href)]) }
	items := slices.Clone(j.actions.read)
	known := slices.DeleteFunc(slices.Clone(items), func(item dav.Item) bool { return !of(item) })
	j.actions.read = append(known, slices.DeleteFunc(items, of)...)
}

// claimable are the rows of names under which the source has something that has changed and was not read.
func (j *collectionJob) claimable() (rows []ledger.Object) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, name := range j.unclaimed {
		if row := j.known[name]; mayBeThere(row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// awaitsReading reports whether the source has something under a row's name that could not be read when it had changed.
func awaitsReading(row ledger.Object) bool {
	return row.Behind() && row.Code == ledger.UpdateUnreadable || row.Missing() && row.Anew
}

// claimUnserved gives an object that was read the row of one that was not, if it is what the row is of. Both are written down
// at once: the name that was not read is tried again in each pass, and has nothing at the destination.
func (j *collectionJob) claimUnserved(ctx context.Context, o dav.Object) error {
	rows := j.claimable()
	if len(rows) == 0 {
		return nil
	}
	i := formerly(o.Data, rows)
	if i < 0 {
		return nil
	}
	name := nameBelow(j.place.source.Href, o.Href)
	if err := j.unsettle(ctx, name); err != nil {
		return err
	}
	row := j.underName(rows[i], name)
	digest := sha256.Sum256(o.Data)
	row.Anew = row.Anew || !bytes.Equal(row.SrcDigest, digest[:])
	unread := ledger.Object{Source: rows[i].Source, State: ledger.ObjectQuarantined, Code: objectUnserved.Code}
	if unread.Words = "the source lists it, but does not return it"; rows[i].Behind() {
		unread.Words = rows[i].Words // the server's own
	}
	if err := j.ledger().SaveObjects(ctx, j.row, row, unread); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unread = true
	j.known[unread.Source] = unread
	j.known[row.Source] = row
	if j.byUID[row.UID] == unread.Source {
		j.byUID[row.UID] = row.Source
	}
	return nil
}
