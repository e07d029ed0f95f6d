// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"crypto/tls"
	"errors"

	"rehome"
	"rehome/internal/protocol/dns"
)

// Options are what any kind of writer may need.
type Options struct {
	Kind      Kind // "" is Hand
	Zone      string
	Server    string // RFC2136: host and port
	URL       string // PowerDNS: where its interface is; others: instead of the one that is known
	Key       string // RFC2136: the name of the key, or ""; Route53: the ID of the access key
	Algorithm string // RFC2136
	Secret    rehome.Secret
	TLS       *tls.Config // of interfaces over HTTP; nil verifies by the system's authorities
	Asker     Asker       // Hand
}

// Describe returns the capability of a kind, without asking anybody and without a secret.
func Describe(o Options) Capability {
	c := Capability{Kind: o.Kind, Precondition: NoPrecondition, Atomic: AtomicZone}
	switch o.Kind {
	case RFC2136:
		c.Title, c.Precondition = "the DNS server "+o.Server, Prerequisite
	case PowerDNS:
		c.Title = "the PowerDNS server at " + o.URL
	case Cloudflare:
		c.Title = "Cloudflare"
	case Route53:
		c.Title, c.Precondition = "Amazon Route 53", ExactDelete
	case Hetzner:
		c.Title, c.Atomic = "Hetzner", AtomicSet
	case DeSEC:
		c.Title, c.MinTTL = "deSEC", 3600
	case Gandi:
		c.Title, c.Atomic, c.MinTTL = "Gandi", AtomicSet, 300
	}
	if c.Title != "" {
		return c
	}
	return Capability{Kind: Hand, Title: "a person", Precondition: NoPrecondition, Atomic: AtomicRecord, ByHand: true}
}

// New returns a writer of the kind. It has asked nobody yet; the error is that of the options.
func New(o Options) (Writer, error) {
	switch o.Kind {
	case RFC2136:
		return NewPrimary(PrimaryOptions{Zone: o.Zone, Server: o.Server, KeyName: o.Key, Algorithm: o.Algorithm, Secret: o.Secret})
	case PowerDNS:
		return newPowerDNS(o), nil
	case Cloudflare:
		return newCloudflare(o), nil
	case Route53:
		return newRoute53(o), nil
	case Hetzner:
		return newHetzner(o), nil
	case DeSEC:
		return newDeSEC(o), nil
	case Gandi:
		return newGandi(o), nil
	case Hand, "":
		return NewByHand(o.Zone, o.Asker), nil
	}
	return nil, &rehome.Fault{Class: rehome.ClassBug, Op: "write to", Object: o.Zone, Cause: errors.New("nobody knows how: " + string(o.Kind))}
}

var (
	_ Asker  = (*dns.Client)(nil)
	_ Writer = (*ByHand)(nil)
	_ Writer = (*Primary)(nil)
)
