// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"context"
	"crypto/sha256"
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
	memory   rows
	lists    []*listed // of both ends

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
	*sight

	collection int // in result.Collections
	at         *dav.Collection
	formThere  [32]byte // of what was found at the destination
	data       []byte   // nil when it is too large to be held, or was not read now
	unreadable bool

	state  pim.State // "" while nothing of the destination is known to be it
	words  string    // why
	target string    // collection at the destination
}

// again is a pair of which the source's bytes have to be read again.
type again struct {
	src *record
	at  *dav.Collection
	dst *sight
}

// extra is an object of the destination that belongs to none of the source's.
type extra struct {
	*sight

	at *dav.Collection
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
	if c.how.Level == verify.LevelFull {
		c.setRead()
	}
	return c.keep(ctx)
}

// match finds the source's object that one of the destination's is, and compares the two.
func (c *check) match(at *dav.Collection, s *sight, data []byte) {
	if s.trial { // nobody's
		c.result.Destination.Objects--
		return
	}
	candidates := c.candidates(s)
	if ambiguous(candidates) {
		c.guests = append(c.guests, guest{at, s, candidates})
		return
	}
	src := s.closest(candidates)
	if src == nil {
		c.leftover = append(c.leftover, extra{s, at})
		return
	}
	s.paired = c.now.Unix()
	c.vote(at, src)
	c.settle(at, src, s, data)
}

// settle compares two that are the same object. What is not at hand is read again later, unless it is known what they were found
// to be.
func (c *check) settle(at *dav.Collection, src *record, s *sight, data []byte) {
	src.target, src.formThere, src.state = at.Href, s.form, pim.StateChanged
	if s.err == nil && !src.unreadable {
		src.paired = c.now.Unix()
	}
	switch {
	case src.unreadable: // what nobody has seen is not equal to anything
	case s.err != nil:
		src.words = unserved(s.err)
	case src.digest == s.digest:
		src.found(s, pim.StateIdentical, "")
	case src.verdict != "" && src.there == s.digest:
		src.found(s, src.verdict, src.sentence)
	case src.data == nil || data == nil:
		c.later = append(c.later, again{src, at, s})
	default:
		c.compare(src, s, src.data, data)
	}
	c.held -= len(src.data)
	src.data = nil
}

// found notes what a pair was found to be, also for the next comparison.
func (r *record) found(s *sight, state pim.State, words string) {
	r.state, r.words = state, words
	r.verdict, r.sentence = "", ""
	if state.Harmless() {
		r.there, r.verdict, r.sentence = s.digest, state, words
	}
}

// compare says how two objects stand to each other, by the rule of the copier.
func (c *check) compare(r *record, s *sight, src, dst []byte) {
	found := c.terms().Compare(src, dst, c.content)
	r.found(s, found.State, found.Sentence())
}

func (c *check) terms() pim.Terms { return pim.Terms{Repairs: c.repairs, Now: c.now} }

// readAgain compares what was not at hand, one after the other. What both mean tells of most that they are equal;
// only where it does not, the two are held at the same time.
func (c *check) readAgain(ctx context.Context) error {
	for _, pair := range c.later {
		src, err := c.formAgain(ctx, c.src, pair.src.at, pair.src.sight)
		if err != nil {
			return err
		}
		dst, err := c.formAgain(ctx, c.dst, pair.at, pair.dst)
		if err != nil {
			return err
		}
		if src != nil && dst != nil {
			if found, ok := c.terms().CompareForms(src, dst); ok {
				pair.src.found(pair.dst, found.State, found.Sentence())
				continue
			}
		}
		if err := c.readBoth(ctx, pair); err != nil {
			return err
		}
	}
	return nil
}

// formAgain reads what one object means, nil for one that cannot be read, or is not what it was.
func (c *check) formAgain(ctx context.Context, end End, at *dav.Collection, s *sight) (*pim.Form, error) {
	o, err := c.one(ctx, end, at, s.item())
	if err != nil || o.Err != nil || sha256.Sum256(o.Data) != s.digest {
		return nil, err
	}
	form, err := c.terms().Form(o.Data, c.content)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // reading both tells why
	}
	return form, nil
}

// readBoth compares two by their octets. What is not what it was when it was read proves nothing for the next comparison.
func (c *check) readBoth(ctx context.Context, pair again) error {
	src, err := c.one(ctx, c.src, pair.src.at, pair.src.item())
	if err != nil {
		return err
	}
	dst, err := c.one(ctx, c.dst, pair.at, pair.dst.item())
	if err != nil {
		return err
	}
	switch {
	case src.Err != nil:
		pair.src.words = "the source no longer returns it: " + src.Err.Error()
	case dst.Err != nil:
		pair.src.words = "the destination no longer returns it: " + dst.Err.Error()
	default:
		c.compare(pair.src, pair.dst, src.Data, dst.Data)
	}
	if sha256.Sum256(src.Data) != pair.src.digest || sha256.Sum256(dst.Data) != pair.dst.digest {
		pair.src.verdict = ""
	}
	return nil
}
