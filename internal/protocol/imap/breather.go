// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strings"
)

// isCourier tells Courier by its greeting, or by an extension that nobody else has made.
func (c *Client) isCourier() bool {
	return strings.Contains(c.greeting, "Courier") || c.Capabilities().Has("ACL2=UNION")
}

// breath is how many commands that may be refused are sent in a row. Courier 5.0 hangs up after ten
// refusals without a success between them, so a NOOP goes out before there can be so many.
const breath = 5

// breathe sends a NOOP, for whose answer nobody waits, when it is time for one. It costs no round trip.
func (c *Client) breathe(ctx context.Context) error {
	if !c.isCourier() {
		return nil
	}
	c.mu.Lock()
	c.unbroken++
	due := c.unbroken > breath
	if due {
		c.unbroken = 1
	}
	c.mu.Unlock()
	if !due {
		return nil
	}
	return c.send(ctx, &command{name: "NOOP"}, raw("NOOP"))
}
