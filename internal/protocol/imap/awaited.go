// SPDX-License-Identifier: Apache-2.0

package imap

import "time"

// awaited measures how long the server of a connection is waited for. While an answer is owed and the reader has nothing to read, the
// server is waited for, and while a write does not go out. It is not waited for while the reader hands on what it has read, nor while
// a command is composed of what comes from elsewhere: then somebody else is. The transport's mutex guards it.
type awaited struct {
	owed      bool // an answer
	consent   bool // a "+" line, by whoever composes a command
	reading   bool
	writing   bool
	composing bool // an APPEND of messages that may still be on their way to us

	since time.Time // when one of these has changed last
	total time.Duration
	turns int // how often an answer came to be owed while none was: each takes a round trip at least
}

// set changes one of the fields, and counts the time until now.
func (a *awaited) set(field *bool, value bool) {
	if *field == value {
		return
	}
	now := time.Now()
	a.total += a.lately(now)
	if field == &a.owed && value {
		a.turns++
	}
	*field, a.since = value, now
}

// lately is how long the server has been waited for since something has changed last.
func (a *awaited) lately(now time.Time) time.Duration {
	if a.writing || a.reading && a.owed && (!a.composing || a.consent) {
		return now.Sub(a.since)
	}
	return 0
}

// Awaited returns how long the server has been waited for since the connection was opened, up to now, and in how many turns: each
// costs a round trip at least.
func (c *Client) Awaited() (total time.Duration, turns int) {
	t := c.transport
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.awaited.total + t.awaited.lately(time.Now()), t.awaited.turns
}

// note changes a field of what is measured.
func (t *transport) note(field *bool, value bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.awaited.set(field, value)
}
