// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// State says what signatures prove of an answer (RFC 4033 section 5).
type State string

// The states, the best first.
const (
	Secure    State = "secure"    // signed, and the chain from the anchor is whole
	Insecure  State = "insecure"  // the chain proves that there are no signatures here
	Unchecked State = "unchecked" // no anchor is given
	Unknown   State = "unknown"   // the chain could not be followed, because a server did not answer
	Bogus     State = "bogus"     // there should be a valid signature, and there is none: validating resolvers answer SERVFAIL
)

// Trust is what signatures prove, and why not more.
type Trust struct {
	State   State     `json:"state"`
	Why     string    `json:"why,omitempty"`    // "" if it is secure
	Expires time.Time `json:"expires,omitzero"` // when the first of the signatures that count ends; zero without any
}

// Bounds on the work that an answer may ask for: a hostile one has many keys and signatures that all fit each other
// (CVE-2023-50387), or names to hash thousands of times (RFC 9276).
const (
	maxKeys       = 32
	maxSignatures = 8
	maxProofs     = 16
	maxIterations = 100
)

func bogus(format string, args ...any) Trust {
	return Trust{State: Bogus, Why: fmt.Sprintf(format, args...)}
}

// weaker returns the one that proves less. The end of the signatures is the earlier one.
func weaker(a, b Trust) Trust {
	order := []State{Secure, Insecure, Unchecked, Unknown, Bogus}
	weak, other := a, b
	if slices.Index(order, b.State) > slices.Index(order, a.State) {
		weak, other = b, a
	}
	if weak.Expires.IsZero() || !other.Expires.IsZero() && other.Expires.Before(weak.Expires) {
		weak.Expires = other.Expires
	}
	return weak
}

// trustRoot begins the chain with the anchors.
func (c *Client) trustRoot(ctx context.Context, b *budget, root *Zone) error {
	if len(c.options.Anchors) == 0 {
		root.Trust = Trust{State: Unchecked, Why: "no key of the root is given"}
		return nil
	}
	var digests []*wire.DS
	for _, a := range c.options.Anchors {
		digests = append(digests, &wire.DS{Hdr: wire.RR_Header{Name: ".", Rrtype: wire.TypeDS, Class: wire.ClassINET},
			KeyTag: a.KeyTag, Algorithm: a.Algorithm, DigestType: a.DigestType, Digest: strings.ToLower(a.Digest)})
	}
	c.trustKeys(ctx, b, root, digests)
	return ctx.Err()
}

// trust continues the chain from a zone to its child: the parent's digests of the child's keys, or the proof that there are none
// (RFC 4035 section 5.2).
func (c *Client) trust(ctx context.Context, b *budget, zone, child *Zone) error {
	if zone.Trust.State != Secure {
		child.Trust = zone.Trust
		return nil
	}
	reply, err := c.first(ctx, b, zone, child.Name, DS)
	switch {
	case err != nil:
		child.Trust = Trust{State: Unknown, Why: fmt.Sprintf("the servers of the parent zone do not say whether %s is signed: %v", child.Name, err)}
		return ctx.Err()
	case reply.Outcome == NoName || reply.Outcome == Delegated:
		child.Trust = Trust{State: Unknown, Why: fmt.Sprintf("the servers of the parent zone do not answer for the DS record of %s", child.Name)}
		return nil
	}
	proof := c.validate(zone, reply, child.Name, DS)
	if reply.Outcome == NoData {
		if child.Trust = proof; proof.State == Secure {
			child.Trust = Trust{State: Insecure, Why: child.Name + " is not signed", Expires: proof.Expires}
		}
		return nil
	}
	if child.Trust = proof; proof.State != Secure {
		return nil
	}
	var digests []*wire.DS
	for _, rr := range reply.raw.Answer {
		if ds, is := rr.(*wire.DS); is {
			digests = append(digests, ds)
		}
	}
	c.trustKeys(ctx, b, child, digests)
	child.Trust = weaker(child.Trust, proof)
	return ctx.Err()
}

