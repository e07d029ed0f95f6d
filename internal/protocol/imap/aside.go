// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"errors"
	"maps"
)

// ErrAside is what each command of a client of Aside fails with.
var ErrAside = errors.New("nothing may be asked of this mailbox now")

// Aside returns a client that knows what c knows of its server, and to which a mailbox seems to be open that holds so many messages.
// It is for those who have asked all that they want to know of a mailbox together with its opening, and must not ask more, because c
// has another mailbox open by now: each command fails with ErrAside, and nothing is sent. It never ends, and Close does nothing.
func (c *Client) Aside(held Count) *Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Client{
		aside: true, held: held, caps: c.caps, capsCount: c.capsCount, greeting: c.greeting, enabled: maps.Clone(c.enabled),
	}
}
