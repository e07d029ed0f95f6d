// SPDX-License-Identifier: Apache-2.0

package imap

import "context"

// Noop does nothing and shows that the connection works (RFC 9051, section 6.1.2).
func (c *Client) Noop(ctx context.Context) error {
	return c.do(ctx, &command{name: "NOOP"}, raw("NOOP"))
}