// trustKeys takes over the keys of a zone, if one of them has a digest and has signed them all.
func (c *Client) trustKeys(ctx context.Context, b *budget, zone *Zone, digests []*wire.DS) {
	digests = slices.DeleteFunc(digests, func(d *wire.DS) bool { return !supported(d.Algorithm) || !digestible(d.DigestType) })
	if len(digests) == 0 {
		zone.Trust = Trust{State: Insecure, Why: zoneWord(zone.Name) + " is signed only in ways that this program does not know"}
		return
	}
	reply, err := c.first(ctx, b, zone, zone.Name, DNSKEY)
	if err != nil {
		zone.Trust = Trust{State: Unknown, Why: fmt.Sprintf("the keys of %s cannot be read: %v", zoneWord(zone.Name), err)}
		return
	}
	zone.keys, zone.Trust = chain(reply.raw, zone.Name, digests, c.options.Now())
}

// chain finds the key of a digest among the keys of a zone, and has it vouch for all of them.
func chain(m *wire.Msg, zone string, digests []*wire.DS, now time.Time) ([]*wire.DNSKEY, Trust) {
	var keys []*wire.DNSKEY
	var set []wire.RR
	for _, rr := range m.Answer {
		if key, is := rr.(*wire.DNSKEY); is && canonical(key.Hdr.Name) == zone && len(keys) < maxKeys {
			keys, set = append(keys, key), append(set, rr)
		}
	}
	if len(keys) == 0 {
		return nil, bogus("the parent zone says that %s is signed, and it has no keys", zoneWord(zone))
	}
	for _, key := range keys {
		if !slices.ContainsFunc(digests, func(d *wire.DS) bool { return isOf(d, key) }) {
			continue
		}
		if trust := signed(set, m.Answer, []*wire.DNSKEY{key}, zone, now); trust.State == Secure {
			return keys, trust
		}
	}
	return nil, bogus("no key of %s matches the DS record in its parent zone and has signed the others", zoneWord(zone))
}

func isOf(d *wire.DS, key *wire.DNSKEY) bool {
	if d.KeyTag != key.KeyTag() || d.Algorithm != key.Algorithm {
		return false
	}
	own := key.ToDS(d.DigestType)
	return own != nil && strings.EqualFold(own.Digest, d.Digest)
}

// supported tells the algorithms that signatures can be checked of (RFC 8624 section 3.1).
func supported(algorithm uint8) bool {
	switch algorithm {
	case wire.RSASHA1, wire.RSASHA1NSEC3SHA1, wire.RSASHA256, wire.RSASHA512, wire.ECDSAP256SHA256, wire.ECDSAP384SHA384, wire.ED25519:
		return true
	}
	return false
}

func digestible(digest uint8) bool {
	return digest == wire.SHA1 || digest == wire.SHA256 || digest == wire.SHA384
}

func zoneWord(zone string) string {
	if zone == "" {
		return "the root"
	}
	return zone
}

// trustOf is the weakest of what the answers to a look prove.
func (c *Client) trustOf(zone *Zone, look Look) Trust {
	trust := Trust{State: Unknown, Why: "no server has answered"}
	first := true
	for _, r := range look.Replies {
		if !r.Outcome.Says() {
			continue
		}
		own := c.trustReply(zone, r, look.Name, look.Type)
		if own.State == Bogus && zone.Trust.State == Secure {
			own.Why = r.Server + ": " + own.Why
		}
		if first {
			trust, first = own, false
			continue
		}
		trust = weaker(trust, own)
	}
	return trust
}

// trustReply is what the signatures of one answer prove.
func (c *Client) trustReply(zone *Zone, r Reply, name string, kind Type) Trust {
	if zone.Trust.State != Secure {
		return zone.Trust
	}
	return weaker(c.validate(zone, r, name, kind), zone.Trust)
}

// validate checks the signatures of an answer from a zone whose keys are known: of each alias, of the records, or of the proof
// that there are none.
func (c *Client) validate(zone *Zone, r Reply, name string, kind Type) Trust {
	now := c.options.Now()
	trust := Trust{State: Secure}
	at := name
	for _, alias := range r.Aliases {
		trust = weaker(trust, provenAlias(r.raw, at, alias.Data, zone, now))
		at = alias.Data
	}
	switch {
	case len(r.Records) > 0:
		return weaker(trust, proven(r.raw, at, kind, zone, now))
	case r.Outcome == NoData || r.Outcome == NoName:
		return weaker(trust, denied(r.raw, at, kind, r.Outcome, zone, now))
	}
	return trust // an alias into another zone
}

