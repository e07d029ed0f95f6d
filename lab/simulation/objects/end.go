// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// The two ends.
const (
	source      = "source"
	destination = "destination"
)

// end is one of the two servers: its state and what it is like. Who reads or changes it holds mu.
type end struct {
	side    string
	account string
	d       *decisions
	habits  habits
	truth   *truth

	mu          sync.Mutex
	collections map[string]*collection // by path
	serial      int                    // of etags and names
	epoch       int                    // of sync-tokens: another after a restore
	ended       map[string]int         // versions of collections that are no more, by path
	asked       map[string]int         // how often the same was asked
	writes      []write                // writing requests, in order
	watch       func(question) bool    // told of every request before it is worked on; true lets it come to nothing
}

// collection is an address book or a calendar.
type collection struct {
	path    string // decoded, with slashes at both ends
	kind    kindOfObjects
	name    string // displayname
	color   string
	objects map[string]*object // by decoded name
	changes []change
	version int
	born    int  // the version that it began with
	closed  bool // nobody may write into it
}

// change is one entry of a collection's history.
type change struct {
	version int
	name    string
}

// object is one resource.
type object struct {
	name    string
	data    []byte
	etag    string
	version int   // of the collection when it was last changed
	ours    bool  // rehome has put what is there now
	user    bool  // a user of this end has put or changed it
	moved   bool  // a user of this end has moved it here from another collection
	shown   sight // what a client was shown of it last

	copied bool // a user of this end has copied here what rehome had put elsewhere, or a copy of that, and not changed it
}

// sight is what a client knows of an object.
type sight struct {
	name string
	data []byte // nil for nothing
}

func newEnd(side, account string, d *decisions, h habits, truth *truth) *end {
	return &end{
		side: side, account: account, d: d, habits: h, truth: truth,
		collections: map[string]*collection{}, ended: map[string]int{}, asked: map[string]int{}, epoch: 1,
	}
}

func homeOf(kind kindOfObjects) string { return "/dav/" + string(kind) + "/user/" }

// make adds a collection. One that is made anew counts on where the one of its name has ended: where it began anew, and had
// the same number of changes behind it, nothing but a look at every object in every pass could tell the two apart.
func (e *end) make(kind kindOfObjects, segment, name string) *collection {
	c := &collection{path: homeOf(kind) + segment + "/", kind: kind, name: name, objects: map[string]*object{}}
	c.born = e.ended[c.path]
	c.version = c.born
	e.collections[c.path] = c
	return c
}

// unmake removes a collection with all that is in it.
func (e *end) unmake(c *collection) {
	e.ended[c.path] = c.version + 1
	delete(e.collections, c.path)
}

// sorted returns the collections of a kind in the order of their paths.
func (e *end) sorted(kind kindOfObjects) []*collection {
	var all []*collection
	for _, path := range slices.Sorted(maps.Keys(e.collections)) {
		if c := e.collections[path]; c.kind == kind {
			all = append(all, c)
		}
	}
	return all
}

// all returns every collection in the order of their paths.
func (e *end) all() []*collection { return append(e.sorted(contacts), e.sorted(calendars)...) }

// names returns the names of the objects in order.
func (c *collection) names() []string { return slices.Sorted(maps.Keys(c.objects)) }

// note writes a change into the history.
func (c *collection) note(name string) int {
	c.version++
	c.changes = append(c.changes, change{c.version, name})
	return c.version
}

// store keeps an object.
func (e *end) store(c *collection, name string, data []byte) *object {
	e.serial++
	o := &object{name: name, data: slices.Clone(data), version: c.note(name)}
	o.etag = e.newETag(data)
	if before := c.objects[name]; before != nil {
		o.shown = before.shown
	}
	c.objects[name] = o
	return o
}

func (e *end) newETag(data []byte) string {
	switch e.habits.etags {
	case "md5":
		sum := md5.Sum(data)
		return `"` + hex.EncodeToString(sum[:]) + `"`
	case "weak":
		return fmt.Sprintf(`W/"w-%d-%d"`, e.epoch, e.serial)
	}
	return fmt.Sprintf(`"e-%d-%d"`, e.epoch, e.serial)
}

func (e *end) drop(c *collection, name string) {
	delete(c.objects, name)
	c.note(name)
}

// token is the sync-token of a version.
func (e *end) token(version int) string {
	return fmt.Sprintf("http://model/sync/%d/%d", e.epoch, version)
}

// since reads a sync-token; ok is false for one that this server has never given, or no longer knows.
func (e *end) since(c *collection, token string) (version int, ok bool) {
	if token == "" {
		return 0, true
	}
	var epoch int
	if _, err := fmt.Sscanf(token, "http://model/sync/%d/%d", &epoch, &version); err != nil {
		return 0, false
	}
	return version, epoch == e.epoch && version <= c.version && version >= c.born
}

// backup is a copy of all that an end keeps.
type backup struct{ collections map[string]*collection }

func (e *end) backUp() backup {
	b := backup{collections: map[string]*collection{}}
	for path, c := range e.collections {
		b.collections[path] = c.clone()
	}
	return b
}

func (c *collection) clone() *collection {
	twin := *c
	twin.objects = map[string]*object{}
	for name, o := range c.objects {
		twin.objects[name] = new(*o)
	}
	twin.changes = slices.Clone(c.changes)
	return &twin
}

// restore puts an end back. Tokens that it has given since are unknown to it.
func (e *end) restore(b backup) {
	e.collections = map[string]*collection{}
	for path, c := range b.collections {
		e.collections[path] = c.clone()
	}
	e.epoch++
}

// find returns what a path names.
func (e *end) find(path string) (c *collection, o *object, name string) {
	slash := strings.LastIndexByte(path, '/')
	c = e.collections[path[:slash+1]]
	if name = path[slash+1:]; c != nil && name != "" {
		o = c.objects[name]
	}
	return c, o, name
}

// occurrence counts how often the same has been asked before.
func (e *end) occurrence(what string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked[what]++
	return e.asked[what]
}

func (e *end) host() string { return e.side + ".example" }

// ctag is what tells that a collection has changed.
func (e *end) ctag(c *collection) string { return fmt.Sprintf("ctag-%d-%d", e.epoch, c.version) }
