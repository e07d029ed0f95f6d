// SPDX-License-Identifier: Apache-2.0

package imap

import "strconv"

// Count is a number of messages as a server has told it. The zero value is a number that it has not
// told, and that is another thing than none: a mailbox is empty only when its server says so.
type Count struct {
	n    int64
	told bool
}

// CountOf returns a number that was told.
func CountOf(n int64) Count { return Count{n: n, told: true} }

// Told returns the number, and false when the server has not told it.
func (c Count) Told() (n int64, ok bool) { return c.n, c.told }

// Is reports whether the server has told this very number.
func (c Count) Is(n int64) bool { return c.told && c.n == n }

// String renders the number, or "unknown".
func (c Count) String() string {
	if !c.told {
		return "unknown"
	}
	return strconv.FormatInt(c.n, 10)
}

// Held returns how many messages the open mailbox holds, by the last EXISTS and by what was expunged
// since (RFC 9051, sections 7.4.1 and 7.5.1). A listing is complete only if it shows so many.
func (c *Client) Held() Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// noteHeldLocked follows the number of messages of the open mailbox. While another is being opened the
// old one may still have something to say: the answer to the opening replaces it all, see openAhead.
func (c *Client) noteHeldLocked(resp *response) {
	switch resp.name {
	case "EXISTS":
		c.held = existing(resp)
	case "EXPUNGE":
		c.held = c.held.less(1)
	case "VANISHED": // with EARLIER it tells what EXISTS leaves out already (RFC 7162, section 3.2.10)
		if len(resp.fields) == 1 {
			gone, _ := ParseUIDSet(resp.field(0).text())
			c.held = c.held.less(int64(gone.Len()))
		}
	}
}

// less takes n messages away; a number that falls below none is not one.
func (c Count) less(n int64) Count {
	if !c.told || c.n < n {
		return Count{}
	}
	return CountOf(c.n - n)
}
