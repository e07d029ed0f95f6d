// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
)

// Rename gives a mailbox, and those below it, another name (RFC 9051, section 6.3.6). Renaming INBOX
// moves its messages and leaves it empty.
func (c *Client) Rename(ctx context.Context, from, to string) error {
	if err := checkName(to); err != nil {
		return err
	}
	return c.do(ctx, &command{name: "RENAME " + strconv.Quote(from)}, raw("RENAME "), c.mailbox(from), raw(" "), c.mailbox(to))
}