// provenAlias checks an alias. One that a server has made of a DNAME record further up is not signed; that record is
// (RFC 6672 section 5.3.1).
func provenAlias(m *wire.Msg, name, target string, zone *Zone, now time.Time) Trust {
	for _, rr := range m.Answer {
		dname, is := rr.(*wire.DNAME)
		if !is || !below(name, canonical(dname.Hdr.Name)) {
			continue
		}
		if strings.TrimSuffix(name, canonical(dname.Hdr.Name))+canonical(dname.Target) != target {
			return bogus("the alias of %s does not follow from the DNAME record of %s", name, canonical(dname.Hdr.Name))
		}
		return signed([]wire.RR{dname}, m.Answer, zone.keys, zone.Name, now)
	}
	return proven(m, name, CNAME, zone, now)
}

// proven checks one set of records, and for one that a wildcard has made, that nothing was closer (RFC 4035 section 5.3.4).
func proven(m *wire.Msg, name string, kind Type, zone *Zone, now time.Time) Trust {
	var set []wire.RR
	for _, rr := range m.Answer {
		if rr.Header().Rrtype == kind.code() && canonical(rr.Header().Name) == name {
			set = append(set, rr)
		}
	}
	trust := signed(set, m.Answer, zone.keys, zone.Name, now)
	labels := wildcardLabels(set, m.Answer)
	if trust.State != Secure || labels < 0 {
		return trust
	}
	proof := gather(m, zone, now)
	if !proof.covers(nextCloser(name, labels)) {
		return bogus("%s comes from a wildcard, and nothing proves that the name itself is not there", name)
	}
	return weaker(trust, Trust{State: Secure, Expires: proof.expires})
}

// signed reports whether one of the keys of the zone has signed the set, at this time.
func signed(set, section []wire.RR, keys []*wire.DNSKEY, zone string, now time.Time) Trust {
	if len(set) == 0 {
		return bogus("what should be signed is missing")
	}
	header := set[0].Header()
	what := fmt.Sprintf("the %s record of %s", wire.TypeToString[header.Rrtype], zoneWord(canonical(header.Name)))
	failed := bogus("%s is not signed", what)
	tried := 0
	for _, sig := range signaturesOf(section, header) {
		for _, key := range keys {
			if canonical(sig.SignerName) != zone || sig.KeyTag != key.KeyTag() || sig.Algorithm != key.Algorithm {
				continue
			}
			if tried++; tried > maxSignatures {
				return failed
			}
			switch {
			case !sig.ValidityPeriod(now):
				failed = bogus("the signature of %s is valid from %s to %s only", what, shownTime(sig.Inception, now), shownTime(sig.Expiration, now))
			case sig.Verify(key, set) != nil:
				failed = bogus("the signature of %s is wrong", what)
			default:
				return Trust{State: Secure, Expires: serialTime(sig.Expiration, now)}
			}
		}
	}
	return failed
}

// signaturesOf returns the signatures of a set.
func signaturesOf(section []wire.RR, header *wire.RR_Header) []*wire.RRSIG {
	var all []*wire.RRSIG
	for _, rr := range section {
		if sig, is := rr.(*wire.RRSIG); is && sig.TypeCovered == header.Rrtype && canonical(sig.Hdr.Name) == canonical(header.Name) {
			all = append(all, sig)
		}
	}
	return all
}

// wildcardLabels returns how many labels stood behind the star that has made the set, -1 if none has (RFC 4034 section 3.1.3).
func wildcardLabels(set, section []wire.RR) int {
	header := set[0].Header()
	for _, sig := range signaturesOf(section, header) {
		if int(sig.Labels) < wire.CountLabel(header.Name) {
			return int(sig.Labels)
		}
	}
	return -1
}

// serialTime reads the 32 bits of a signature's time, which wrap around (RFC 4034 section 3.1.5).
func serialTime(stamp uint32, now time.Time) time.Time {
	return now.Add(time.Duration(int32(stamp-uint32(now.Unix()))) * time.Second).UTC().Truncate(time.Second)
}

func shownTime(stamp uint32, now time.Time) string {
	return serialTime(stamp, now).Format(time.RFC3339)
}
