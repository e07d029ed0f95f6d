// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Look is what every server of a zone has said to one question.
type Look struct {
	Name    string
	Type    Type
	Zone    string
	At      time.Time // when the last answer came
	Replies []Reply   // one for each address, or for a server without one
	Trust   Trust     // of the answer, if all that answered say the same
}

// Look asks every server of the zone that name is in, at each of its addresses. That a server is silent or wrong is in the
// Replies; the error is that the zone itself was not found.
func (c *Client) Look(ctx context.Context, name string, kind Type) (Look, error) {
	b := newBudget()
	name = canonical(name)
	zone, err := c.find(ctx, b, name, 0)
	if err != nil {
		return Look{}, err
	}
	look := c.look(ctx, b, zone, name, kind)
	if look.delegated() {
		// A server leads further down than the way from the root did: the names in between do not exist as such.
		return look, &LookupError{Name: name, Zone: zone.Name, Err: errors.New("one of them delegates the name, and another one does not")}
	}
	look.Trust = c.trustOf(zone, look)
	return look, ctx.Err()
}

// LookAt is Look for a zone that is known, without following a delegation.
func (c *Client) LookAt(ctx context.Context, zone *Zone, name string, kind Type) (Look, error) {
	look := c.look(ctx, newBudget(), zone, canonical(name), kind)
	look.Trust = c.trustOf(zone, look)
	return look, ctx.Err()
}

func (l Look) delegated() bool {
	return slices.ContainsFunc(l.Replies, func(r Reply) bool { return r.Outcome == Delegated })
}

func (c *Client) look(ctx context.Context, b *budget, zone *Zone, name string, kind Type) Look {
	look := Look{Name: name, Type: kind, Zone: zone.Name}
	var places []place
	for _, server := range zone.Servers {
		if len(server.Addrs) == 0 {
			look.Replies = append(look.Replies, Reply{Server: server.Name, At: c.options.Now(), Outcome: NoAddress, Words: server.Trouble})
		}
		for _, addr := range server.Addrs {
			places = append(places, place{server.Name, addr})
		}
	}
	replies := make([]Reply, len(places))
	turns := make(chan struct{}, together)
	var all sync.WaitGroup
	for i, at := range places {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			replies[i] = c.reply(ctx, b, zone, at, name, kind)
		})
	}
	all.Wait()
	look.Replies = append(look.Replies, replies...)
	slices.SortStableFunc(look.Replies, func(a, b Reply) int {
		return cmp.Or(cmp.Compare(a.Server, b.Server), a.Addr.Compare(b.Addr))
	})
	for _, r := range look.Replies {
		if r.At.After(look.At) {
			look.At = r.At
		}
	}
	return look
}

// Opinion is what some of the servers say alike.
type Opinion struct {
	Records []Record // those of the first of them, each with the longest TTL that any of them gives
	Aliases []Record
	Exists  bool     // the name is there
	Servers []string // "ns1.example.com", with the address where a server says different things at different ones
}

// Opinions returns what the servers that have answered say, the one with the most servers first. More than one is a
// disagreement: a change is on its way, or a server has stopped to follow.
func (l Look) Opinions() []Opinion {
	var opinions []Opinion
	index := map[string]int{}
	for _, r := range l.Replies {
		if !r.Outcome.Says() {
			continue
		}
		key := strings.Join(r.Data(), "\n")
		at, known := index[key]
		if !known {
			at = len(opinions)
			index[key] = at
			opinions = append(opinions, Opinion{Records: slices.Clone(r.Records), Aliases: r.Aliases})
		}
		o := &opinions[at]
		o.Exists = o.Exists || r.Outcome != NoName
		o.Servers = append(o.Servers, l.shownServer(r, key))
		o.lengthen(r.Records)
	}
	for i := range opinions {
		slices.Sort(opinions[i].Servers)
		opinions[i].Servers = slices.Compact(opinions[i].Servers)
	}
	slices.SortStableFunc(opinions, func(a, b Opinion) int { return cmp.Compare(len(b.Servers), len(a.Servers)) })
	return opinions
}

// lengthen keeps the longest TTL: a resolver may have got its answer from any server.
func (o *Opinion) lengthen(records []Record) {
	longest := LongestTTL(records)
	for i := range o.Records {
		o.Records[i].TTL = max(o.Records[i].TTL, longest)
	}
}

func (l Look) shownServer(r Reply, key string) string {
	for _, other := range l.Replies {
		if other.Server == r.Server && other.Outcome.Says() && strings.Join(other.Data(), "\n") != key {
			return r.Server + " (" + r.Addr.String() + ")"
		}
	}
	return r.Server
}

// Agreed returns what all servers that have answered say. ok is false if they disagree, or if none has answered: then it is not
// known what there is.
func (l Look) Agreed() (opinion Opinion, ok bool) {
	opinions := l.Opinions()
	if len(opinions) != 1 {
		return Opinion{}, false
	}
	return opinions[0], true
}

// Troubles returns the replies of servers that have not said what there is.
func (l Look) Troubles() []Reply {
	var all []Reply
	for _, r := range l.Replies {
		if !r.Outcome.Says() && r.Outcome != Delegated {
			all = append(all, r)
		}
	}
	return all
}

// MissesIPv6 tells servers that are silent over IPv6 from a machine that has none: then all of them are, and over IPv4 not.
func (l Look) MissesIPv6() bool {
	six, v4Answers := 0, false
	for _, r := range l.Replies {
		switch {
		case r.Addr.Is6() && !r.Addr.Is4In6():
			six++
			if r.Outcome != Silent {
				return false
			}
		case r.Addr.Is4():
			v4Answers = v4Answers || r.Outcome.Says()
		}
	}
	return v4Answers && six > 0
}

// Serial is the version of the zone that one server holds.
type Serial struct {
	Server string     `json:"server"`
	Addr   netip.Addr `json:"address"`
	Serial string     `json:"serial"`
}

// Serials returns the versions that a look at the SOA shows.
func (l Look) Serials() []Serial {
	var all []Serial
	for _, r := range l.Replies {
		if serial := serialOf(r.Records); serial != "" {
			all = append(all, Serial{r.Server, r.Addr, serial})
		}
	}
	return all
}
