// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strings"
)

// Enable switches extensions on that change what a server sends (RFC 5161) and returns those that
// are on now. Names that the server does not announce are left out: it would ignore them. It must be
// called after the log-in and before a mailbox is opened.
//
// QRESYNC (RFC 7162) allows ExamineSinceAhead and FetchItems.Vanished; UTF8=ACCEPT (RFC 9755) turns
// mailbox names on the wire into UTF-8, which this client then speaks.
func (c *Client) Enable(ctx context.Context, extensions ...string) ([]string, error) {
	caps := c.Capabilities()
	var known []string
	for _, name := range extensions {
		if caps.Has(name) {
			known = append(known, strings.ToUpper(name))
		}
	}
	if len(known) == 0 || !caps.Has("ENABLE") && !caps.Has("QRESYNC") { // RFC 7162, section 3.2.3: QRESYNC implies it
		return nil, nil
	}
	cmd := &command{name: "ENABLE", untagged: func(resp *response) bool { return resp.name == "ENABLED" }}
	if err := c.do(ctx, cmd, raw("ENABLE "+strings.Join(known, " "))); err != nil {
		return nil, err
	}
	var on []string
	for _, name := range known {
		if c.Enabled(name) {
			on = append(on, name)
		}
	}
	return on, nil
}

// Enabled reports whether the server has switched an extension on.
func (c *Client) Enabled(extension string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enabled[strings.ToUpper(extension)]
}

// noteEnabledLocked takes over what the server has switched on. It is called by the reader as soon as
// that is said, because everything behind is to be read in the new way.
func (c *Client) noteEnabledLocked(words []string) {
	if c.enabled == nil {
		c.enabled = map[string]bool{}
	}
	for _, name := range words {
		c.enabled[strings.ToUpper(name)] = true
	}
}
