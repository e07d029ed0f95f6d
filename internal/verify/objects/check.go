// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"context"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// held bounds how much of the source's bytes are kept until the destination's are there. What is larger
// is read once more.
const (
	heldObject = 64 << 10
	heldAll    = 64 << 20
)

// check compares one account's objects of one kind.
type check struct {
	kind     rehome.Kind
	content  pim.Kind
	how      verify.Options
	now      time.Time
	repairs  pim.Needs
	observe  func(octets int64)
	src, dst End
	why      reasons

	result   verify.Objects
	records  []*record
	byUID    map[string][]*record
	byName   map[string][]*record
	byForm   map[[32]byte][]*record // of those without a UID
	votes    map[string]map[int]int // by the destination's href: how many objects of each collection were found there
	held     int
	later    []again
	leftover []extra
	guests   []guest                   // of the destination, that may be one of several collections
	sources  []dav.Collection          // as in result.Collections
	targets  map[string]dav.Collection // the destination's, by href
	findings []rehome.Finding
}

// record is one object of the source.
type record struct {
	collection int // in result.Collections
	at         *dav.Collection
	item       dav.Item
	name       string // decoded
	digest     [32]byte
	form       [32]byte // see formOf
	formThere  [32]byte // of what was found at the destination
	data       []byte   // nil when it is too large to be held
	uid        string   // of its own, and not by a repair: servers fill one in, each in its own way
	uidThere   string   // the one that it has at the destination: its own, or else that of its repair
	unreadable bool

	state    pim.State // "" while nothing of the destination is known to be it
	sentence string
	target   string // collection at the destination
}

// again is a pair of which the source's bytes have to be read again.
type again struct {
	src *record
	at  *dav.Collection
	dst dav.Item
}

// extra is an object of the destination that belongs to none of the source's.
type extra struct {
	at   *dav.Collection
	name string
}

func newCheck(kind rehome.Kind, src, dst End, why reasons) *check {
	return &check{
		kind: kind, content: contentKind(kind), src: src, dst: dst, why: why,
		result:  verify.Objects{States: map[pim.State]int{}, Differences: []verify.Object{}, Collections: []verify.Collection{}},
		byUID:   map[string][]*record{},
		byName:  map[string][]*record{},
		byForm:  map[[32]byte][]*record{},
		votes:   map[string]map[int]int{},
		targets: map[string]dav.Collection{},
	}
}

// run compares. The order is: read the source, stream the destination, read again what was too large.
func (c *check) run(ctx context.Context) error {
	if err := c.readSource(ctx); err != nil {
		return err
	}
	if err := c.readDestination(ctx); err != nil {
		return err
	}
	if c.how.Level == verify.LevelCounts {
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

// match finds the source's object that one of the destination's is, and compares the two.
func (c *check) match(at *dav.Collection, o dav.Object) {
	if pim.IsTrial(o.Data) { // nobody's
		c.result.Destination.Objects--
		return
	}
	key, candidates := c.candidates(o)
	item := dav.Item{Href: o.Href, ETag: o.ETag, Size: int64(len(o.Data))}
	if ambiguous(candidates) {
		c.guests = append(c.guests, guest{at, key, item, o.Err, candidates})
		return
	}
	src := key.closest(candidates)
	if src == nil {
		c.leftover = append(c.leftover, extra{at, key.name})
		return
	}
	c.vote(at, src)
	src.target, src.formThere = at.Href, key.form
	switch {
	case src.unreadable: // what nobody has seen is not equal to anything
		src.state = pim.StateChanged
	case o.Err != nil:
		src.state, src.sentence = pim.StateChanged, unserved(o.Err)
	case src.data == nil && src.digest != key.digest:
		src.state = pim.StateChanged // until it is read again
		c.later = append(c.later, again{src, at, item})
	case src.data == nil:
		src.state = pim.StateIdentical
	default:
		c.compare(src, src.data, o.Data)
		c.held -= len(src.data)
		src.data = nil
	}
}

// compare says how two objects stand to each other, by the rule of the copier.
func (c *check) compare(r *record, src, dst []byte) {
	found := c.terms().Compare(src, dst, c.content)
	r.state, r.sentence = found.State, found.Sentence()
}

func (c *check) terms() pim.Terms { return pim.Terms{Repairs: c.repairs, Now: c.now} }

// readAgain compares what was too large to be held, one after the other. What both mean tells of most that they are equal;
// only where it does not, the two are held at the same time.
func (c *check) readAgain(ctx context.Context) error {
	for _, pair := range c.later {
		src, err := c.formAgain(ctx, c.src, pair.src.at, pair.src.item)
		if err != nil {
			return err
		}
		dst, err := c.formAgain(ctx, c.dst, pair.at, pair.dst)
		if err != nil {
			return err
		}
		if src != nil && dst != nil {
			if found, ok := c.terms().CompareForms(src, dst); ok {
				pair.src.state, pair.src.sentence = found.State, found.Sentence()
				continue
			}
		}
		if err := c.readBoth(ctx, pair); err != nil {
			return err
		}
	}
	return nil
}

// formAgain reads what one object means, nil for one that cannot be read.
func (c *check) formAgain(ctx context.Context, end End, at *dav.Collection, item dav.Item) (*pim.Form, error) {
	o, err := c.one(ctx, end, at, item)
	if err != nil || o.Err != nil {
		return nil, err
	}
	form, err := c.terms().Form(o.Data, c.content)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // reading both tells why
	}
	return form, nil
}

// readBoth compares two by their octets.
func (c *check) readBoth(ctx context.Context, pair again) error {
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
		pair.src.sentence = "the source no longer returns it: " + src.Err.Error()
	case dst.Err != nil:
		pair.src.sentence = "the destination no longer returns it: " + dst.Err.Error()
	default:
		c.compare(pair.src, src.Data, dst.Data)
	}
	return nil
}
