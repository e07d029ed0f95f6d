// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"slices"
)

// ETags asks for the etags of some items of a collection without reading them, by multiget (RFC 4791 section 7.9, RFC 6352
// section 8.7). Only the Href of an item counts, and each is told what the server lists. An item that it says nothing of,
// or that it refuses, is left out, and so are all where it does no such report: that is no proof of anything.
func (c *Client) ETags(ctx context.Context, collection *Collection, items []Item, each func(Item) error) error {
	name := dialectOf(collection.Kind).multiget
	if !collection.reports(name.Local) {
		return nil
	}
	for some := range slices.Chunk(items, batchItems) {
		err := c.etags(ctx, collection, some, func(item Item) error {
			if err := each(item); err != nil {
				return &stop{err}
			}
			return nil
		})
		if err != nil && !mayAskOtherwise(err) {
			err, _ = stopped(err)
			return err
		}
	}
	return nil
}

func (c *Client) etags(ctx context.Context, collection *Collection, items []Item, each func(Item) error) error {
	name := dialectOf(collection.Kind).multiget
	target, err := c.target(collection.Href)
	if err != nil {
		return err
	}
	body := newDocument(name)
	body.empty(davName("prop"), davName("getetag"))
	for _, item := range items {
		body.textual(davName("href"), item.Href)
	}
	a, m, err := c.ask(ctx, request{method: "REPORT", url: target, header: xmlHeader("1"), body: body.finish(name)}, maxProperties)
	if err != nil {
		return err
	}
	defer a.close()
	m.most = 4*len(items) + batchItems
	return m.each(func(r *response) error {
		u, err := resolve(a.target, r.href())
		etag := r.value(davName("getetag"))
		if err != nil || r.href() == "" || etag == "" {
			return nil //nolint:nilerr // it says nothing
		}
		return each(Item{Href: c.hrefOf(u), ETag: etag, Size: -1})
	})
}
