// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"bytes"
	"slices"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// denial is the proof that something is not there: signed records that say what the next name is (NSEC, RFC 4034 section 4) or
// the next hash of a name (NSEC3, RFC 5155).
type denial struct {
	zone    string
	plain   []*wire.NSEC
	hashed  []*wire.NSEC3
	costly  bool // there are hashes that take more work than they are worth
	expires time.Time
}

// gather returns the parts of a proof that are signed by the zone.
func gather(m *wire.Msg, zone *Zone, now time.Time) denial {
	d := denial{zone: zone.Name}
	for i, rr := range m.Ns {
		if i == maxProofs*2 {
			break
		}
		nsec, plain := rr.(*wire.NSEC)
		nsec3, hashed := rr.(*wire.NSEC3)
		if hashed && nsec3.Iterations > maxIterations {
			d.costly = true // RFC 9276 section 3.2: treated as not signed
			continue
		}
		known := plain || hashed && nsec3.Hash == wire.SHA1 // RFC 5155 section 8.1: others are ignored
		if !known || len(d.plain)+len(d.hashed) == maxProofs {
			continue
		}
		trust := signed([]wire.RR{rr}, m.Ns, zone.keys, zone.Name, now)
		if trust.State != Secure {
			continue
		}
		if d.expires.IsZero() || trust.Expires.Before(d.expires) {
			d.expires = trust.Expires
		}
		if plain {
			d.plain = append(d.plain, nsec)
		} else {
			d.hashed = append(d.hashed, nsec3)
		}
	}
	return d
}

// denied checks the proof that name has no record of a type, or that there is no such name.
func denied(m *wire.Msg, name string, kind Type, outcome Outcome, zone *Zone, now time.Time) Trust {
	proof := gather(m, zone, now)
	secure := Trust{State: Secure, Expires: proof.expires}
	insecure := Trust{State: Insecure, Expires: proof.expires,
		Why: "names below " + zoneWord(zone.Name) + " that are not signed are left out of its proofs"}
	switch {
	case proof.costly:
		return Trust{State: Insecure, Why: zoneWord(zone.Name) + " hashes its names too often for its proofs to be checked"}
	case outcome == NoData && proof.lacksType(name, kind):
		return secure
	case outcome == NoName && proof.lacksName(name):
		if proof.optedOut(name) {
			return insecure
		}
		return secure
	case outcome == NoData && kind == DS && proof.optedOut(name): // RFC 5155 section 8.6
		return insecure
	}
	return bogus("%s says that %s has no %s record, and does not prove it", zoneWord(zone.Name), name, kind)
}

// lacksType proves that the name, or the wildcard that stands for it, has other records only.
func (d denial) lacksType(name string, kind Type) bool {
	if bits, found := d.types(name); found {
		return lacks(bits, kind)
	}
	for _, n := range d.plain { // between two names, and above the next one: it exists, and is empty
		if below(canonical(n.NextDomain), name) && d.coversPlain(n, name) {
			return true
		}
	}
	closest, ok := d.closest(name)
	if !ok {
		return false
	}
	bits, found := d.types(wildcard(closest))
	return found && lacks(bits, kind)
}

// lacks reports whether a list of types rules out a record. For a DS it has to be the parent's list: that of the child has a SOA.
func lacks(bits []uint16, kind Type) bool {
	if slices.Contains(bits, kind.code()) || slices.Contains(bits, wire.TypeCNAME) {
		return false
	}
	delegation := slices.Contains(bits, wire.TypeNS) && !slices.Contains(bits, wire.TypeSOA)
	if kind == DS {
		return !slices.Contains(bits, wire.TypeSOA)
	}
	return !delegation // the parent's list says nothing about other types of the child
}

// wildcard is the name that stands for all below another one.
func wildcard(name string) string { return canonical("*." + name) }

// types returns the types that a name has.
func (d denial) types(name string) ([]uint16, bool) {
	for _, n := range d.plain {
		if canonical(n.Hdr.Name) == name {
			return n.TypeBitMap, true
		}
	}
	for _, n := range d.hashed {
		if n.Match(absolute(name)) {
			return n.TypeBitMap, true
		}
	}
	return nil, false
}

// lacksName proves that neither the name is there nor a wildcard that would stand for it.
func (d denial) lacksName(name string) bool {
	closest, ok := d.closest(name)
	return ok && d.covers(wildcard(closest))
}

// closest returns the longest name above that exists, if it is proved that the one right below it, towards name, does not
// (RFC 5155 section 8.3).
func (d denial) closest(name string) (string, bool) {
	if len(d.plain) > 0 {
		return d.closestPlain(name)
	}
	next := name
	for at := parent(name); within(at, d.zone); at = parent(at) {
		if _, found := d.types(at); found {
			return at, d.covers(next)
		}
		if next = at; at == "" {
			break
		}
	}
	return "", false
}

// closestPlain takes the end of the gap that name lies in: what is above both the name and one of the two ends exists.
func (d denial) closestPlain(name string) (string, bool) {
	for _, n := range d.plain {
		if !d.coversPlain(n, name) {
			continue
		}
		for at := parent(name); ; at = parent(at) {
			if within(canonical(n.Hdr.Name), at) || within(canonical(n.NextDomain), at) {
				return at, within(at, d.zone)
			}
		}
	}
	return "", false
}

// covers proves that a name is not there itself.
func (d denial) covers(name string) bool {
	return slices.ContainsFunc(d.plain, func(n *wire.NSEC) bool { return d.coversPlain(n, name) }) ||
		slices.ContainsFunc(d.hashed, func(n *wire.NSEC3) bool { return coversHashed(n, name) })
}

// coversHashed asks for the match too: the library takes a name that has the hash for one that lies in the gap behind it.
func coversHashed(n *wire.NSEC3, name string) bool {
	return n.Cover(absolute(name)) && !n.Match(absolute(name))
}

// optedOut reports whether the gap of hashes in which a name lies may hold delegations that are not signed.
func (d denial) optedOut(name string) bool {
	for at := name; below(at, d.zone); at = parent(at) {
		for _, n := range d.hashed {
			if n.Flags&1 != 0 && coversHashed(n, at) {
				return true
			}
		}
	}
	return false
}

// coversPlain reports whether name lies between the two names of a record. The last one of a zone leads back to the first. One
// of a delegation says nothing about names below that.
func (d denial) coversPlain(n *wire.NSEC, name string) bool {
	owner, next := canonical(n.Hdr.Name), canonical(n.NextDomain)
	delegation := slices.Contains(n.TypeBitMap, wire.TypeNS) && !slices.Contains(n.TypeBitMap, wire.TypeSOA)
	if !within(name, d.zone) || delegation && below(name, owner) {
		return false
	}
	last := next == d.zone
	return compareNames(owner, name) < 0 && (last || compareNames(name, next) < 0)
}

// compareNames orders names as a signed zone does: by labels from the right (RFC 4034 section 6.1).
func compareNames(a, b string) int {
	left, right := labelsOf(a), labelsOf(b)
	for i := 1; i <= min(len(left), len(right)); i++ {
		if order := bytes.Compare(left[len(left)-i], right[len(right)-i]); order != 0 {
			return order
		}
	}
	return len(left) - len(right)
}

func labelsOf(name string) [][]byte {
	var labels [][]byte
	for _, label := range wire.SplitDomainName(absolute(name)) {
		labels = append(labels, []byte(unescaped(label)))
	}
	return labels
}

// nextCloser is the name with one label more than the given number, counted from the right.
func nextCloser(name string, labels int) string {
	for strings.Count(name, ".") > labels {
		name = parent(name)
	}
	return name
}
