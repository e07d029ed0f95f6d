// SPDX-License-Identifier: Apache-2.0

// Package dnswrite changes records in DNS, and only those that still are what was looked at.
//
// A caller
//
//  1. gets a Writer with New: RFC 2136, an interface of a provider, or a person;
//  2. reads the sets as they are with its Read, and shows a person what is to become of them;
//  3. hands each over with Apply as a Change, from the old set to the new one. What already is as it should be is not written
//     again, so that Apply may be repeated after a crash; what is neither the old nor the new set has been changed by somebody
//     else: the error is a *ChangedError, which has what stands there, and nothing is written;
//  4. asks with Stand what every authoritative server of the zone says, until all say it: the word of the interface that was
//     written to proves nothing to resolvers.
//
// The rules that hold for every Writer are in Apply and decide, not in the Writers:
//
//   - a set is replaced as a whole, with one TTL, as servers differ in what they make of several;
//   - the texts at a name that many share, such as the apex, are merged: only those that are in the old set and not in the new one
//     are removed, whatever else others have put there (see merge);
//   - SOA, NS, DS and DNSKEY are nobody's business here;
//   - what was written is read again, as "yes" does not mean "done" (RFC 2136 section 3.4.2 has updates that are ignored in silence).
package dnswrite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rehome/internal/protocol/dns"
)

// Key names a set of records: lower case, without a dot at the end.
type Key struct {
	Name string   `json:"name"`
	Type dns.Type `json:"type"`
}

// String is the set in words: "MX example.com".
func (k Key) String() string { return string(k.Type) + " " + k.Name }

// Set is all records of one name and type. Without values there are none, and no TTL.
type Set struct {
	Key
	TTL    int      `json:"ttl_seconds"`
	Values []string `json:"values"` // sorted, in the form of dns.Record.Data: "10 mx1.example.net", a text without quotes
}

// NewSet returns a set, its values sorted and each once.
func NewSet(key Key, ttl int, values ...string) Set {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	s := Set{Key: key, TTL: ttl, Values: slices.Compact(sorted)}
	if len(s.Values) == 0 {
		s.TTL, s.Values = 0, []string{}
	}
	return s
}

// Equal compares values and TTL.
func (s Set) Equal(other Set) bool {
	return s.Key == other.Key && s.TTL == other.TTL && s.sameValues(other)
}

func (s Set) sameValues(other Set) bool { return slices.Equal(s.Values, other.Values) }

// String is the set in words: "10 mail.example.com with a TTL of 300 seconds", "there is none".
func (s Set) String() string {
	if len(s.Values) == 0 {
		return "there is none"
	}
	return fmt.Sprintf("%s with a TTL of %d seconds", strings.Join(s.Values, ", "), s.TTL)
}

func (s Set) ttl() time.Duration { return time.Duration(s.TTL) * time.Second }

// Change is that a set which is Old becomes New. Both have the same Key. The rest of a change that was interrupted is the same
// Change.
type Change struct {
	Old Set `json:"old"`
	New Set `json:"new"`
}

// Back is the change that undoes c.
func (c Change) Back() Change { return Change{Old: c.New, New: c.Old} }

// Precondition is how strongly a Writer ties a write to what was there before.
type Precondition string

// The preconditions, the weakest first.
const (
	// NoPrecondition: the sets are read right before and right after the write. Somebody else's write in between is lost, and
	// nobody notices.
	NoPrecondition Precondition = "none"
	// ExactDelete: the old records are deleted by what they hold, which fails if they hold something else.
	ExactDelete Precondition = "exact_delete"
	// ETag: the write names the version of the set that it replaces.
	ETag Precondition = "etag"
	// Prerequisite: the server compares the old values itself (RFC 2136 section 2.4.2); TTLs are read right before.
	Prerequisite Precondition = "prerequisite"
)

// Atomic is what is written as a whole or not at all.
type Atomic string

// The units.
const (
	AtomicRecord Atomic = "record"
	AtomicSet    Atomic = "set"
	AtomicZone   Atomic = "zone" // all changes of one Apply
)

// Capability is what a Writer can do. It is told to people before they agree to a write.
type Capability struct {
	Kind         Kind         `json:"kind"`
	Title        string       `json:"title"` // for people: "the DNS server 192.0.2.53:53 (RFC 2136)"
	Precondition Precondition `json:"precondition"`
	Atomic       Atomic       `json:"atomic"`
	Staged       bool         `json:"staged"`            // what is written is served only after a further step, which Write takes
	MinTTL       int          `json:"min_ttl_seconds"`   // 0: not known, or none
	NoSRV        bool         `json:"no_srv,omitempty"`  // it cannot write SRV records
	ByHand       bool         `json:"by_hand,omitempty"` // a person writes: Apply only looks
}

// Kind is a way of writing, as the settings name it.
type Kind string

// The kinds.
const (
	RFC2136    Kind = "rfc2136"
	PowerDNS   Kind = "powerdns"
	Cloudflare Kind = "cloudflare"
	Route53    Kind = "route53"
	Hetzner    Kind = "hetzner"
	DeSEC      Kind = "desec"
	Gandi      Kind = "gandi"
	Hand       Kind = "by_hand"
)

// Race says in a sentence what happens if somebody else writes at the same time.
func (c Capability) Race() string {
	switch {
	case c.ByHand:
		return "you change the records, and rehome watches"
	case c.Precondition == Prerequisite:
		return "the server refuses the change if somebody has changed these values meanwhile"
	case c.Precondition == ETag || c.Precondition == ExactDelete:
		return "the provider refuses the change if somebody has changed these records meanwhile"
	}
	return "the provider cannot refuse a change that meets somebody else's: rehome reads right before and right after, and nobody " +
		"else should change this zone until it is done"
}

// Writer is one way to change one zone. dnswritetest has the rules that each has to keep.
type Writer interface {
	// Capability is known without asking anybody.
	Capability() Capability
	// Zone is the name of the zone that is written to.
	Zone() string
	// Check proves that the zone can be read, and as far as possible that it may be written, and changes nothing. The error is a *rehome.Fault.
	Check(ctx context.Context) error
	// Read returns the sets as the place that is written to has them, in the order of keys; one without values is not there.
	Read(ctx context.Context, keys []Key) ([]Set, error)
	// Write makes changes whose Old has just been read, with the precondition of Capability. An error that wraps ErrUnmet says
	// that the precondition did not hold. After any other error it may have been done nevertheless: Apply reads.
	Write(ctx context.Context, changes []Change) error
}
