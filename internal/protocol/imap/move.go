// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// Copied is what a server says of messages that it has put into another mailbox (RFC 4315, section 3).
// From and To belong together one by one; both are nil when the server does not say.
type Copied struct {
	UIDValidity uint32 // of the other mailbox
	From, To    []UID
}

// Move puts messages of the open mailbox into another one (RFC 6851). Without MOVE they are copied,
// marked and expunged, and a server that cannot expunge just these (no UIDPLUS) gets nothing: that is
// an *UnsupportedError. An error in between may leave messages in both mailboxes, never in none.
func (c *Client) Move(ctx context.Context, uids UIDSet, to string) (Copied, error) {
	caps := c.Capabilities()
	switch {
	case caps.Has("MOVE"):
		return c.transfer(ctx, uids, "UID MOVE", to)
	case !caps.Has("UIDPLUS"):
		return Copied{}, &UnsupportedError{Command: "UID MOVE", Extension: "MOVE or UIDPLUS"}
	}
	copied, err := c.Copy(ctx, uids, to)
	if err != nil {
		return copied, err
	}
	if err := c.Store(ctx, uids, StoreAdd, []string{`\Deleted`}); err != nil {
		return copied, err
	}
	return copied, c.Expunge(ctx, uids)
}

// Copy puts copies of messages of the open mailbox into another one (RFC 9051, section 6.4.7).
func (c *Client) Copy(ctx context.Context, uids UIDSet, to string) (Copied, error) {
	return c.transfer(ctx, uids, "UID COPY", to)
}

// transfer runs UID COPY or UID MOVE, as often as the set needs.
func (c *Client) transfer(ctx context.Context, uids UIDSet, verb, to string) (Copied, error) {
	var all Copied
	complete := true
	for _, set := range uids.lines() {
		var found Copied
		cmd := &command{name: verb, untagged: func(resp *response) bool {
			if resp.name != "OK" || resp.code != "COPYUID" { // MOVE says it before the expunges (RFC 6851, section 4.3)
				return false
			}
			found = newCopied(resp)
			return true
		}}
		if err := c.do(ctx, cmd, raw(verb+" "+set.String()+" "), c.mailbox(to)); err != nil {
			return all, err
		}
		if cmd.status.code == "COPYUID" {
			found = newCopied(cmd.status)
		}
		complete = complete && found.From != nil
		all = Copied{UIDValidity: found.UIDValidity, From: append(all.From, found.From...), To: append(all.To, found.To...)}
	}
	if !complete {
		all.From = nil
		all.To = nil
	}
	return all, nil
}

// newCopied reads [COPYUID validity from to]; what does not fit together is no answer.
func newCopied(resp *response) Copied {
	args := strings.Fields(resp.codeArgs)
	if len(args) != 3 {
		return Copied{}
	}
	validity, err := strconv.ParseUint(args[0], 10, 32)
	from, fromOK := listUIDs(args[1])
	to, toOK := listUIDs(args[2])
	if err != nil || !fromOK || !toOK || len(from) != len(to) {
		return Copied{}
	}
	return Copied{UIDValidity: uint32(validity), From: from, To: to}
}

// maxListed bounds the UIDs of one COPYUID code; a set of one command's line cannot honestly be longer
// than all messages of a very large mailbox.
const maxListed = 1 << 24

// listUIDs expands a sequence set in its own order.
func listUIDs(text string) ([]UID, bool) {
	runs, ok := parseRuns(text)
	total := uint64(0)
	for _, r := range runs {
		total += uint64(r.Last-r.First) + 1
	}
	if !ok || total == 0 || total > maxListed {
		return nil, false
	}
	uids := make([]UID, 0, total)
	for _, r := range runs {
		for uid := uint64(r.First); uid <= uint64(r.Last); uid++ {
			uids = append(uids, UID(uid))
		}
	}
	return uids, true
}
