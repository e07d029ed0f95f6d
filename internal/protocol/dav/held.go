// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"context"
	"crypto/sha256"
	"net/http"
)

// contradiction is an item whose body was read with another etag than it was listed with.
type contradiction struct {
	item Item
	etag string // as read
	sum  [sha256.Size]byte
}

// hand delivers an object if it is what was listed. A name is a hint only: a database that compares names without case
// and accents answers two of them with one body, by GET and by report, and only the listed etag tells. What
// contradicts the listing is looked at when everything else was read.
func (g *multiGet) hand(item Item, o Object) error {
	if fits(item, o) {
		if o.ETag == "" {
			o.ETag = item.ETag
		}
		return g.deliver(o)
	}
	g.odd = append(g.odd, contradiction{item: item, etag: o.ETag, sum: sha256.Sum256(o.Data)})
	return nil
}

// fits reports whether an object can be what was listed, as far as etags tell.
func fits(item Item, o Object) bool {
	return item.ETag == "" || o.ETag == "" || SameETag(item.ETag, o.ETag) || IsMD5(item.ETag, o.Data)
}

// settle lists again, and reads what contradicted the first listing in every other way that there is: it has changed
// meanwhile; or another way gives it; or the body is another object's, which is a *StrayError; or the server's etags
// are of several kinds, by its habit, and what is listed is what counts next time.
func (g *multiGet) settle(ctx context.Context) error {
	if len(g.odd) == 0 {
		return nil
	}
	odd := g.odd
	g.odd = nil
	owners, err := g.relist(ctx, odd)
	if err != nil {
		return err
	}
	var rest []contradiction
	for _, o := range odd {
		left, err := g.reread(ctx, o, owners)
		if err != nil {
			return err
		}
		if left != nil {
			rest = append(rest, *left)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	if rest, err = g.byListing(ctx, rest); err != nil {
		return err
	}
	for _, o := range rest {
		stray := &StrayError{URL: o.item.Href, Listed: o.item.ETag, Read: o.etag, Other: owners.of[opaqueTag(o.etag)]}
		if err := g.deliver(Object{Href: o.item.Href, ETag: o.item.ETag, Err: stray}); err != nil {
			return err
		}
	}
	return nil
}

// owners says what the collection lists of the odd ones now, and whose the etags are that were read.
type owners struct {
	now map[string]Item   // by key
	of  map[string]string // href by etag as read
}

func (g *multiGet) relist(ctx context.Context, odd []contradiction) (owners, error) {
	found := owners{now: map[string]Item{}, of: map[string]string{}}
	wanted := map[string]bool{}
	tags := map[string]bool{}
	for _, o := range odd {
		wanted[Key(o.item.Href)], tags[opaqueTag(o.etag)] = true, true
	}
	err := g.client.list(ctx, g.collection, func(item Item) error {
		if key := Key(item.Href); wanted[key] {
			found.now[key] = item
		}
		if tag := opaqueTag(item.ETag); tags[tag] {
			found.of[tag] = item.Href
		}
		return nil
	})
	return found, err
}

// reread delivers an odd item unless it is a stray, which it returns.
func (g *multiGet) reread(ctx context.Context, o contradiction, owners owners) (*contradiction, error) {
	now, there := owners.now[Key(o.item.Href)]
	if !there {
		return nil, g.deliver(Object{Href: o.item.Href, Err: &StatusError{Method: http.MethodGet, URL: o.item.Href, Status: http.StatusNotFound}})
	}
	o.item.ETag, o.item.Size = now.ETag, now.Size
	object, err := g.get(ctx, o.item)
	if err == nil && !fits(o.item, object) && !g.noReport {
		object, err = g.reportOne(ctx, o.item, object)
	}
	object.Href = o.item.Href
	if err != nil {
		if err := g.own(ctx, err); err != nil {
			return nil, err
		}
		return nil, g.deliver(Object{Href: o.item.Href, ETag: o.item.ETag, Err: err})
	}
	if other := owners.of[opaqueTag(object.ETag)]; !fits(o.item, object) && other != "" && Key(other) != Key(o.item.Href) {
		o.etag, o.sum = object.ETag, sha256.Sum256(object.Data)
		return &o, nil
	}
	if o.item.ETag != "" {
		object.ETag = o.item.ETag
	}
	return nil, g.deliver(object)
}

// reportOne reads one item by a report, and returns what GET gave if that does not fit either.
func (g *multiGet) reportOne(ctx context.Context, item Item, byGet Object) (Object, error) {
	object := byGet
	err := g.multiget(ctx, []Item{item}, func(o Object, recoded bool) error {
		o.Data = proven(o)
		if Key(o.Href) == Key(item.Href) && !recoded && fits(item, o) {
			object = o
		}
		return nil
	})
	if ctx.Err() != nil {
		return object, err
	}
	return object, nil // a report that is refused says nothing more than GET
}

// byListing asks for all bodies with the listing itself: there SabreDAV takes them from the rows that it lists, and not
// by name. It returns what is still not right.
func (g *multiGet) byListing(ctx context.Context, odd []contradiction) (rest []contradiction, err error) {
	target, err := g.client.target(g.collection.Href)
	if err != nil {
		return nil, err
	}
	open := map[string]contradiction{}
	for _, o := range odd {
		open[Key(o.item.Href)] = o
	}
	err = g.propfindData(ctx, target.String(), func(o Object) error {
		odd, wanted := open[Key(o.Href)]
		if !wanted || !rightful(odd, o) {
			return nil
		}
		delete(open, Key(o.Href))
		o.Href = odd.item.Href
		o.ETag = odd.item.ETag
		return g.deliver(o)
	})
	if _, caller := stopped(err); caller || ctx.Err() != nil {
		return nil, err
	}
	for _, o := range odd { // in their order; a refusal leaves them all
		if _, still := open[Key(o.item.Href)]; still {
			rest = append(rest, o)
		}
	}
	return rest, nil
}

// rightful reports whether a body that came with the listing is that of the item: by its MD5 where the etag is one, and
// otherwise at least not the other's.
func rightful(odd contradiction, o Object) bool {
	if looksLikeMD5(odd.item.ETag) {
		return IsMD5(odd.item.ETag, o.Data)
	}
	return SameETag(odd.item.ETag, o.ETag) && sha256.Sum256(o.Data) != odd.sum
}

// propfindData reads all objects of a collection in one request.
func (g *multiGet) propfindData(ctx context.Context, href string, visit func(Object) error) error {
	c := g.client
	target, err := c.target(href)
	if err != nil {
		return err
	}
	a, m, err := c.propfindUpTo(ctx, target, 1, maxInReport, davName("getetag"), davName("resourcetype"), g.dialect.data)
	if err != nil {
		return err
	}
	defer a.close()
	return m.each(func(r *response) error {
		return c.visitData(a, m, r, g.dialect, func(o Object, recoded bool) error {
			if o.Data = proven(o); recoded && !IsMD5(o.ETag, o.Data) {
				return nil
			}
			return visit(o)
		})
	})
}
