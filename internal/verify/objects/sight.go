// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"crypto/sha256"
	"slices"
	"strings"

	"rehome"
	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// sight is what an object has shown when it was read: what it is recognised by, and what it was found to be. It outlives the
// comparison, see row.
type sight struct {
	listed  dav.Item // by the collection, before it was read
	size    int64    // octets that were read
	name    string   // decoded
	digest  [32]byte // of its octets
	form    [32]byte // see formOf
	uids    []string // those that it may have at the other end: its own, and that which a repair gives it
	own     bool     // the first is its own: servers fill one in where there is none, each in its own way
	legible bool     // it is such an object
	trial   bool     // a test object, which is nobody's
	err     error    // it was not served, and nothing else is known
	later   bool     // it was changed between its listing and its reading: under what it is listed by, nobody may find this again

	// Of the source: that of the destination with which it was compared, and what that has shown; "" unless it is harmless.
	there    [32]byte
	verdict  pim.State
	sentence string

	paired     int64 // when the other end was last seen to have it, as Unix time; 0 is never
	remembered bool  // it was read by an earlier comparison
}

// see reads what was served for an item of a listing.
func (c *check) see(side rehome.Side, listed dav.Item, o dav.Object) *sight {
	s := &sight{
		listed: listed, size: int64(len(o.Data)), name: lastName(listed.Href), err: o.Err,
		digest: sha256.Sum256(o.Data), trial: pim.IsTrial(o.Data),
		later: listed.ETag != "" && o.ETag != "" && !dav.SameETag(listed.ETag, o.ETag),
	}
	if s.err != nil || s.trial {
		return s
	}
	s.form = formOf(o.Data, c.content)
	object, err := pim.Inspect(o.Data)
	s.legible = err == nil
	s.own = err == nil && object.UID != ""
	switch {
	case side == rehome.Source:
		s.uids = c.uids(o.Data)
	case s.own:
		s.uids = []string{object.UID}
	}
	return s
}

// item is what it is read by again: a large one is read by itself.
func (s *sight) item() dav.Item {
	return dav.Item{Href: s.listed.Href, ETag: s.listed.ETag, Size: max(s.listed.Size, s.size)}
}

// uid is its own, "" where it has none.
func (s *sight) uid() string {
	if s.own {
		return s.uids[0]
	}
	return ""
}

// uidThere is the one that it has at the destination: its own, or else that of its repair.
func (s *sight) uidThere() string {
	if len(s.uids) == 0 {
		return ""
	}
	return s.uids[0]
}

// holds says whether what was read holds for what is listed now: only an etag says so that stands for the octets (RFC 9110,
// section 8.8.1).
func (s *sight) holds(now dav.Item) bool {
	strong := now.ETag != "" && !strings.HasPrefix(now.ETag, "W/")
	return s.err == nil && strong && now.ETag == s.listed.ETag && now.Size == s.listed.Size
}

// formOf is a digest of what an object says, or of its bytes where nobody can read them: two that cannot be read are not the
// same for that.
func formOf(data []byte, kind pim.Kind) [32]byte {
	if form, readable := pim.Digest(data, kind); readable {
		return form
	}
	return sha256.Sum256(data)
}

// uids are those that the object may have at the other end.
func (c *check) uids(data []byte) []string {
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
