// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
)

// Subscribe puts a mailbox on the list that clients show (RFC 9051, section 6.3.7).
func (c *Client) Subscribe(ctx context.Context, name string) error {
	answer, err := c.SubscribeAhead(ctx, name)
	if err != nil {
		return err
	}
	return answer.Wait(ctx)
}

// SubscribeAhead sends SUBSCRIBE without waiting for its answer.
func (c *Client) SubscribeAhead(ctx context.Context, name string) (*Answer, error) {
	return c.sendAhead(ctx, &command{name: "SUBSCRIBE " + strconv.Quote(name)}, raw("SUBSCRIBE "), c.mailbox(name))
}

// Unsubscribe takes a mailbox off that list (RFC 9051, section 6.3.8). Servers keep the entry of a
// mailbox that is deleted or renamed.
func (c *Client) Unsubscribe(ctx context.Context, name string) error {
	return c.do(ctx, &command{name: "UNSUBSCRIBE " + strconv.Quote(name)}, raw("UNSUBSCRIBE "), c.mailbox(name))
}
