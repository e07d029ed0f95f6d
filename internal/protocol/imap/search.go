// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strings"
)

// SearchAll returns the UIDs of all messages of the open mailbox from first upwards. With ESEARCH
// (RFC 4731) the answer is a few ranges, however many messages there are.
func (c *Client) SearchAll(ctx context.Context, first UID) (UIDSet, error) {
	first = max(first, 1)
	var found UIDSet
	cmd := &command{name: "UID SEARCH", untagged: func(resp *response) bool {
		switch resp.name {
		case "SEARCH":
			found.AddSet(resp.uids)
		case "ESEARCH":
			found.AddSet(searchResult(resp))
		default:
			return false
		}
		return true
	}}
	line := "UID SEARCH "
	if c.Capabilities().Has("ESEARCH") || c.Capabilities().Has("IMAP4REV2") {
		line += "RETURN (ALL) "
	}
	from := NewUIDSet(first).String() + ":*"
	err := c.do(ctx, cmd, raw(line+"UID "+from))
	// "n:*" always matches the last message, even when its UID is below n (RFC 9051, section 9).
	return found.from(first), err
}

// searchResult reads (TAG "x") UID ALL 1:5 of an ESEARCH answer.
func searchResult(resp *response) UIDSet {
	for i, f := range resp.fields {
		if f.kind == kindAtom && strings.EqualFold(f.str, "ALL") {
			set, _ := ParseUIDSet(resp.field(i + 1).text()) // not a set: nothing found
			return set
		}
	}
	return UIDSet{}
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
