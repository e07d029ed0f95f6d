// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"math"
	"strconv"
)

// Known is what a caller knows of a mailbox from an earlier session (RFC 7162, section 3.2.5).
type Known struct {
	UIDValidity uint32
	ModSeq      uint64 // HIGHESTMODSEQ at that time, not 0
	UIDs        UIDSet // only these are of interest; the empty set stands for all, new ones too
}

// ExamineSinceAhead opens a mailbox for reading and hears what has changed since known, in one round trip that it does not
// wait for: handler's Message gets the UID, flags and MODSEQ of changed messages, and of new ones unless known.UIDs leaves
// them out; Vanished gets the UIDs that are gone. It needs Enable with QRESYNC, and returns an *UnsupportedError otherwise.
//
// When the UIDVALIDITY is another one, or the mailbox keeps no MODSEQ (HighestModSeq is 0), the server
// tells no changes: then what is known says nothing about what is there.
func (c *Client) ExamineSinceAhead(ctx context.Context, name string, known Known, handler FetchHandler) (*Opening, error) {
	const verb = "EXAMINE"
	if !c.Enabled("QRESYNC") {
		return nil, &UnsupportedError{Command: verb + " with QRESYNC", Extension: "QRESYNC"}
	}
	if known.UIDValidity == 0 || known.ModSeq == 0 { // neither is a number that may be sent
		return c.openAhead(ctx, verb, name, c.openParameters(), nil)
	}
	closing, err := c.unselectAhead(ctx)
	if err != nil {
		return nil, err
	}
	sink := &fetchSink{uids: rangeSet(1, math.MaxUint32), items: FetchItems{Flags: true}, handler: handler}
	opening, err := c.openAhead(ctx, verb, name, known.parameter(), sink)
	if err == nil {
		opening.closing = closing
	}
	return opening, err
}

// unselectAhead closes the mailbox that is open, if there is one: what the server still says about it
// must not be taken for news of the next one. The answer is nil when none is open.
func (c *Client) unselectAhead(ctx context.Context) (*Answer, error) {
	c.mu.Lock()
	open := c.opened
	c.mu.Unlock()
	if !open {
		return nil, nil
	}
	cmd, line := c.unselectCommand()
	return c.sendAhead(ctx, cmd, line)
}

// parameter renders (QRESYNC (validity modseq uids)). A set that is too long for a command line is
// replaced by the range around it: the server then also names what was never known, and no harm done.
func (k Known) parameter() string {
	text := strconv.FormatUint(uint64(k.UIDValidity), 10) + " " + strconv.FormatUint(k.ModSeq, 10)
	if !k.UIDs.Empty() {
		set := k.UIDs.String()
		if len(set) > lineLimit {
			set = rangeSet(k.UIDs.ranges[0].First, k.UIDs.Max()).String()
		}
		text += " " + set
	}
	return " (QRESYNC (" + text + "))"
}
