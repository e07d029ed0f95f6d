// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// Metadata returns the annotations of a mailbox (GETMETADATA, RFC 5464, section 4.2), of the server for
// the name "", by their entry names in lower case: "/private/comment". Values are octets. It returns
// nothing when the server does not keep any.
func (c *Client) Metadata(ctx context.Context, name string) (map[string]string, error) {
	caps := c.Capabilities()
	if !caps.Has("METADATA") && (name != "" || !caps.Has("METADATA-SERVER")) {
		return nil, nil
	}
	names := c.names()
	found := map[string]string{}
	cmd := &command{name: "GETMETADATA " + strconv.Quote(name), untagged: func(resp *response) bool {
		if resp.name != "METADATA" {
			return false
		}
		if canonicalName(names.decode(resp.field(0).text())) == canonicalName(name) {
			addEntries(found, resp.field(1).list)
		}
		return true
	}}
	err := c.do(ctx, cmd, raw("GETMETADATA (DEPTH infinity) "), c.mailbox(name), raw(" (/private /shared)"))
	return found, err
}

// SetMetadata sets one annotation of a mailbox, or of the server for the name "" (SETMETADATA, RFC 5464, section 4.3). A value with
// a NUL octet, which no server here takes, is an *ArgumentError.
func (c *Client) SetMetadata(ctx context.Context, name, entry, value string) error {
	cmd := &command{name: "SETMETADATA " + strconv.Quote(name)}
	return c.do(ctx, cmd, raw("SETMETADATA "), c.mailbox(name), raw(" ("), str(entry), raw(" "), str(value), raw(")"))
}

// maxEntries bounds what a server may tell about one mailbox.
const maxEntries = 10_000

// addEntries reads (entry value ...); NIL is an entry without value (RFC 5464, section 4.4.1).
func addEntries(found map[string]string, list []value) {
	for i := 0; i+1 < len(list) && len(found) < maxEntries; i += 2 {
		if list[i+1].kind != kindNil && list[i+1].kind != kindList {
			found[strings.ToLower(list[i].text())] = list[i+1].str
		}
	}
}
