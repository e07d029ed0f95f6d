// SPDX-License-Identifier: Apache-2.0

package imap

import "context"

// ProxyAuth makes the session that of another user, after the log-in as an administrator. It is a
// command of the Netscape, iPlanet, Sun and Oracle messaging servers that no RFC describes.
func (c *Client) ProxyAuth(ctx context.Context, user string) error {
	count := c.announcements()
	if err := c.do(ctx, &command{name: "PROXYAUTH"}, raw("PROXYAUTH "), str(user)); err != nil {
		return err
	}
	return c.refreshCapabilities(ctx, count)
}
