// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"net/url"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/ledger"
	"rehome/internal/mapping"
	"rehome/internal/protocol/dav"
)

// held bounds how much of the source's bytes are kept until the destination's are there. What is larger
// is read once more.
const (
	heldObject = 64 << 10
	heldAll    = 64 << 20
)

// pimCheck compares one account's objects of one kind.
type pimCheck struct {
	kind     rehome.Kind
	content  pim.Kind
	level    Level
	limit    int
	now      time.Time
	repairs  pim.Needs
	observe  func(objects int, octets int64)
	src, dst Shelf
	noted    map[string]ledger.Exception // by collection and name
	gone     map[string]bool             // what was copied and has vanished at the source since, by the destination's

	result   PIM
	records  []*pimRecord
	byUID    map[string][]*pimRecord
	byName   map[string][]*pimRecord
	byForm   map[[32]byte][]*pimRecord // of those without a UID
	votes    map[string]map[int]int    // by the destination's href: how many objects of each collection were found there
	held     int
	later    []pimPair
	leftover []pimExtra
	guests   []pimGuest                // of the destination, that may be one of several collections
	sources  []dav.Collection          // as in result.Collections
	targets  map[string]dav.Collection // the destination's, by href
	findings []rehome.Finding
}

// pimRecord is one object of the source.
type pimRecord struct {
	collection int // in result.Collections
	at         *dav.Collection
	item       dav.Item
	name       string // decoded
	digest     [32]byte
	form       [32]byte
	data       []byte // nil when it is too large to be held
	hasUID     bool   // of its own, and not by a repair: servers fill one in, each in its own way
	unreadable bool

	verdict  pim.Verdict // "" while nothing of the destination is known to be it
	sentence string
	target   string // collection at the destination
}

// pimPair is a pair of which the source's bytes have to be read again.
type pimPair struct {
	src *pimRecord
	at  *dav.Collection
	dst dav.Item
}

// pimExtra is an object of the destination that belongs to none of the source's.
type pimExtra struct {
	at   *dav.Collection
	name string
}

// run compares. The order is: read the source, stream the destination, read again what was too large.
func (c *pimCheck) run(ctx context.Context) error {
	c.result = PIM{Verdicts: map[pim.Verdict]int{}, Differences: []PIMObject{}, Collections: []PIMCollection{}}
	c.targets, c.votes = map[string]dav.Collection{}, map[string]map[int]int{}
	c.byUID, c.byName, c.byForm = map[string][]*pimRecord{}, map[string][]*pimRecord{}, map[[32]byte][]*pimRecord{}
	if err := c.readSource(ctx); err != nil {
		return err
	}
	if err := c.readDestination(ctx); err != nil {
		return err
	}
	if c.level == LevelCounts {
		c.compareCounts()
		return nil
	}
	c.seat()
	if err := c.readAgain(ctx); err != nil {
		return err
	}
	c.conclude()
	c.concludeProperties()
	return nil
}

// collections lists what of an end takes part.
func (c *pimCheck) collections(ctx context.Context, end Shelf, side rehome.Side) ([]dav.Collection, error) {
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
			c.result.LeftOut = append(c.result.LeftOut, LeftOut{Mailbox: l.Collection.Href, Reason: l.Reason})
		}
	}
	return moving, nil
}

func (c *pimCheck) list(ctx context.Context, end Shelf, at *dav.Collection, side rehome.Side) ([]dav.Item, error) {
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
	if c.level == LevelCounts { // else they are known when they are read
		items = slices.DeleteFunc(items, func(i dav.Item) bool { return pim.IsTrialName(lastName(i.Href)) })
	}
	return items, endpoint.Fault(err, "list", at.Href+" at the "+string(side))
}

func (c *pimCheck) readSource(ctx context.Context) error {
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
		c.result.Collections = append(c.result.Collections, PIMCollection{
			Name: all[i].Name, Source: all[i].Href, Objects: len(items), Verdicts: map[pim.Verdict]int{},
		})
		if c.level == LevelCounts {
			continue
		}
		err = c.src.Fetch(ctx, &all[i], items, func(o dav.Object) error {
			c.take(i, &all[i], o)
			return nil
		})
		if err != nil {
			return endpoint.Fault(err, "read", all[i].Href+" at the source")
		}
	}
	slices.SortStableFunc(c.records, func(a, b *pimRecord) int { // they come as they are served
		return cmp.Or(cmp.Compare(a.collection, b.collection), cmp.Compare(a.item.Href, b.item.Href))
	})
	return nil
}

