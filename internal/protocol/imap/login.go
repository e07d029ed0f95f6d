// SPDX-License-Identifier: Apache-2.0

package imap

import "context"

// Login logs in with a name and a password (RFC 9051, section 6.2.3). It is for servers that do
// not offer AUTH=PLAIN; see LogInPlain, which chooses.
func (c *Client) Login(ctx context.Context, user, password string) error {
	count := c.announcements()
	if err := c.do(ctx, &command{name: "LOGIN"}, raw("LOGIN "), str(user), raw(" "), str(password)); err != nil {
		return err
	}
	return c.refreshCapabilities(ctx, count)
}

func (c *Client) announcements() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.capsCount
}
