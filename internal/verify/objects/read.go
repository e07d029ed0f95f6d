// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// collections lists what of an end takes part.
func (c *check) collections(ctx context.Context, end End, side rehome.Side) ([]dav.Collection, error) {
	all, err := end.Collections(ctx, davKind(c.kind))
	if err != nil {
		return nil, endpoint.Fault(err, "list the "+string(c.kind), "at the "+string(side))
	}
	principal := ""
	if home := end.Home(davKind(c.kind)); home != nil {
		principal = home.Principal
	}
	moving, left := mapping.SplitCollections(all, principal)
	for _, l := range left {
		if side == rehome.Source {
			c.result.LeftOut = append(c.result.LeftOut, verify.LeftOut{Mailbox: l.Collection.Href, Reason: l.Reason})
		}
	}
	return moving, nil
}

func (c *check) list(ctx context.Context, end End, at *dav.Collection, side rehome.Side) ([]dav.Item, error) {
	found := map[string]dav.Item{}
	_, err := end.Changes(ctx, at, dav.Mark{}, func(item dav.Item) error {
		if !item.Removed {
			found[item.Href] = item
		}
		return nil
	})
	items := make([]dav.Item, 0, len(found))
	for _, item := range found {
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b dav.Item) int { return strings.Compare(a.Href, b.Href) })
	if c.how.Level == verify.LevelCounts { // else they are known when they are read
		items = slices.DeleteFunc(items, func(i dav.Item) bool { return pim.IsTrialName(lastName(i.Href)) })
	}
	return items, endpoint.Fault(err, "list", at.Href+" at the "+string(side))
}

// fetch reads items and holds the answers against what was asked for: an object that nobody speaks of would be in no
// verdict at all.
func fetch(ctx context.Context, end End, side rehome.Side, at *dav.Collection, items []dav.Item, each func(dav.Object)) error {
	answered := 0
	err := end.Fetch(ctx, at, items, func(o dav.Object) error {
		answered++
		each(o)
		return nil
	})
	if err == nil && answered != len(items) {
		err = fmt.Errorf("%d answers for %d objects", answered, len(items))
	}
	return endpoint.Fault(err, "read", at.Href+" at the "+string(side))
}

func (c *check) readSource(ctx context.Context) error {
	all, err := c.collections(ctx, c.src, rehome.Source)
	if err != nil {
		return err
	}
	c.result.Source.Collections, c.sources = len(all), all
	for i := range all {
		items, err := c.list(ctx, c.src, &all[i], rehome.Source)
		if err != nil {
			return err
		}
		c.result.Source.Objects += len(items)
		c.result.Collections = append(c.result.Collections, verify.Collection{
			Name: all[i].Name, Source: all[i].Href, Objects: len(items), States: map[pim.State]int{},
		})
		if c.how.Level == verify.LevelCounts {
			continue
		}
		if err := fetch(ctx, c.src, rehome.Source, &all[i], items, func(o dav.Object) { c.take(i, &all[i], o) }); err != nil {
			return err
		}
	}
	slices.SortStableFunc(c.records, func(a, b *record) int { // they come as they are served
		return cmp.Or(cmp.Compare(a.collection, b.collection), cmp.Compare(a.item.Href, b.item.Href))
	})
	return nil
}

// take keeps what is needed to recognise an object at the destination: its UID, that which a repair would
// give it, and its name.
func (c *check) take(collection int, at *dav.Collection, o dav.Object) {
	if pim.IsTrial(o.Data) { // nobody's
		c.result.Source.Objects--
		c.result.Collections[collection].Objects--
		return
	}
	r := &record{collection: collection, at: at, item: dav.Item{Href: o.Href, ETag: o.ETag, Size: int64(len(o.Data))}, name: lastName(o.Href)}
	c.records = append(c.records, r)
	c.byName[r.name] = append(c.byName[r.name], r)
	c.observe(int64(len(o.Data)))
	if o.Err != nil {
		r.unreadable, r.sentence = true, "the source lists it, but does not return it: "+o.Err.Error()
		return
	}
	r.digest = sha256.Sum256(o.Data)
	r.form = formOf(o.Data, c.content)
	object, err := pim.Inspect(o.Data)
	if err == nil {
		r.uid = object.UID
	}
	if err == nil && r.uid == "" {
		c.byForm[r.form] = append(c.byForm[r.form], r)
	}
	for i, uid := range c.uids(o.Data) {
		if i == 0 {
			r.uidThere = uid
		}
		c.byUID[uid] = append(c.byUID[uid], r)
	}
	if len(o.Data) <= heldObject && c.held+len(o.Data) <= heldAll {
		r.data = slices.Clone(o.Data)
		c.held += len(o.Data)
	}
}

// formOf is a digest of what an object says, or of its bytes where nobody can read them: two that cannot be read are not the
// same for that.
func formOf(data []byte, kind pim.Kind) [32]byte {
	if form, readable := pim.Digest(data, kind); readable {
		return form
	}
	return sha256.Sum256(data)
}

// uids are those that the object may have at the destination.
func (c *check) uids(data []byte) []string {
	var all []string
	add := func(data []byte) {
		object, err := pim.Inspect(data)
		if err == nil && object.UID != "" && !slices.Contains(all, object.UID) {
			all = append(all, object.UID)
		}
	}
	add(data)
	if repaired, fixes := pim.Repair(data, c.content, pim.SafeNeeds()); len(fixes) > 0 {
		add(repaired)
	}
	return all
}

func (c *check) readDestination(ctx context.Context) error {
	all, err := c.collections(ctx, c.dst, rehome.Destination)
	if err != nil {
		return err
	}
	c.result.Destination.Collections = len(all)
	for i := range all {
		c.targets[all[i].Href] = all[i]
		items, err := c.list(ctx, c.dst, &all[i], rehome.Destination)
		if err != nil {
			return err
		}
		c.result.Destination.Objects += len(items)
		if c.how.Level == verify.LevelCounts {
			continue
		}
		if err := fetch(ctx, c.dst, rehome.Destination, &all[i], items, func(o dav.Object) { c.match(&all[i], o) }); err != nil {
			return err
		}
	}
	return nil
}

func (c *check) one(ctx context.Context, end End, at *dav.Collection, item dav.Item) (object dav.Object, err error) {
	err = end.Fetch(ctx, at, []dav.Item{item}, func(o dav.Object) error {
		object = o
		return nil
	})
	return object, endpoint.Fault(err, "read again", item.Href)
}

// lastName is an object's name, decoded.
func lastName(href string) string {
	name := mapping.LastSegment(href)
	if decoded, err := url.PathUnescape(name); err == nil {
		return decoded
	}
	return name
}