// take keeps what is needed to recognise an object at the destination: its UID, that which a repair would
// give it, and its name.
func (c *pimCheck) take(collection int, at *dav.Collection, o dav.Object) {
	if pim.IsTrial(o.Data) { // nobody's
		c.result.Source.Objects--
		c.result.Collections[collection].Objects--
		return
	}
	r := &pimRecord{collection: collection, at: at, item: dav.Item{Href: o.Href, ETag: o.ETag, Size: int64(len(o.Data))}, name: lastName(o.Href)}
	c.records = append(c.records, r)
	c.byName[r.name] = append(c.byName[r.name], r)
	c.observe(1, int64(len(o.Data)))
	if o.Err != nil {
		r.unreadable, r.sentence = true, "the source lists it and does not serve it: "+o.Err.Error()
		return
	}
	r.digest = sha256.Sum256(o.Data)
	r.form, _ = pim.Digest(o.Data, c.content)
	object, err := pim.Inspect(o.Data)
	if r.hasUID = err == nil && object.UID != ""; err == nil && !r.hasUID {
		c.byForm[r.form] = append(c.byForm[r.form], r)
	}
	for _, uid := range c.uids(o.Data) {
		c.byUID[uid] = append(c.byUID[uid], r)
	}
	if len(o.Data) <= heldObject && c.held+len(o.Data) <= heldAll {
		r.data = slices.Clone(o.Data)
		c.held += len(o.Data)
	}
}

// uids are those that the object may have at the destination.
func (c *pimCheck) uids(data []byte) []string {
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

func (c *pimCheck) readDestination(ctx context.Context) error {
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
		if c.level == LevelCounts {
			continue
		}
		err = c.dst.Fetch(ctx, &all[i], items, func(o dav.Object) error {
			c.match(&all[i], o)
			return nil
		})
		if err != nil {
			return endpoint.Fault(err, "read", all[i].Href+" at the destination")
		}
	}
	return nil
}

// match finds the source's object that one of the destination's is, and compares the two.
func (c *pimCheck) match(at *dav.Collection, o dav.Object) {
	if pim.IsTrial(o.Data) { // nobody's
		c.result.Destination.Objects--
		return
	}
	key, candidates := c.candidates(o)
	item := dav.Item{Href: o.Href, ETag: o.ETag, Size: int64(len(o.Data))}
	if ambiguous(candidates) {
		c.guests = append(c.guests, pimGuest{at, key, item, o.Err, candidates})
		return
	}
	src := key.closest(candidates)
	if src == nil {
		c.leftover = append(c.leftover, pimExtra{at, key.name})
		return
	}
	c.vote(at, src)
	src.target = at.Href
	switch {
	case src.unreadable: // what nobody has seen is not equal to anything
		src.verdict = pim.VerdictChanged
	case o.Err != nil:
		src.verdict, src.sentence = pim.VerdictChanged, unserved(o.Err)
	case src.data == nil && src.digest != key.digest:
		src.verdict = pim.VerdictChanged // until it is read again
		c.later = append(c.later, pimPair{src, at, item})
	case src.data == nil:
		src.verdict = pim.VerdictIdentical
	default:
		c.compare(src, src.data, o.Data)
		c.held -= len(src.data)
		src.data = nil
	}
}

// compare gives a verdict on two objects, by the rule of the copier.
func (c *pimCheck) compare(r *pimRecord, src, dst []byte) {
	found := pim.Terms{Repairs: c.repairs, Now: c.now}.Compare(src, dst, c.content)
	r.verdict, r.sentence = found.Verdict, found.Sentence()
}

// readAgain compares what was too large to be held.
func (c *pimCheck) readAgain(ctx context.Context) error {
	for _, pair := range c.later {
		src, err := c.one(ctx, c.src, pair.src.at, pair.src.item)
		if err != nil {
			return err
		}
		dst, err := c.one(ctx, c.dst, pair.at, pair.dst)
		if err != nil {
			return err
		}
		switch {
		case src.Err != nil:
			pair.src.sentence = "the source does not serve it any more: " + src.Err.Error()
		case dst.Err != nil:
			pair.src.sentence = "the destination does not serve it any more: " + dst.Err.Error()
		default:
			c.compare(pair.src, src.Data, dst.Data)
		}
	}
	return nil
}

func (c *pimCheck) one(ctx context.Context, end Shelf, at *dav.Collection, item dav.Item) (object dav.Object, err error) {
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
