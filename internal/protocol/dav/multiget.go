// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"context"
	"net/http"
)

const (
	batchItems  = 50      // hrefs in one report
	batchOctets = 1 << 20 // of objects whose size is known; a larger one is read by GET
	usualSize   = 2 << 10 // taken for one whose size is not known
)

// MultiGet reads the items, in batches bounded by number and size, large ones one by one. each is
// called exactly once for every item, in any order, never concurrently.
//
// An item's trouble is its own: one that cannot be read has Err set and does not stop the others, whatever the server
// says about it, as long as it answers a request that it has answered before. Otherwise the error is returned, and
// the error of each as it is.
//
// What was read is held against the item's ETag, where there is one: see hand.
func (c *Client) MultiGet(ctx context.Context, collection *Collection, items []Item, each func(Object) error) error {
	g := newMultiGet(c, collection, each)
	return g.all(ctx, items)
}

// Fetch is MultiGet for a proof: it reads in another way. What comes through the XML of a report is taken only where
// the ETag is its MD5; everything else is read by GET.
func (c *Client) Fetch(ctx context.Context, collection *Collection, items []Item, each func(Object) error) error {
	g := newMultiGet(c, collection, each)
	g.apart = true
	return g.all(ctx, items)
}

type multiGet struct {
	client     *Client
	collection *Collection
	dialect    dialect
	each       func(Object) error
	noReport   bool // the server does not do it: read one by one
	apart      bool // XML is believed only where it proves itself
	doubts     map[string]Object
	held       int // octets of data in doubts
	odd        []contradiction
	down       bool // the server does not answer what it has answered before
}

func newMultiGet(c *Client, collection *Collection, each func(Object) error) *multiGet {
	g := &multiGet{client: c, collection: collection, dialect: dialectOf(collection.Kind), each: each, doubts: map[string]Object{}}
	g.noReport = !collection.reports(g.dialect.multiget.Local)
	return g
}

func (g *multiGet) all(ctx context.Context, items []Item) error {
	err := g.run(ctx, items)
	if err == nil {
		err = g.settle(ctx)
	}
	err, _ = stopped(err)
	return err
}

func (g *multiGet) run(ctx context.Context, items []Item) error {
	var batch []Item
	var size int64
	flush := func() error {
		full := batch
		batch = nil
		size = 0
		return g.isolate(ctx, full)
	}
	for _, item := range items {
		expected := item.Size
		if expected < 0 {
			expected = usualSize
		}
		if expected > batchOctets || g.apart && !looksLikeMD5(item.ETag) {
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
func (g *multiGet) take(item Item, o Object, recoded bool) (taken bool, err error) {
	if recoded || bytes.Contains(o.Data, []byte(replacement)) {
		return false, nil
	}
	o.Data = proven(o)
	if g.believes(item, o) {
		return true, g.hand(item, o)
	}
	if g.held += len(o.Data); g.held <= batchOctets {
		g.doubts[Key(o.Href)] = o
	}
	return false, nil
}

// believes reports whether an object that came through XML can be taken as it is.
func (g *multiGet) believes(item Item, o Object) bool {
	f := &g.client.fidelity
	believed := f.believes(g.collection.Kind, o)
	if IsMD5(o.ETag, o.Data) {
		return true
	}
	converted := g.collection.Kind == AddressBooks && f.mayConvert() && mayBeConverted(o.Data, item.Size, g.collection.holdsFour())
	return believed && !g.apart && !converted
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
	if doubted && g.believes(item, doubt) {
		return g.hand(item, doubt)
	}
	var object Object
	err := g.patiently(ctx, mostTries, func() (err error) {
		object, err = g.get(ctx, item)
		return err
	})
	if err != nil {
		if err := g.own(ctx, err); err != nil {
			return err
		}
		return g.deliver(Object{Href: item.Href, ETag: item.ETag, Err: err})
	}
	g.client.fidelity.learn(doubt, object)
	object.Href = item.Href
	return g.hand(item, object)
}

// get reads an item by GET, a card in the version that is stored.
func (g *multiGet) get(ctx context.Context, item Item) (Object, error) {
	object, err := g.client.get(ctx, item.Href, "")
	if err != nil || g.collection.Kind != AddressBooks {
		return object, err
	}
	return g.client.asStored(ctx, object, item.Size)
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
	rest := batch
	err := g.patiently(ctx, 1, func() (err error) {
		rest, err = g.report(ctx, rest)
		return err
	})
	if err == nil {
		// Not answered, or refused: servers mean different things by that, GET tells which.
		return g.singles(ctx, rest)
	}
	if err := g.own(ctx, err); err != nil {
		return err
	}
	// Silence costs a whole timeout each time: no more reports then.
	g.noReport = IsStatus(err, http.StatusMethodNotAllowed) || IsStatus(err, http.StatusNotImplemented) || isTrouble(err, Stalled)
	if err := g.isolate(ctx, rest[:len(rest)/2]); err != nil {
		return err
	}
	return g.isolate(ctx, rest[len(rest)/2:])
}

// report reads a batch in one request. rest is what has not been delivered.
func (g *multiGet) report(ctx context.Context, batch []Item) (rest []Item, err error) {
	pending := make(map[string]Item, len(batch))
	for _, item := range batch {
		pending[Key(item.Href)] = item
	}
	err = g.multiget(ctx, batch, func(o Object, recoded bool) error {
		item, wanted := pending[Key(o.Href)]
		if !wanted {
			return nil
		}
		o.Href = item.Href
		taken, err := g.take(item, o, recoded)
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
func (g *multiGet) multiget(ctx context.Context, batch []Item, visit func(o Object, recoded bool) error) error {
	c := g.client
	target, err := c.target(g.collection.Href)
	if err != nil {
		return err
	}
	body := newDocument(g.dialect.multiget)
	body.empty(davName("prop"), davName("getetag"), g.dialect.data)
	for _, item := range batch {
		body.textual(davName("href"), item.Href)
	}
	a, m, err := c.ask(ctx, request{method: "REPORT", url: target, header: xmlHeader("1"), body: body.finish(g.dialect.multiget)}, maxInReport)
	if err != nil {
		return err
	}
	defer a.close()
	m.most = 4*len(batch) + batchItems
	return m.each(func(r *response) error { return c.visitData(a, m, r, g.dialect, visit) })
}

// visitData hands on a response that has data.
func (c *Client) visitData(a *answer, m *multistatus, r *response, d dialect, visit func(o Object, recoded bool) error) error {
	data := r.found[d.data]
	u, err := resolve(a.target, r.href())
	if data == nil || data.text == "" || err != nil || r.href() == "" {
		return nil //nolint:nilerr // what is not answered is asked for again
	}
	return visit(Object{Href: c.hrefOf(u), ETag: r.value(davName("getetag")), Data: []byte(data.text)}, m.recoded)
}
