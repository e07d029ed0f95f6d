// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
)

// Grant is one line of a mailbox's access control list (RFC 4314).
type Grant struct {
	Identifier string // a user, "anyone", a group; with "-" in front the rights are denied
	Rights     string // one letter each, RFC 4314, section 2.1
}

// MyRights returns what the user may do with a mailbox (RFC 4314, section 3.5), and ok false when the
// server does not know about rights.
func (c *Client) MyRights(ctx context.Context, name string) (rights string, ok bool, err error) {
	if !c.Capabilities().Has("ACL") {
		return "", false, nil
	}
	names := c.names()
	cmd := &command{name: "MYRIGHTS " + strconv.Quote(name), untagged: func(resp *response) bool {
		if resp.name != "MYRIGHTS" {
			return false
		}
		if canonicalName(names.decode(resp.field(0).text())) == canonicalName(name) {
			rights, ok = printable(resp.field(1).text()), true
		}
		return true
	}}
	err = c.do(ctx, cmd, raw("MYRIGHTS "), c.mailbox(name))
	return rights, ok, err
}

// ACL returns who may do what with a mailbox (GETACL, RFC 4314, section 3.3), and nothing when the
// server does not know about rights. Servers refuse it to users who may not administer the mailbox.
func (c *Client) ACL(ctx context.Context, name string) ([]Grant, error) {
	if !c.Capabilities().Has("ACL") {
		return nil, nil
	}
	names := c.names()
	var grants []Grant
	cmd := &command{name: "GETACL " + strconv.Quote(name), untagged: func(resp *response) bool {
		if resp.name != "ACL" {
			return false
		}
		if canonicalName(names.decode(resp.field(0).text())) == canonicalName(name) {
			grants = newGrants(resp.words())
		}
		return true
	}}
	err := c.do(ctx, cmd, raw("GETACL "), c.mailbox(name))
	return grants, err
}

// newGrants reads name (identifier rights)...; an identifier without rights is left out.
func newGrants(words []string) []Grant {
	var grants []Grant
	for i := 1; i+1 < len(words); i += 2 {
		grants = append(grants, Grant{Identifier: words[i], Rights: printable(words[i+1])})
	}
	return grants
}
