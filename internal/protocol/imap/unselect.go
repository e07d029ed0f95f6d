// SPDX-License-Identifier: Apache-2.0

package imap

import "context"

// Unselect closes the mailbox without expunging (RFC 3691). Servers without it get an EXAMINE of a
// mailbox that cannot exist, which closes just as quietly.
func (c *Client) Unselect(ctx context.Context) error {
	cmd, line := c.unselectCommand()
	err := c.leave(c.do(ctx, cmd, line))
	if IsStatus(err, "NO") {
		return nil
	}
	return err
}

// UnselectAhead is Unselect that does not wait. There is nothing to learn from the answer: a NO has
// closed the mailbox as well, and anything worse ends the connection. Where the opening before it is refused, nothing is open, and
// the BAD that servers answer is earned.
func (c *Client) UnselectAhead(ctx context.Context) error {
	cmd, line := c.unselectCommand()
	cmd.lazy = true
	c.mu.Lock()
	if c.latest != nil {
		cmd.excused = c.latest.shut
	}
	c.mu.Unlock()
	return c.leave(c.send(ctx, cmd, line))
}

// LeaveAhead is UnselectAhead where it is not known whether a mailbox is open. Where none is, nothing is sent.
func (c *Client) LeaveAhead(ctx context.Context) error {
	if !c.isOpened() {
		return nil
	}
	return c.UnselectAhead(ctx)
}

// Leave is Unselect where it is not known whether a mailbox is open. Where none is, nothing is sent.
func (c *Client) Leave(ctx context.Context) error {
	if !c.isOpened() {
		return nil
	}
	return c.Unselect(ctx)
}

func (c *Client) isOpened() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// leave notes that no mailbox is open any more, and returns err.
func (c *Client) leave(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = false
	return err
}

func (c *Client) unselectCommand() (*command, part) {
	if c.Capabilities().Has("UNSELECT") {
		return &command{name: "UNSELECT", closes: true}, raw("UNSELECT")
	}
	return &command{name: "EXAMINE", closes: true}, raw(`EXAMINE "rehome no such mailbox"`)
}
