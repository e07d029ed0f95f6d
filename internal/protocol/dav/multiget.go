// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
)

const (
	batchItems  = 50      // hrefs in one report
	batchOctets = 1 << 20 // of objects whose size is known; a larger one is read by GET
	usualSize   = 2 << 10 // taken for one whose size is not known
)

// MultiGet reads the items, in batches bounded by number and size, large ones one by one. each is
// called exactly once for every item, in any order, never concurrently; an item that cannot be
// read has Err set and does not stop the others. What ends all is returned: a lost connection, a
// refused log-in, 429 and 503, the error of each, as it is.
func (c *Client) MultiGet(ctx context.Context, collection *Collection, items []Item, each func(Object) error) error {
	g := newMultiGet(c, collection, each)
	g.noReport = !collection.reports(g.dialect.multiget.Local)
	err, _ := stopped(g.run(ctx, items))
	return err
}

type multiGet struct {
	client     *Client
	collection *Collection
	dialect    dialect
	each       func(Object) error
	noReport   bool // the server does not do it: read one by one
	doubts     map[string]Object
	held       int // octets of data in doubts
}

func newMultiGet(c *Client, collection *Collection, each func(Object) error) *multiGet {
	return &multiGet{client: c, collection: collection, dialect: dialectOf(collection.Kind), each: each, doubts: map[string]Object{}}
}

func (g *multiGet) run(ctx context.Context, items []Item) error {
	var batch []Item
	var size int64
	flush := func() error {
		full := batch
		batch, size = nil, 0
		return g.isolate(ctx, full)
	}
	for _, item := range items {
		expected := item.Size
		if expected < 0 {
			expected = usualSize
		}
		if expected > batchOctets {
			if err := g.single(ctx, item); err != nil {
				return err
			}
			continue
		}
		if len(batch) == batchItems || size+expected > batchOctets {
			if err := flush(); err != nil {
				return err
			}
		}
		batch, size = append(batch, item), size+expected
	}
	return flush()
}

// deliver calls each.
func (g *multiGet) deliver(o Object) error {
	if err := g.each(o); err != nil {
		return &stop{err}
	}
	return nil
}

// take delivers an object that came through XML, unless it has to be read again: because what it
// shows is not all of it, or because nothing is known yet of this server's XML. That is done when
// the answer has been read, so as not to need a second connection.
func (g *multiGet) take(o Object, recoded bool) (taken bool, err error) {
	if recoded || bytes.Contains(o.Data, []byte(replacement)) {
		return false, nil
	}
	o.Data = proven(o)
	if g.client.fidelity.believes(g.collection.Kind, o) {
		return true, g.deliver(o)
	}
	if g.held += len(o.Data); g.held <= batchOctets {
		g.doubts[Key(o.Href)] = o
	}
	return false, nil
}

// singles reads items one by one.
func (g *multiGet) singles(ctx context.Context, items []Item) error {
	for _, item := range items {
		if err := g.single(ctx, item); err != nil {
			return err
		}
	}
	clear(g.doubts)
	g.held = 0
	return nil
}

// single reads one item by GET, unless its doubt has been removed since.
func (g *multiGet) single(ctx context.Context, item Item) error {
	doubt, doubted := g.doubts[Key(item.Href)]
	if doubted && g.client.fidelity.believes(g.collection.Kind, doubt) {
		return g.deliver(doubt)
	}
	object, err := g.client.Get(ctx, item.Href, g.collection.Kind)
	if err != nil {
		if endsMultiGet(err) {
			return err
		}
		object = Object{Err: err}
	}
	g.client.fidelity.learn(doubt, object)
	object.Href = item.Href
	if object.ETag == "" {
		object.ETag = item.ETag
	}
	return g.deliver(object)
}

// isolate reads a batch, and in halves if it fails as a whole, so that one poisoned item costs
// nobody else.
func (g *multiGet) isolate(ctx context.Context, batch []Item) error {
	if len(batch) == 0 {
		return nil
	}
	if g.noReport || len(batch) == 1 {
		return g.singles(ctx, batch)
	}
	rest, err := g.report(ctx, batch)
	if err == nil {
		// Not answered, or refused: servers mean different things by that, GET tells which.
		return g.singles(ctx, rest)
	}
	if !g.worthHalving(err) {
		return err
	}
	g.noReport = IsStatus(err, http.StatusMethodNotAllowed) || IsStatus(err, http.StatusNotImplemented)
	if err := g.isolate(ctx, rest[:len(rest)/2]); err != nil {
		return err
	}
	return g.isolate(ctx, rest[len(rest)/2:])
}

