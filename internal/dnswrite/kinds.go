// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"errors"

	"rehome"
	"rehome/internal/protocol/dns"
)

// Options are what any kind of writer may need.
type Options struct {
	Kind      Kind // "" is Hand
	Zone      string
	Server    string // RFC2136: host and port
	Key       string // RFC2136: the name of the key, or ""
	Algorithm string // RFC2136
	Secret    rehome.Secret
	Asker     Asker // Hand
}

// Describe returns the capability of a kind, without asking anybody and without a secret.
func Describe(o Options) Capability {
	switch o.Kind {
	case RFC2136:
		return Capability{Kind: RFC2136, Title: "the DNS server " + o.Server, Precondition: Prerequisite, Atomic: AtomicZone}
	}
	return Capability{Kind: Hand, Title: "a person", Precondition: NoPrecondition, Atomic: AtomicRecord, ByHand: true}
}

// New returns a writer of the kind. It has asked nobody yet; the error is that of the options.
func New(o Options) (Writer, error) {
	switch o.Kind {
	case RFC2136:
		return NewPrimary(PrimaryOptions{Zone: o.Zone, Server: o.Server, KeyName: o.Key, Algorithm: o.Algorithm, Secret: o.Secret})
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
