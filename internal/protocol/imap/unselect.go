// SPDX-License-Identifier: Apache-2.0

package imap

import "context"

// Unselect closes the mailbox without expunging (RFC 3691). Servers without it get an EXAMINE of a
// mailbox that cannot exist, which closes just as quietly.
func (c *Client) Unselect(ctx context.Context) error {
	cmd, line := c.unselectCommand()
	err := c.do(ctx, cmd, line)
	c.mu.Lock()
	c.opened = false
	c.mu.Unlock()
	if IsStatus(err, "NO") {
		return nil
	}
	return err
}

func (c *Client) unselectCommand() (*command, part) {
	if c.Capabilities().Has("UNSELECT") {
		return &command{name: "UNSELECT", closes: true}, raw("UNSELECT")
	}
	return &command{name: "EXAMINE", closes: true}, raw(`EXAMINE "rehome no such mailbox"`)
}
