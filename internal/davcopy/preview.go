// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/pass"
	"rehome/internal/protocol/dav"
)

// Preview is what a pass would do, found out without writing anything to either end or the ledger.
type Preview struct {
	Collections []PlannedCollection
	Findings    []rehome.Finding // what stays behind as a whole, and what would wait for somebody to confirm it
}

// PlannedCollection is what would become of an address book or a calendar. New, Changed, Again and Unchanged add
// up to what the source has. What is new is not written where the destination has the same already: only the
// pass itself looks into objects.
type PlannedCollection struct {
	Kind        rehome.Kind `json:"kind"`
	Name        string      `json:"name"`
	Source      string      `json:"source"`                // href
	Destination string      `json:"destination,omitempty"` // href; "" when it stays behind
	Exists      bool        `json:"exists"`                // at the destination
	Deleted     bool        `json:"deleted,omitempty"`     // the source has it no more
	Why         string      `json:"why,omitempty"`         // it stays behind

	New       int `json:"new"`     // to rehome
	Changed   int `json:"changed"` // at the source, since they were copied
	Again     int `json:"again"`   // were begun, not taken or held back before, and are tried once more
	Unchanged int `json:"unchanged"`
	Vanished  int `json:"vanished"` // from the source, and left at the destination so far
	Removed   int `json:"removed"`  // of those, removed by the pass
	NotOurs   int `json:"not_ours"` // of those, there before the move, changed there in earlier passes, or there for another object too
	Edited    int `json:"edited"`   // of those, changed at the destination since
	Absent    int `json:"absent"`   // of those, no longer at the destination either
	Unshown   int `json:"unshown"`  // of those, not returned by the destination
}

// Plan returns what a pass over the account would do. It writes nothing.
func (e *Engine) Plan(ctx context.Context, account rehome.Account) (Preview, error) {
	s := newSlice(e, account, time.Now(), pass.Budget{})
	defer s.close()
	if err := s.open(ctx); err != nil {
		return Preview{}, err
	}
	known, err := e.options.Ledger.Collections(ctx, account.Address)
	if err != nil {
		return Preview{}, err
	}
	var preview Preview
	ends := s.listAll(ctx)
	for _, kind := range e.options.Kinds {
		planned, err := s.look(ctx, kind, ends[kind], known, renameUnwritten)
		if err != nil {
			return Preview{}, err
		}
		for _, left := range planned.left {
			preview.Collections = append(preview.Collections, stays(kind, left))
		}
		for i, p := range append(planned.placements, planned.deleted...) {
			row := known[p.source.Href]
			job := &collectionJob{slice: s, kind: kind, place: p, row: &row, deleted: i >= len(planned.placements)}
			c, err := job.preview(ctx)
			if err != nil {
				return Preview{}, err
			}
			preview.Collections = append(preview.Collections, c)
		}
	}
	preview.Findings = s.findings
	return preview, nil
}

// renameUnwritten gives a row the href that the source calls its collection by now, and the ledger nothing.
func renameUnwritten(_ context.Context, c *ledger.Collection, href string) error {
	c.Source, c.State = href, ledger.CollectionState{Objects: c.State.Objects}
	return nil
}

func stays(kind rehome.Kind, left mapping.LeftCollection) PlannedCollection {
	c := left.Collection
	return PlannedCollection{Kind: kind, Name: displayName(c), Source: c.Href, Why: left.Reason}
}

// preview decides as the pass would.
func (j *collectionJob) preview(ctx context.Context) (PlannedCollection, error) {
	source := j.place.source
	c := PlannedCollection{
		Kind: j.kind, Name: displayName(source), Source: source.Href, Destination: j.place.destination,
		Exists: j.place.exists, Deleted: j.deleted,
	}
	if j.slice.followed(j.place, *j.row) {
		c.Unchanged, c.Vanished = int(j.row.State.Objects), int(j.row.Removable)
		return c, nil
	}
	list := j.list
	if j.deleted {
		list = j.listNothing
	}
	if err := list(ctx); err != nil {
		return c, err
	}
	j.previewReading(&c)
	return c, j.previewVanished(ctx, &c)
}

// previewReading counts what would be read at the source.
func (j *collectionJob) previewReading(c *PlannedCollection) {
	for _, item := range j.actions.read {
		row, seen := j.known[nameBelow(j.place.source.Href, item.Href)]
		switch {
		case !seen:
			c.New++
		case row.State.There():
			c.Changed++
		default:
			c.Again++
		}
	}
	c.Unchanged = j.objects - len(j.actions.read)
}

// previewVanished counts what would become of the copies of objects that the source has no more.
func (j *collectionJob) previewVanished(ctx context.Context, c *PlannedCollection) error {
	for _, row := range j.actions.vanished {
		if holds(row) {
			c.Vanished++
		}
	}
	d := decideVanished(j.actions.vanished, j.actions.there, j.terms())
	if d.emptied > 0 {
		j.slice.find(j.emptiedFinding(d.emptied))
		return nil
	}
	if err := j.spareShared(ctx, &d); err != nil || j.slice.engine.options.Deletions != rehome.DeletionsMirror {
		return err
	}
	c.NotOurs = c.Vanished - len(d.remove)
	if len(d.remove) == 0 {
		return nil
	}
	etags := map[string]string{}
	_, err := j.slice.dst.Changes(ctx, &j.place.target, dav.Mark{}, func(item dav.Item) error {
		etags[nameBelow(j.place.target.Href, item.Href)] = item.ETag
		return nil
	})
	if err != nil {
		return faultOf(err, "list at the destination", j.place.target.Href)
	}
	for _, row := range d.remove {
		if row.DstETag != "" && etags[row.Destination] == row.DstETag {
			c.Removed++
			continue
		}
		etag, ours, err := j.stillOurs(ctx, hrefOf(j.place.target.Href, row.Destination), row)
		switch _, refused := errorsAs[*refusedObject](err); {
		case refused:
			c.Unshown++
		case err != nil:
			return err
		case ours && etag == "":
			c.Absent++
		case ours:
			c.Removed++
		default:
			c.Edited++
		}
	}
	return nil
}
