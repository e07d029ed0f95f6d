// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/endpoint"
	"rehome/internal/protocol/dav"
	"rehome/internal/verify"
)

// What was read of an object holds at the next comparison as long as its collection says that nothing has happened to it: by a
// sync-token (RFC 6578) or ctag that is as it was, by a report of changes since the token that does not name it, or by a listing
// with an etag that is as it was. A token that the server does not know any more proves nothing, whatever the etags say. What this
// cannot see is a server that changes an object and none of these; verify.Options.Reread is for who doubts that.

// row is what is kept of a collection of one end.
type row struct {
	mark   dav.Mark
	read   time.Time         // all of it was read then or later
	sights map[string]*sight // by the keys of their hrefs
}

// rowMark is how a row's mark is written.
type rowMark struct {
	Form      string    `json:"form"`
	SyncToken string    `json:"token,omitempty"`
	CTag      string    `json:"ctag,omitempty"`
	Read      time.Time `json:"read"`
	Compared  time.Time `json:"compared"`
}

// verdictsHold is how long it holds that two that are not the same octets mean the same: recurring events are compared by when
// they take place in the years around now (pim.Terms).
const verdictsHold = 30 * 24 * time.Hour

// rows are what is kept of an account's objects of one kind.
type rows struct {
	verify.Memory
	marks map[string][]byte
	form  string // how rows are written, and by which rules verdicts were made: what was written in another one is no proof
}

func (c *check) remember(ctx context.Context, account rehome.Account) (err error) {
	var repairs []string
	needs := c.repairs
	if needs == nil {
		needs = pim.SafeNeeds()
	}
	for code, allowed := range needs {
		repairs = append(repairs, fmt.Sprintf("%s=%t", code, allowed))
	}
	slices.Sort(repairs)
	c.memory = rows{Memory: c.how.Recall(account, c.kind), form: "objects 1 " + strings.Join(repairs, " ")}
	c.memory.marks, err = c.memory.Marks(ctx)
	return err
}

func rowPlace(side rehome.Side, at *dav.Collection) string {
	return string(side) + " " + dav.Key(at.Href)
}

// decodeMark reads a mark; nil is one that says nothing.
func decodeMark(text []byte) *rowMark {
	var m rowMark
	if len(text) == 0 || json.Unmarshal(text, &m) != nil {
		return nil
	}
	return &m
}

// recall returns what is kept of a collection, nil where nothing can be used.
func (c *check) recall(ctx context.Context, side rehome.Side, at *dav.Collection) (*row, error) {
	place := rowPlace(side, at)
	m := decodeMark(c.memory.marks[place])
	if m == nil || m.Form != c.memory.form {
		return nil, nil
	}
	content, err := c.memory.Content(ctx, place)
	if err != nil {
		return nil, err
	}
	sights, err := decodeSights(content)
	if err != nil { // what is damaged is no proof: all is read again
		return nil, nil //nolint:nilerr,nilnil // and nobody's trouble
	}
	kept := &row{mark: dav.Mark{SyncToken: m.SyncToken, CTag: m.CTag}, read: m.Read, sights: map[string]*sight{}}
	for _, s := range sights {
		if c.now.Sub(m.Compared) > verdictsHold && s.there != s.digest {
			s.verdict = ""
		}
		kept.sights[dav.Key(s.listed.Href)] = s
	}
	return kept, nil
}

// listed is a collection as it is listed.
type listed struct {
	at    *dav.Collection
	side  rehome.Side
	mark  dav.Mark
	read  time.Time
	items []dav.Item        // by href
	known map[string]*sight // those that need not be read, by the keys of their hrefs

	sights  []*sight // of all, when they are read
	content []byte   // the same, as it is kept
}

// list lists a collection, as far as it is not known what is in it.
func (c *check) list(ctx context.Context, end End, at *dav.Collection, side rehome.Side) (*listed, error) {
	kept, err := c.recall(ctx, side, at)
	if err != nil {
		return nil, err
	}
	if kept == nil {
		kept = &row{}
	}
	named := map[string]dav.Item{}
	listing, err := end.Changes(ctx, at, kept.mark, func(item dav.Item) error {
		named[dav.Key(item.Href)] = item
		return nil
	})
	if err != nil {
		return nil, endpoint.Fault(err, "list", at.Href+" at the "+string(side))
	}
	l := &listed{at: at, side: side, mark: listing.Mark, read: c.now}
	l.known = kept.hold(listing, named)
	for href, s := range kept.sights {
		if _, told := named[href]; !told && !listing.Full {
			l.items = append(l.items, s.listed)
		}
	}
	for _, item := range named {
		if !item.Removed {
			l.items = append(l.items, item)
		}
	}
	if len(l.known) > 0 {
		l.read = kept.read
	}
	slices.SortFunc(l.items, func(a, b dav.Item) int { return strings.Compare(a.Href, b.Href) })
	return l, nil
}

