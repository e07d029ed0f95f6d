// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
)

// Delete removes a mailbox with its messages (RFC 9051, section 6.3.5), and not those below it. That it
// does not exist is not an error.
func (c *Client) Delete(ctx context.Context, name string) error {
	err := c.do(ctx, &command{name: "DELETE " + strconv.Quote(name)}, raw("DELETE "), c.mailbox(name))
	if IsCode(err, "NONEXISTENT") { // RFC 5530
		return nil
	}
	return err
}