// worthHalving reports whether an item may be to blame for the failure: also if the server breaks
// off, as PHP does when an object is too much for its memory.
func (g *multiGet) worthHalving(err error) bool {
	var connection *ConnectionError
	if errors.As(err, &connection) {
		return connection.Trouble == Broken
	}
	return !endsMultiGet(err)
}

// report reads a batch in one request. rest is what has not been delivered.
func (g *multiGet) report(ctx context.Context, batch []Item) (rest []Item, err error) {
	pending := make(map[string]Item, len(batch))
	for _, item := range batch {
		pending[Key(item.Href)] = item
	}
	err = g.client.multiget(ctx, g.collection, g.dialect, batch, func(o Object, recoded bool) error {
		item, wanted := pending[Key(o.Href)]
		if !wanted {
			return nil
		}
		o.Href = item.Href
		taken, err := g.take(o, recoded)
		if taken {
			delete(pending, Key(item.Href))
		}
		return err
	})
	for _, item := range batch {
		if _, open := pending[Key(item.Href)]; open {
			rest = append(rest, item)
		}
	}
	return rest, err
}

// multiget sends the report (RFC 4791 section 7.9, RFC 6352 section 8.7). visit sees only objects
// with data.
func (c *Client) multiget(ctx context.Context, collection *Collection, d dialect, batch []Item, visit func(o Object, recoded bool) error) error {
	target, err := c.target(collection.Href)
	if err != nil {
		return err
	}
	body := newDocument(d.multiget)
	body.empty(davName("prop"), davName("getetag"), d.data)
	for _, item := range batch {
		body.textual(davName("href"), item.Href)
	}
	a, m, err := c.ask(ctx, request{method: "REPORT", url: target, header: xmlHeader("1"), body: body.finish(d.multiget)})
	if err != nil {
		return err
	}
	defer a.close()
	return m.each(func(r *response) error { return c.visitData(a, m, r, d, visit) })
}

// visitData hands on a response that has data.
func (c *Client) visitData(a *answer, m *multistatus, r *response, d dialect, visit func(o Object, recoded bool) error) error {
	data := r.found[d.data]
	u, err := resolve(a.target, r.href())
	if data == nil || data.text == "" || err != nil || r.href() == "" {
		return nil
	}
	return visit(Object{Href: c.hrefOf(u), ETag: r.value(davName("getetag")), Data: []byte(data.text)}, m.recoded)
}

// PropfindData reads all objects of a collection in one request. It is for SabreDAV 1.x, whose
// multiget asks its database for each href and fails as a whole for one that is missing. An error
// in the middle leaves open what was not handed out: MultiGet reads the rest. The error of each
// comes back as it is.
func (c *Client) PropfindData(ctx context.Context, collection *Collection, each func(Object) error) error {
	target, err := c.target(collection.Href)
	if err != nil {
		return err
	}
	g := newMultiGet(c, collection, each)
	err, _ = stopped(g.propfind(ctx, target))
	return err
}

func (g *multiGet) propfind(ctx context.Context, target *url.URL) error {
	again, err := g.propfindTaken(ctx, target)
	if err != nil {
		return err
	}
	return g.singles(ctx, again)
}

// propfindTaken delivers what can be taken as it is and returns the rest.
func (g *multiGet) propfindTaken(ctx context.Context, target *url.URL) (again []Item, err error) {
	c := g.client
	a, m, err := c.propfind(ctx, target, 1, davName("getetag"), davName("resourcetype"), g.dialect.data)
	if err != nil {
		return nil, err
	}
	defer a.close()
	err = m.each(func(r *response) error {
		item, ok := c.item(a.target, r)
		if !ok || item.Removed {
			return nil
		}
		taken := false
		err := c.visitData(a, m, r, g.dialect, func(o Object, recoded bool) (err error) {
			taken, err = g.take(o, recoded)
			return err
		})
		if !taken { // an empty object shows no data either
			again = append(again, item)
		}
		return err
	})
	return again, err
}
