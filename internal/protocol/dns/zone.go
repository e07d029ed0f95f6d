// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// Zone is a zone as its parent delegates it.
type Zone struct {
	Name   string
	Parent string // name of the parent zone; of the root it is ""
	// Servers are those that the parent lists, with the addresses that it gives (glue) or that their own zones have.
	Servers []Server
	// Shared says that the parent's servers hold this zone too and answer for it themselves: how the parent delegates it cannot
	// be seen, and Servers are those that the zone lists itself.
	Shared bool
	TTL    time.Duration // of the delegation, as the parent gives it
	At     time.Time     // when it was seen
	Trust  Trust         // of the chain from the root down to the zone's keys

	keys []*wire.DNSKEY // the zone's keys, where the chain is secure
}

// LookupError says why a name could not be followed from the root down.
type LookupError struct {
	Name string
	Zone string // where the way ended
	Err  error
}

// Error names both.
func (e *LookupError) Error() string { return "find the servers of " + e.Name + ": " + e.Why() }

// Why is the error without the name that was looked for.
func (e *LookupError) Why() string {
	return fmt.Sprintf("no usable answer from the servers of %s: %v", zoneWord(e.Zone), e.Err)
}

// Unwrap returns the cause.
func (e *LookupError) Unwrap() error { return e.Err }

// Find returns the zone that name is in, from the root down, as the parents delegate it. The error is a *LookupError, or the
// context's.
func (c *Client) Find(ctx context.Context, name string) (*Zone, error) {
	return c.find(ctx, newBudget(), canonical(name), 0)
}

func (c *Client) find(ctx context.Context, b *budget, name string, nested int) (*Zone, error) {
	if !ValidName(name) {
		return nil, &LookupError{Name: name, Err: errors.New("it is no name")}
	}
	zone, err := c.root(ctx, b)
	if err == nil {
		err = c.deafness()
	}
	if err != nil {
		return nil, &LookupError{Name: name, Err: err}
	}
	for _, at := range ancestors(name, "") {
		if known := c.remembered(at); known != nil {
			zone = known
			continue
		}
		child, err := c.cut(ctx, b, zone, at, nested)
		if err != nil {
			if zone.Name == "" && ctx.Err() == nil {
				c.deafen(err)
			}
			return nil, &LookupError{Name: name, Zone: zone.Name, Err: err}
		}
		if child != nil {
			c.remember(child)
			zone = child
		}
	}
	return zone, nil
}

// root is where every way begins.
func (c *Client) root(ctx context.Context, b *budget) (*Zone, error) {
	if known := c.remembered(""); known != nil {
		return known, nil
	}
	zone := &Zone{Servers: c.options.Roots, At: c.options.Now()}
	if err := c.trustRoot(ctx, b, zone); err != nil {
		return nil, err
	}
	c.remember(zone)
	return zone, nil
}

// cut asks the servers of a zone whether a zone of its own begins at name, which is below; nil if it does not.
func (c *Client) cut(ctx context.Context, b *budget, zone *Zone, name string, nested int) (*Zone, error) {
	got, err := c.first(ctx, b, zone, name, SOA)
	if err != nil {
		return nil, err
	}
	child := &Zone{Name: name, Parent: zone.Name, At: got.At}
	switch {
	case got.Outcome == Delegated && referral(got.raw, zone.Name, name) == name:
		child.take(got.raw.Ns, got.raw.Extra)
	case got.Outcome == Answered && len(got.Aliases) == 0 && soaOwner(got.raw) == name:
		child.Shared = true
		own, err := c.first(ctx, b, &Zone{Name: name, Servers: zone.Servers}, name, NS)
		if err != nil {
			return nil, err
		}
		if own.Outcome != Answered {
			return nil, fmt.Errorf("%s begins a zone and has no NS records", name)
		}
		child.take(own.raw.Answer, own.raw.Extra)
	default:
		return nil, nil // the name lies in the zone, or is not there
	}
	if err := c.complete(ctx, b, child, nested); err != nil {
		return nil, err
	}
	return child, c.trust(ctx, b, zone, child)
}

