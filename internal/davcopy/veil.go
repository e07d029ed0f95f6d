// SPDX-License-Identifier: Apache-2.0

package davcopy

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"rehome/internal/content/pim"
	"rehome/internal/protocol/dav"
)

// What the destination lists and does not return may be an object that is about to be written: its user has brought it over, or
// we have, before the ledger was lost. Its name tells that only where the server leaves objects the names that they are given, and
// nobody has given them others. So the server is asked which objects have the UID: it may know of an object what it does not return.
// It is believed where it has shown that it knows a UID of that one at all.

// veiled says whether an object may be one that the destination does not return.
type veiled string

const (
	veiledNot veiled = "not"
	veiledYes veiled = "yes"     // it is, or has come up since the listing
	veiledMay veiled = "perhaps" // the server does not say
)

// veil is what the destination says of the UIDs of what it does not return.
type veil struct {
	hidden map[string]error // these, by decoded name, and why
	asked  bool
	clear  bool            // it knows a UID of each of them
	listed map[string]bool // decoded names of all that it has listed
}

// lookBehindVeil gives a new object up for now that may be at the destination, and is not returned.
func (j *collectionJob) lookBehindVeil(ctx context.Context, p *transfer) {
	if p.way != wayWrite || len(j.veil.hidden) == 0 || p.before.State.There() || len(p.before.Tried) > 0 || j.behindVeil(ctx, p) == veiledNot {
		return
	}
	name := slices.Sorted(maps.Keys(j.veil.hidden))[0]
	*p = p.refuse(objectVeiled, wordsOfVeil(name, j.veil.hidden[name]))
	p.row.Destination = p.before.Destination // nothing was sent there
}

// stillHidden is what the destination does not return and nobody knows: what stands under a name that was given to an object of
// the source is that one.
func (j *collectionJob) stillHidden() map[string]error {
	hidden := maps.Clone(j.unknown.hidden)
	for _, row := range j.known {
		delete(hidden, decodedName(row.Destination))
	}
	for name := range j.theirs {
		delete(hidden, decodedName(name))
	}
	return hidden
}

// anyUID is the UID that the object has in what is about to be sent, "" for none.
func (p *transfer) anyUID() string { return cmp.Or(plainUID(p.row.UID), p.row.MadeUID) }

// behindVeil asks the destination whether an object is there.
func (j *collectionJob) behindVeil(ctx context.Context, p *transfer) veiled {
	uid := p.anyUID()
	if uid == "" || !comparesPlainly(uid) || !j.seesBehindVeil(ctx) {
		return veiledMay
	}
	there := false
	err := j.eachComponent(p.object.Components, func(component string) error {
		return j.slice.dst.WithUID(ctx, &j.place.target, component, uid, func(item dav.Item) error {
			name := decodedName(item.Href)
			_, hidden := j.veil.hidden[name]
			there = there || hidden || !j.veil.listed[name] && !j.isKnownThere(name)
			return nil
		})
	})
	switch {
	case err != nil:
		return veiledMay
	case there:
		return veiledYes
	}
	return veiledNot
}

// comparesPlainly reports whether a UID is the same text in an object and in a query. In an object some characters are escaped
// (RFC 5545 section 3.3.11, RFC 6350 section 3.4), and servers differ in which of the two they compare.
func comparesPlainly(uid string) bool {
	return strings.TrimSpace(uid) == uid && !strings.ContainsAny(uid, "\\,;\r\n\t")
}

// seesBehindVeil asks once which objects have a UID at all: what a server cannot read itself it may leave out of every answer.
func (j *collectionJob) seesBehindVeil(ctx context.Context) bool {
	if j.veil.asked {
		return j.veil.clear
	}
	j.veil.asked = true
	j.veil.listed = map[string]bool{}
	for name, there := range j.present {
		if there {
			j.veil.listed[decodedName(name)] = true
		}
	}
	seen := map[string]bool{}
	components := []string{"VEVENT", "VTODO", "VJOURNAL"}
	if len(j.place.target.Components) > 0 {
		components = j.place.target.Components
	}
	err := j.eachComponent(components, func(component string) error {
		return j.slice.dst.WithUID(ctx, &j.place.target, component, "", func(item dav.Item) error {
			seen[decodedName(item.Href)] = true
			return nil
		})
	})
	j.veil.clear = err == nil
	for name := range j.veil.hidden {
		j.veil.clear = j.veil.clear && seen[name]
	}
	return j.veil.clear
}

// eachComponent visits the components of calendar objects; of contacts there is but one kind.
func (j *collectionJob) eachComponent(components []string, visit func(string) error) error {
	if j.content() == pim.KindContact {
		return visit("")
	}
	for _, component := range components {
		if err := visit(strings.ToUpper(component)); err != nil {
			return err
		}
	}
	return nil
}

// isKnownThere reports whether an object of ours has that name at the destination by now.
func (j *collectionJob) isKnownThere(name string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, row := range j.known {
		if holds(row) && decodedName(row.Destination) == name {
			return true
		}
	}
	return false
}
