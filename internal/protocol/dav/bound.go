// SPDX-License-Identifier: Apache-2.0

package dav

// Every answer has a bound, because a server may never end it: in octets of one response, in responses, in pages.
// What goes beyond is an error of that request, with the limit in it, and costs nobody else.
const (
	maxProperties = 1 << 20 // octets of a response that shows no object
	maxInReport   = 4 << 20 // octets of an object in a report; a larger one is read by GET, into one piece of memory
	maxListed     = 100_000 // objects in a collection
	maxNames      = 24 << 20
	maxResponses  = 4 * maxListed // of one multistatus, whatever they are about
	maxPages      = 10_000        // of one listing, RFC 6578 section 3.6
	maxSets       = 10_000        // collections in a home
)

// counted bounds a listing by the number of its objects and by the octets of their names and etags, since callers
// keep them.
func counted(collection *Collection, each func(Item) error) func(Item) error {
	objects := 0
	octets := 0
	return func(item Item) error {
		objects++
		octets += len(item.Href) + len(item.ETag)
		if objects > maxListed || octets > maxNames {
			return &TooManyError{URL: collection.Href, Limit: maxListed}
		}
		return each(item)
	}
}
