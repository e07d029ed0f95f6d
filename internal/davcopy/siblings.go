// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"maps"
	"slices"

	"rehome/internal/content/pim"
	"rehome/internal/ledger"
	"rehome/internal/protocol/dav"
)

// Several collections of the source may go into one of the destination, which makes none or has refused one. What stands
// there is then of one of them, and the others take nothing of it for their own, be it the same: not under the name that it
// was given, and not under the one that its user has given it since.

// findSiblings looks up what other collections of the source have in the same one of the destination.
func (j *collectionJob) findSiblings(ctx context.Context) error {
	rows, err := j.siblingRows(ctx)
	if err == nil {
		j.bookSiblings(rows)
	}
	return err
}

// bookSiblings books it: it is theirs, and nothing of this collection is taken for it. What the source has in them no more may
// be what has come into this one.
func (j *collectionJob) bookSiblings(rows []ledger.Object) {
	j.siblings = map[string]bool{}
	j.theirs = map[string][]ledger.Object{}
	j.held = nil
	for _, row := range rows {
		if row.Destination == "" {
			continue
		}
		j.theirs[row.Destination] = append(j.theirs[row.Destination], row)
		j.siblings[row.Destination] = j.siblings[row.Destination] || row.State != ledger.ObjectGone
		j.taken[row.Destination] = true
		if holds(row) && row.State != ledger.ObjectGone {
			j.held = append(j.held, row)
		}
	}
}

// siblingRows are the ledger's rows of other collections of the source that go to the same one of the destination.
func (j *collectionJob) siblingRows(ctx context.Context) (siblings []ledger.Object, err error) {
	err = j.eachSibling(ctx, func(_ ledger.Collection, rows map[string]ledger.Object) error {
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			siblings = append(siblings, rows[name])
		}
		return nil
	})
	return siblings, err
}

// eachSibling visits the other collections of the source that go to the same one of the destination, with their rows.
func (j *collectionJob) eachSibling(ctx context.Context, visit func(c ledger.Collection, rows map[string]ledger.Object) error) error {
	all, err := j.ledger().Collections(ctx, j.slice.account.Address)
	if err != nil {
		return err
	}
	for _, href := range slices.Sorted(maps.Keys(all)) {
		c := all[href]
		if c.ID == j.row.ID || c.Kind != j.kind || dav.Key(c.Destination) != dav.Key(j.place.target.Href) {
			continue
		}
		rows, err := j.ledger().Objects(ctx, &c)
		if err == nil {
			err = visit(c, rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isTheirs reports whether what stands under a name that another collection was given may be what was given to it: it is not
// where the two versions are in conflict, and where it is one that it was never given, which its user has put there.
func (j *collectionJob) isTheirs(name string, there []byte) bool {
	form, readable := pim.Digest(there, j.content())
	return slices.ContainsFunc(j.theirs[name], func(row ledger.Object) bool {
		conflict := row.State == ledger.ObjectConflict && objectConflict.Has(row.Code)
		return !conflict && (!readable || row.State == ledger.ObjectGone || sent(row, form[:]))
	})
}

// contested are the names at the destination, in order, that are known only because objects are in conflict with what stands
// there: it is none of theirs, and may be the version that another one has at the source.
func (j *collectionJob) contested() []string {
	held := map[string]bool{} // by destination name: true where an object is there as it was given, or may be
	note := func(row ledger.Object) {
		if row.Destination != "" {
			held[row.Destination] = held[row.Destination] || row.State != ledger.ObjectConflict || !objectConflict.Has(row.Code)
		}
	}
	for _, row := range j.known {
		note(row)
	}
	for _, rows := range j.theirs {
		for _, row := range rows {
			note(row)
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(held)), func(name string) bool { return held[name] || !j.present[name] })
}

// readContested reads what stands under such names, where an object of this collection is in conflict.
func (j *collectionJob) readContested(ctx context.Context) error {
	j.contest = &strangers{}
	conflicts, names := j.conflicts(), j.contested()
	if len(conflicts) == 0 || len(names) < 2 { // the only one is the conflict's own
		return nil
	}
	var items []dav.Item
	for _, name := range names {
		items = append(items, dav.Item{Href: hrefOf(j.place.target.Href, name), Size: -1})
	}
	err := j.slice.dst.Read(ctx, &j.place.target, items, func(o dav.Object) error {
		if o.Err == nil { // what cannot be read is nobody's version
			j.contest.add(nameBelow(j.place.target.Href, o.Href), o.ETag, o.Data, j.content())
		}
		return nil
	})
	return faultOf(err, "read at the destination", j.place.target.Href)
}

// reserve takes out of the strangers what other collections of the source have there under a name that its user has given it:
// whose it is their own look will tell, but it is nothing that the destination had before. What this collection itself
// misses, or has begun to write under the very name, comes first: of two that are the same nobody knows which was renamed.
func (j *collectionJob) reserve() {
	own := map[string]bool{}
	for _, row := range j.known {
		own[row.Destination] = true
	}
	j.held = slices.DeleteFunc(j.held, func(row ledger.Object) bool {
		if j.present[row.Destination] {
			return false
		}
		for _, f := range j.unknown.of(row) {
			if !own[f.name] && (sent(row, f.form) || earlier(row, f.form)) {
				f.taken = true
				j.siblings[f.name] = true
				return true
			}
		}
		return false
	})
}
