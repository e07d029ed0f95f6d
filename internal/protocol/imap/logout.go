// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"io"
)

// Logout says good-bye and closes (RFC 9051, section 6.1.3). A connection that is already gone is
// logged out.
func (c *Client) Logout(ctx context.Context) error {
	err := c.do(ctx, &command{name: "LOGOUT"}, raw("LOGOUT"))
	if err == nil {
		c.transport.sendAll() // all of it was answered
	}
	_ = c.Close()
	var lost *ConnectionError
	if errors.As(err, &lost) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
