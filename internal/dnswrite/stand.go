// SPDX-License-Identifier: Apache-2.0

package dnswrite

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"rehome/internal/protocol/dns"
)

// Asker asks every authoritative server. *dns.Client is one.
type Asker interface {
	Look(ctx context.Context, name string, kind dns.Type) (dns.Look, error)
}

// Standing is what the authoritative servers say about one set.
type Standing struct {
	Want    Set       `json:"want"`
	Servers []Says    `json:"servers"` // one for each address, or for a server without one
	At      time.Time `json:"at"`      // when the last one answered
	// Everywhere says that every server has the values and the TTL, and none is silent.
	Everywhere bool `json:"everywhere"`
	// Longest is the longest TTL that any server gives, of whatever it has: for so long a resolver may go on with it.
	Longest int `json:"longest_ttl_seconds"`
}

// Says is what one address of a server says.
type Says struct {
	Server string     `json:"server"`
	Addr   netip.Addr `json:"address,omitzero"`
	At     time.Time  `json:"at"`
	Values []string   `json:"values"`
	TTL    int        `json:"ttl_seconds"`
	Right  bool       `json:"right"`           // it has the values
	Words  string     `json:"words,omitempty"` // why it says nothing that counts
}

// Stand asks every authoritative server of the zone for each set. A server that is silent or does not know the zone does not
// have it; only if all are silent over IPv6, and over IPv4 not, IPv6 is left out. The error is that the zone was not found, or the context's.
func Stand(ctx context.Context, asker Asker, sets []Set) ([]Standing, error) {
	var all []Standing
	for _, want := range sets {
		look, err := asker.Look(ctx, want.Name, want.Type)
		if err != nil {
			return nil, err
		}
		all = append(all, standing(look, want))
	}
	return all, nil
}

func standing(look dns.Look, want Set) Standing {
	replies := reached(look)
	s := Standing{Want: want, At: look.At, Everywhere: len(replies) > 0}
	for _, r := range replies {
		says := Says{Server: r.Server, Addr: r.Addr, At: r.At, Words: r.Words}
		set := ownSet(r, want.Key)
		if r.Outcome.Says() {
			says.Right = set.sameValues(want)
		}
		says.Values, says.TTL = set.Values, set.TTL
		s.Servers = append(s.Servers, says)
		s.Everywhere = s.Everywhere && says.Right && set.TTL == want.TTL
		s.Longest = max(s.Longest, set.TTL)
	}
	return s
}

// reached are the replies that count: without IPv6 on this machine, those over IPv4.
func reached(look dns.Look) []dns.Reply {
	if !look.MissesIPv6() {
		return look.Replies
	}
	return slices.DeleteFunc(slices.Clone(look.Replies), func(r dns.Reply) bool { return r.Addr.Is6() })
}

// ownSet is what a reply says of the name itself, without what an alias leads to.
func ownSet(r dns.Reply, key Key) Set {
	if len(r.Aliases) > 0 || !r.Outcome.Says() {
		return NewSet(key, 0)
	}
	return NewSet(key, int(dns.LongestTTL(r.Records).Seconds()), dns.Data(r.Records)...)
}

// Missing returns the servers that do not have the set, each once.
func (s Standing) Missing() []Says {
	return slices.DeleteFunc(slices.Clone(s.Servers), func(says Says) bool { return says.Right && says.TTL == s.Want.TTL })
}

// Await asks again and again, with a pause in between, until every server has every set or ctx ends. told, which may be nil, is
// called after each look. Both ends are no error: the answer says how it stands.
func Await(ctx context.Context, asker Asker, sets []Set, pause time.Duration, told func([]Standing)) ([]Standing, error) {
	var last []Standing
	for {
		now, err := Stand(ctx, asker, sets)
		switch {
		case ctx.Err() != nil && last != nil:
			return last, nil
		case err != nil:
			return last, err
		}
		last = now
		if told != nil {
			told(now)
		}
		if !slices.ContainsFunc(now, func(s Standing) bool { return !s.Everywhere }) {
			return now, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return last, nil
		case <-timer.C:
		}
	}
}
