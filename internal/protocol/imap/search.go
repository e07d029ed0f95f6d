// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"math"
	"strings"
)

// SearchAll returns the UIDs of all messages of the open mailbox from first upwards. With ESEARCH
// (RFC 4731) the answer is a few ranges, however many messages there are.
func (c *Client) SearchAll(ctx context.Context, first UID) (UIDSet, error) {
	s, err := c.searchAhead(ctx, first, nil)
	if err != nil {
		return UIDSet{}, err
	}
	return s.Wait(ctx)
}

// SearchAhead asks for the UIDs of all messages of the mailbox that is being opened, without waiting for either answer.
// As to BAD see NewestAhead.
func (o *Opening) SearchAhead(ctx context.Context) (*SearchCommand, error) {
	return o.client.searchAhead(ctx, 1, o.shutOrEmpty)
}

// SearchCommand is a search under way. Wait must be called on each.
type SearchCommand struct {
	client *Client
	cmd    *command
	first  UID

	found      UIDSet // the reader's, until the command is done
	understood bool
	held       Count // likewise
}

// Held returns how many messages the mailbox held, by the server's own words, when the search was answered: a listing is complete
// only if it shows so many. It may be called behind a Wait that was answered with OK.
func (s *SearchCommand) Held() Count { return s.held }

func (c *Client) searchAhead(ctx context.Context, first UID, excused func() bool) (*SearchCommand, error) {
	first = max(first, 1)
	return c.search(ctx, first, excused, raw("UID "+NewUIDSet(first).String()+":*"))
}

// SearchHeader returns the UIDs of the messages of the open mailbox in which a header field holds a text, which is ASCII
// (RFC 9051, section 6.4.4). What a server's index does not know yet is missing.
func (c *Client) SearchHeader(ctx context.Context, field, text string) (UIDSet, error) {
	s, err := c.search(ctx, 1, nil, raw("HEADER "), str(field), raw(" "), str(text))
	if err != nil {
		return UIDSet{}, err
	}
	return s.Wait(ctx)
}

// search asks for the UIDs of what the criteria fit.
func (c *Client) search(ctx context.Context, first UID, excused func() bool, criteria ...part) (*SearchCommand, error) {
	s := &SearchCommand{client: c, first: first, understood: true}
	s.cmd = &command{name: "UID SEARCH", lazy: true, untagged: s.take, excused: excused}
	s.cmd.accepted = func() { s.held = c.Held() }
	line := "UID SEARCH "
	if c.Capabilities().Has("ESEARCH") {
		line += "RETURN (ALL) "
	}
	err := c.send(ctx, s.cmd, append([]part{raw(line)}, criteria...)...)
	if s.cmd.done == nil { // never began
		return nil, err
	}
	return s, nil // what went wrong on the way is known to Wait, with the server's words
}

func (s *SearchCommand) take(resp *response) bool {
	switch resp.name {
	case "SEARCH":
		s.found.AddSet(resp.uids)
	case "ESEARCH":
		set, ok := searchResult(resp)
		s.found.AddSet(set)
		s.understood = s.understood && ok
	default:
		return false
	}
	if len(s.found.ranges) > maxRuns { // in many responses as in one
		s.found = UIDSet{}
		s.understood = false
	}
	return true
}

// Wait returns when the server has answered.
func (s *SearchCommand) Wait(ctx context.Context) (UIDSet, error) {
	if err := s.client.wait(ctx, s.cmd); err != nil {
		return UIDSet{}, err
	}
	if !s.understood { // it must not look like an empty mailbox
		return UIDSet{}, &syntaxError{"the result of the search is no set of numbers"}
	}
	// "n:*" always matches the last message, even when its UID is below n (RFC 9051, section 9).
	return s.found.from(s.first), nil
}

// ListAll returns the UIDs of all messages of the open mailbox by their sequence numbers: another way to
// ask what SearchAll asks, for a server whose search or whose ranges of UIDs leave some out.
func (c *Client) ListAll(ctx context.Context) (UIDSet, error) {
	var found UIDSet
	if c.Held().Is(0) { // there is no number 1 then, which ends the connection
		return found, nil
	}
	sink := &fetchSink{uids: rangeSet(1, math.MaxUint32), held: c.Held, handler: FetchHandler{Message: func(m *Message) error {
		found.Add(m.UID)
		return nil
	}}}
	cmd := &command{name: "FETCH", fetch: sink, most: mostMessages}
	if err := c.do(ctx, cmd, raw("FETCH 1:* (UID)")); err != nil {
		return UIDSet{}, err
	}
	return found, sink.err
}

// searchResult reads (TAG "x") UID ALL 1:5 of an ESEARCH answer, which has no ALL when nothing matches
// (RFC 4731, section 3.1). ok is false when what follows ALL is not a set.
func searchResult(resp *response) (set UIDSet, ok bool) {
	for i, f := range resp.fields {
		if f.kind == kindAtom && strings.EqualFold(f.str, "ALL") {
			set, ok = ParseUIDSet(resp.field(i + 1).text())
			return set, ok && !set.Empty()
		}
	}
	return UIDSet{}, true
}

// from returns the part of the set that is not below first.
func (s UIDSet) from(first UID) UIDSet {
	if first <= 1 {
		return s
	}
	var below UIDSet
	below.AddRange(1, first-1)
	return s.Minus(below)
}
