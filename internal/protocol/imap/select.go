// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"math"
	"strconv"
	"strings"
)

// Selected is what a server says of a mailbox when it is opened (RFC 9051, section 6.3.2).
type Selected struct {
	Name           string
	Messages       Count // EXISTS; the answer must have it (RFC 9051, section 6.3.2), and some lack it
	UIDNext        UID   // 0 when the server does not say
	UIDValidity    uint32
	HighestModSeq  uint64 // 0 without CONDSTORE, or for a mailbox that keeps none (NOMODSEQ)
	Flags          []string
	PermanentFlags []string // nil when the server does not say: then all flags can be kept
	ReadOnly       bool
	MailboxID      string // "" without OBJECTID (RFC 8474)
}

// AnyKeyword reports whether the mailbox takes keywords it has not seen before.
func (s Selected) AnyKeyword() bool {
	if s.PermanentFlags == nil {
		return true
	}
	for _, f := range s.PermanentFlags {
		if f == `\*` {
			return true
		}
	}
	return false
}

// Select opens a mailbox for changes.
func (c *Client) Select(ctx context.Context, name string) (Selected, error) {
	return c.open(ctx, "SELECT", name)
}

// Examine opens a mailbox for reading only: nothing in it can change by mistake.
func (c *Client) Examine(ctx context.Context, name string) (Selected, error) {
	return c.open(ctx, "EXAMINE", name)
}

func (c *Client) open(ctx context.Context, verb, name string) (Selected, error) {
	opening, err := c.openAhead(ctx, verb, name, c.openParameters(), nil)
	return opening.orWait(ctx, err)
}

func (c *Client) openParameters() string {
	if caps := c.Capabilities(); caps.Has("CONDSTORE") || caps.Has("QRESYNC") {
		return " (CONDSTORE)" // RFC 7162, section 3.1.8
	}
	return ""
}

// Opening is an EXAMINE or SELECT under way. Wait must be called on each.
type Opening struct {
	client   *Client
	cmd      *command
	selected Selected   // the reader's, until the command is done
	closing  *Answer    // of the mailbox that was open before; may be nil
	changes  *fetchSink // may be nil
}

// ExamineAhead sends EXAMINE without waiting for its answer, so that what is asked about the mailbox
// can be sent behind it (RFC 9051, section 5.5). When it is refused, no mailbox is open, and the server
// answers BAD to that, which ends the connection.
func (c *Client) ExamineAhead(ctx context.Context, name string) (*Opening, error) {
	return c.openAhead(ctx, "EXAMINE", name, c.openParameters(), nil)
}

// SelectAhead is the same for SELECT.
func (c *Client) SelectAhead(ctx context.Context, name string) (*Opening, error) {
	return c.openAhead(ctx, "SELECT", name, c.openParameters(), nil)
}

// openAhead sends SELECT or EXAMINE; sink, if there is one, gets the changes.
func (c *Client) openAhead(ctx context.Context, verb, name, parameters string, sink *fetchSink) (*Opening, error) {
	o := &Opening{client: c, changes: sink, selected: Selected{Name: name, ReadOnly: verb == "EXAMINE"}}
	most := 0
	if sink != nil {
		most, sink.held = mostMessages, func() Count { return o.selected.Messages }
	}
	// What comes of messages until the mailbox is open belongs to the one before, unless changes were asked for.
	o.cmd = &command{name: verb + " " + strconv.Quote(name), lazy: true, fetch: sink, closes: sink == nil, most: most}
	o.cmd.untagged = func(resp *response) bool {
		return o.selected.take(resp) || sink != nil && sink.takeVanished(resp)
	}
	o.cmd.accepted = func() { // by the reader, before anything that comes behind the answer
		c.mu.Lock()
		c.held = o.selected.Messages
		c.mu.Unlock()
	}
	err := c.send(ctx, o.cmd, raw(verb+" "), c.mailbox(name), raw(parameters))
	if o.cmd.done == nil { // never began
		return nil, err
	}
	c.mu.Lock()
	c.latest = o
	c.mu.Unlock()
	return o, nil // what went wrong on the way is known to Wait, with the server's words
}

// orWait is Wait where the command has begun, and err where it has not.
func (o *Opening) orWait(ctx context.Context, err error) (Selected, error) {
	if err != nil {
		return Selected{}, err
	}
	return o.Wait(ctx)
}

// Wait returns when the server has answered.
func (o *Opening) Wait(ctx context.Context) (Selected, error) {
	err := o.client.wait(ctx, o.cmd)
	if o.closing != nil {
		if err := o.closing.Wait(ctx); err != nil && !IsStatus(err, "NO") {
			return Selected{}, err
		}
	}
	if err == nil && o.changes != nil {
		err = o.changes.err
	}
	if err == nil && o.cmd.status.code == "READ-ONLY" {
		o.selected.ReadOnly = true
	}
	o.client.mu.Lock()
	o.client.opened = err == nil // a failed one closes, too (RFC 9051, section 6.3.2)
	o.client.mu.Unlock()
	return o.selected, err
}

// existing reads "* 12 EXISTS"; without a number nothing is told.
func existing(resp *response) Count {
	if !resp.numbered {
		return Count{}
	}
	return CountOf(int64(min(resp.number, math.MaxInt64)))
}

// take collects the untagged data of an opening.
func (s *Selected) take(resp *response) bool {
	switch resp.name {
	case "EXISTS":
		s.Messages = existing(resp)
	case "RECENT":
	case "FLAGS":
		s.Flags = resp.field(0).strings()
	case "OK":
		return s.takeCode(resp)
	default:
		return false
	}
	return true
}

func (s *Selected) takeCode(resp *response) bool {
	if id := strings.Trim(resp.codeArgs, "()"); resp.code == "MAILBOXID" && isObjectID(id) {
		s.MailboxID = id
		return true
	}
	number, err := strconv.ParseUint(strings.TrimSpace(resp.codeArgs), 10, 64)
	valid := err == nil
	switch resp.code {
	case "UIDVALIDITY":
		s.UIDValidity = within32(number)
	case "UIDNEXT":
		s.UIDNext = UID(within32(number))
	case "HIGHESTMODSEQ":
		s.HighestModSeq = number
	case "PERMANENTFLAGS":
		s.PermanentFlags = strings.Fields(strings.Trim(resp.codeArgs, "()"))
		if s.PermanentFlags == nil {
			s.PermanentFlags = []string{} // said, and none
		}
		return true
	default:
		return false
	}
	return valid
}
