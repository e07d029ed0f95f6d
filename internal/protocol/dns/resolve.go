// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"fmt"
	"net/netip"
)

// Answer is what one server that answers says, through aliases and other zones.
type Answer struct {
	Name    string // that was asked for
	Records []Record
	Aliases []Record // in the order in which they lead on
	Exists  bool     // the last name is there
	Trust   Trust    // the weakest of all that it took
}

// Resolve asks one server for records, and follows aliases from zone to zone. That there is none is an answer; an error says
// that it is not known.
func (c *Client) Resolve(ctx context.Context, name string, kind Type) (Answer, error) {
	return c.resolve(ctx, newBudget(), canonical(name), kind, 0)
}

func (c *Client) resolve(ctx context.Context, b *budget, name string, kind Type, nested int) (Answer, error) {
	answer := Answer{Name: name, Trust: Trust{State: Secure}}
	at := name
	for len(answer.Aliases) <= maxAliases {
		zone, err := c.find(ctx, b, at, nested)
		if err != nil {
			return Answer{}, err
		}
		reply, err := c.first(ctx, b, zone, at, kind)
		if err != nil {
			return Answer{}, &LookupError{Name: at, Zone: zone.Name, Err: err}
		}
		if reply.Outcome == Delegated {
			return Answer{}, &LookupError{Name: at, Zone: zone.Name, Err: fmt.Errorf("it leads on to %s, which does not begin a zone",
				referral(reply.raw, zone.Name, at))}
		}
		answer.Trust = weaker(answer.Trust, c.trustReply(zone, reply, at, kind))
		answer.Aliases = append(answer.Aliases, reply.Aliases...)
		target := reply.target()
		if target == "" || within(target, zone.Name) && (len(reply.Records) > 0 || reply.Outcome != Answered) {
			answer.Records, answer.Exists = reply.Records, reply.Outcome != NoName
			return answer, nil
		}
		at = target
	}
	return Answer{}, &LookupError{Name: name, Err: fmt.Errorf("its aliases lead on more than %d times, or in a circle", maxAliases)}
}

// Addresses returns all addresses of a host, through aliases. None is an answer.
func (c *Client) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	var found []Record
	for _, kind := range []Type{A, AAAA} {
		answer, err := c.Resolve(ctx, host, kind)
		if err != nil {
			return nil, err
		}
		found = append(found, answer.Records...)
	}
	return addresses(found), nil
}
