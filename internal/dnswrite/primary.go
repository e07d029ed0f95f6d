// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rehome"
	"rehome/internal/protocol/dns"
)

// Primary writes to a zone by RFC 2136.
type Primary struct {
	zone     string
	server   string
	unsigned bool
	dns      *dns.Primary
}

// PrimaryOptions say where and with which key.
type PrimaryOptions struct {
	Zone      string
	Server    string // host and port
	KeyName   string // "": the server goes by our address
	Algorithm string // "": hmac-sha256
	Secret    rehome.Secret
	Now       func() time.Time // nil means the system's clock
}

// NewPrimary returns a writer that has asked nobody yet. The error is that of the options.
func NewPrimary(options PrimaryOptions) (*Primary, error) {
	p, err := dns.NewPrimary(dns.PrimaryOptions{Address: options.Server, KeyName: options.KeyName, Algorithm: options.Algorithm,
		Secret: options.Secret.Reveal, Now: options.Now})
	if err != nil {
		return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "use the key for", Object: options.Zone, Cause: err,
			Hint: "copy name, algorithm and secret from the key in the server's configuration"}
	}
	return &Primary{zone: options.Zone, server: options.Server, unsigned: options.KeyName == "", dns: p}, nil
}

// Capability implements Writer.
func (p *Primary) Capability() Capability {
	return Describe(Options{Kind: RFC2136, Server: p.server})
}

// Zone implements Writer.
func (p *Primary) Zone() string { return p.zone }

// Read implements Writer: it asks the server that is written to, and no other.
func (p *Primary) Read(ctx context.Context, keys []Key) ([]Set, error) {
	var sets []Set
	for _, key := range keys {
		reply, err := p.dns.Ask(ctx, p.zone, key.Name, key.Type)
		if err != nil {
			return nil, p.fault("read", key.String(), err)
		}
		switch {
		case reply.Outcome == dns.Delegated:
			return nil, &rehome.Fault{Class: rehome.ClassOperator, Op: "read", Object: key.String(),
				Cause: errors.New("the name lies in a zone of its own below " + p.zone), Hint: "give that zone its own entry in dns.providers"}
		case !reply.Outcome.Says():
			return nil, &rehome.Fault{Class: rehome.ClassPermanent, Op: "read", Object: key.String(),
				Cause: errors.New(p.server + ": " + reply.Words), Hint: "check that dns.providers names the server that holds " + p.zone + " and takes changes"}
		}
		sets = append(sets, ownSet(reply, key))
	}
	return sets, nil
}

// Write implements Writer, in one message.
func (p *Primary) Write(ctx context.Context, changes []Change) error {
	var require, replace []dns.RRset
	for _, c := range changes {
		require = append(require, wired(c.Old))
		replace = append(replace, wired(c.New))
	}
	err := p.dns.Update(ctx, p.zone, require, replace)
	var refused *dns.UpdateError
	if errors.As(err, &refused) && refused.Unmet() {
		return fmt.Errorf("%w: the server answers %s", ErrUnmet, refused.Code)
	}
	if err != nil {
		return p.fault(opChange, words(changes), err)
	}
	return nil
}

// Check implements Writer.
func (p *Primary) Check(ctx context.Context) error {
	apex := Key{Name: p.zone, Type: dns.SOA}
	if _, err := p.Read(ctx, []Key{apex}); err != nil {
		return err
	}
	err := p.dns.Probe(ctx, p.zone)
	var refused *dns.UpdateError
	if errors.As(err, &refused) && refused.Unmet() {
		return nil
	}
	if err == nil {
		err = errors.New("it accepts a change whose condition cannot be true")
	}
	return p.fault(opChange, p.zone, err)
}

func wired(s Set) dns.RRset {
	return dns.RRset{Name: s.Name, Type: s.Type, TTL: s.ttl(), Data: s.Values}
}