// hold returns those whose proof holds after a listing. It is pure.
func (k *row) hold(listing dav.Listing, named map[string]dav.Item) map[string]*sight {
	known := map[string]*sight{}
	if listing.Full && k.mark.SyncToken != "" {
		return known // the token was refused, or there is none any more
	}
	for href, s := range k.sights {
		item, told := named[href]
		if s.err == nil && (!told && !listing.Full || told && listing.Full && s.holds(item)) {
			s.remembered = true
			known[href] = s
		}
	}
	return known
}

// readAtOnce is how many objects are read before they are looked at: they come as they are served, and which of two is which must
// not hang on that.
const readAtOnce = 500

// read gives every object of a collection to each, in the order of their hrefs, with its octets where it was read now and is
// small. Those are each's own.
func (c *check) read(ctx context.Context, end End, l *listed, each func(s *sight, data []byte)) error {
	c.lists = append(c.lists, l)
	for some := range slices.Chunk(l.items, readAtOnce) {
		served, err := c.serve(ctx, end, l, some)
		if err != nil {
			return err
		}
		for _, item := range some {
			if s := l.known[dav.Key(item.Href)]; s != nil {
				l.sights = append(l.sights, s)
				each(s, nil)
				continue
			}
			found := served[dav.Key(item.Href)]
			l.sights = append(l.sights, found.sight)
			each(found.sight, found.data)
		}
	}
	if l.side == rehome.Destination { // what each of them was taken for stands with the source's
		l.content, l.sights = encodeSights(l.sights), nil
	}
	l.items, l.known = nil, nil
	return nil
}

// served is an object that was read now.
type served struct {
	*sight
	data []byte // nil when it is too large to be held
}

// serve reads those items that are not known, by the keys of their hrefs.
func (c *check) serve(ctx context.Context, end End, l *listed, some []dav.Item) (map[string]served, error) {
	unread := map[string]dav.Item{}
	var items []dav.Item
	for _, item := range some {
		if l.known[dav.Key(item.Href)] == nil {
			unread[dav.Key(item.Href)] = item
			items = append(items, item)
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	all := map[string]served{}
	err := fetch(ctx, end, l.side, l.at, items, func(o dav.Object) {
		key := dav.Key(o.Href)
		found := served{sight: c.see(l.side, unread[key], o)}
		if len(o.Data) <= heldObject {
			found.data = slices.Clone(o.Data)
		}
		all[key] = found
	})
	if err == nil && len(all) != len(items) {
		err = endpoint.Fault(fmt.Errorf("%d objects for %d hrefs", len(all), len(items)), "read", l.at.Href+" at the "+string(l.side))
	}
	return all, err
}

// keep keeps what was read of all collections, and forgets those that are gone.
func (c *check) keep(ctx context.Context) error {
	gone := c.memory.marks
	for _, l := range c.lists {
		if l.side == rehome.Source { // now it is known what became of them
			l.content = encodeSights(l.sights)
		}
		place := rowPlace(l.side, l.at)
		text, err := json.Marshal(rowMark{c.memory.form, l.mark.SyncToken, l.mark.CTag, l.read, c.now.UTC().Truncate(time.Second)})
		if err != nil {
			return err
		}
		delete(gone, place)
		if err := c.memory.Keep(ctx, verify.Proof{Place: place, Mark: text, Content: l.content}); err != nil {
			return err
		}
	}
	var places []string
	for place := range gone {
		places = append(places, place)
	}
	return c.memory.Forget(ctx, places...)
}

// setRead says since when each collection of the source and what it was compared with are read.
func (c *check) setRead() {
	read := map[string]time.Time{}
	for _, l := range c.lists {
		read[rowPlace(l.side, l.at)] = l.read
	}
	for i := range c.result.Collections {
		at := &c.result.Collections[i]
		at.Read = read[rowPlace(rehome.Source, &c.sources[i])]
		target := c.targets[at.Destination]
		if there, known := read[rowPlace(rehome.Destination, &target)]; known && there.Before(at.Read) {
			at.Read = there
		}
		at.Read = cmp.Or(at.Read, c.now).UTC().Truncate(time.Second)
	}
}