// take reads the servers of a delegation and their glue. An address counts only for a name that the parent may speak for.
func (z *Zone) take(names, extra []wire.RR) {
	for _, r := range recordsOf(names, z.Name, NS) {
		known := slices.ContainsFunc(z.Servers, func(s Server) bool { return s.Name == r.Data })
		if known || len(z.Servers) == maxServers {
			continue
		}
		server := Server{Name: r.Data}
		if within(r.Data, z.Parent) {
			server.Addrs = addresses(append(recordsOf(extra, r.Data, A), recordsOf(extra, r.Data, AAAA)...))
		}
		z.Servers = append(z.Servers, server)
		z.TTL = max(z.TTL, r.TTL)
	}
}

// addresses reads A and AAAA records.
func addresses(records []Record) []netip.Addr {
	var addrs []netip.Addr
	for _, r := range records {
		if addr, err := netip.ParseAddr(r.Data); err == nil && len(addrs) < maxAddrs {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// complete finds the addresses of servers that came without glue.
func (c *Client) complete(ctx context.Context, b *budget, zone *Zone, nested int) error {
	for i := range zone.Servers {
		server := &zone.Servers[i]
		if len(server.Addrs) > 0 {
			continue
		}
		switch {
		case within(server.Name, zone.Name): // RFC 9471: nobody can find it
			server.Trouble = "the parent gives no address for it (glue), and its name is in the zone itself"
		case nested >= maxNested:
			server.Trouble = "the names of servers lead to too many other zones"
		default:
			server.Addrs, server.Trouble = c.serverAddresses(ctx, b, server.Name, nested+1)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) serverAddresses(ctx context.Context, b *budget, name string, nested int) ([]netip.Addr, string) {
	var found []Record
	for _, kind := range []Type{A, AAAA} {
		answer, err := c.resolve(ctx, b, name, kind, nested)
		if err != nil {
			return nil, err.Error()
		}
		found = append(found, answer.Records...)
	}
	if addrs := addresses(found); len(addrs) > 0 {
		return addrs, ""
	}
	return nil, "its name has no address"
}

// first asks the servers of a zone one after another until one says something usable.
func (c *Client) first(ctx context.Context, b *budget, zone *Zone, name string, kind Type) (Reply, error) {
	last := errors.New("no server has an address")
	tries := 0
	for _, at := range inTurn(zone.Servers) {
		if tries++; tries > maxTries {
			break
		}
		reply := c.reply(ctx, b, zone, at, name, kind)
		if reply.Outcome.Says() || reply.Outcome == Delegated {
			return reply, nil
		}
		if err := ctx.Err(); err != nil {
			return Reply{}, err
		}
		last = fmt.Errorf("%s: %s", strings.TrimSpace(at.server+" "+at.addr.String()), reply.Words)
	}
	return Reply{}, last
}

// place is one address of one server.
type place struct {
	server string
	addr   netip.Addr
}

// inTurn lists addresses so that each server has its turn before one is asked at a second address, IPv4 first: a machine
// without IPv6 would lose all tries otherwise.
func inTurn(servers []Server) []place {
	var places []place
	for round := range maxAddrs {
		for _, s := range servers {
			sorted := slices.SortedFunc(slices.Values(s.Addrs), func(a, b netip.Addr) int { return a.Compare(b) })
			if round < len(sorted) {
				places = append(places, place{s.Name, sorted[round]})
			}
		}
	}
	return places
}

// reply asks one address of a server of the zone.
func (c *Client) reply(ctx context.Context, b *budget, zone *Zone, at place, name string, kind Type) (r Reply) {
	defer func() {
		// An answer that trips over a mistake of ours costs what this server says, and not the process.
		if panicked := recover(); panicked != nil {
			r = Reply{Server: at.server, Addr: at.addr, At: c.options.Now(), Outcome: Malformed,
				Words: fmt.Sprintf("a mistake in reading the answer: %v", panicked)}
		}
	}()
	got, err := c.ask(ctx, b, at.addr, name, kind)
	if err != nil {
		r.Outcome, r.Words = trouble(err)
	} else {
		r = classify(got.Msg, zone.Name, name, kind)
	}
	r.Server, r.Addr, r.At, r.TCP = at.server, at.addr, c.options.Now(), got.tcp
	return r
}
