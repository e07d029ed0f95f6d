// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"

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
		l, err := c.list(ctx, c.src, &all[i], rehome.Source)
		if err != nil {
			return err
		}
		objects := c.countable(l)
		c.result.Source.Objects += objects
		c.result.Collections = append(c.result.Collections, verify.Collection{
			Name: all[i].Name, Source: all[i].Href, Objects: objects, States: map[pim.State]int{},
		})
		if c.how.Level == verify.LevelCounts {
			continue
		}
		if err := c.read(ctx, c.src, l, func(s *sight, data []byte) { c.take(i, &all[i], s, data) }); err != nil {
			return err
		}
	}
	slices.SortStableFunc(c.records, func(a, b *record) int { // they come as they are served
		return cmp.Or(cmp.Compare(a.collection, b.collection), cmp.Compare(a.listed.Href, b.listed.Href))
	})
	return nil
}

// countable is how many objects a collection lists, without test objects where these are not known by reading them.
func (c *check) countable(l *listed) int {
	n := len(l.items)
	for _, item := range l.items {
		if c.how.Level == verify.LevelCounts && pim.IsTrialName(lastName(item.Href)) {
			n--
		}
	}
	return n
}

// take keeps what is needed to recognise an object at the destination: its UID, that which a repair would
// give it, and its name.
func (c *check) take(collection int, at *dav.Collection, s *sight, data []byte) {
	if s.trial { // nobody's
		c.result.Source.Objects--
		c.result.Collections[collection].Objects--
		return
	}
	r := &record{sight: s, collection: collection, at: at}
	c.records = append(c.records, r)
	c.byName[r.name] = append(c.byName[r.name], r)
	if s.remembered {
		c.result.Remembered++
	} else {
		c.observe(s.size)
	}
	if s.err != nil {
		r.unreadable, r.words = true, "the source lists it, but does not return it: "+s.err.Error()
		return
	}
	if s.legible && !s.own {
		c.byForm[r.form] = append(c.byForm[r.form], r)
	}
	for _, uid := range s.uids {
		c.byUID[uid] = append(c.byUID[uid], r)
	}
	if c.held+len(data) <= heldAll {
		r.data = data
		c.held += len(data)
	}
}

func (c *check) readDestination(ctx context.Context) error {
	all, err := c.collections(ctx, c.dst, rehome.Destination)
	if err != nil {
		return err
	}
	c.result.Destination.Collections = len(all)
	for i := range all {
		c.targets[all[i].Href] = all[i]
		l, err := c.list(ctx, c.dst, &all[i], rehome.Destination)
		if err != nil {
			return err
		}
		c.result.Destination.Objects += c.countable(l)
		if c.how.Level == verify.LevelCounts {
			continue
		}
		if err := c.read(ctx, c.dst, l, func(s *sight, data []byte) { c.match(&all[i], s, data) }); err != nil {
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
