// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strings"
	"time"
)

// Exchange is one command and its answer without anything that either holds: it may be logged, whatever the command
// carries, be it a password or a message.
type Exchange struct {
	Command string        // the verb: "UID FETCH", "AUTHENTICATE PLAIN"
	Answer  string        // OK, NO or BAD
	Took    time.Duration // since the command began to be written; commands that overlap count the same time
	Sent    int64         // octets of the command on the line
	// Received is how many octets have come since the answer before. The sum over a connection is exact; a share may
	// hold what the network has brought of the next answer.
	Received int64
}

// effort is what a command has cost so far.
type effort struct {
	began   time.Time
	written int64 // before it was written; then by it
}

// beginEffort and endEffort stand around the writing of a command, under its lock; the caller holds c.mu.
func (c *Client) beginEffort(cmd *command) {
	if c.observed != nil {
		cmd.effort = effort{began: time.Now(), written: c.transport.written.Load()}
	}
}

func (c *Client) endEffort(cmd *command) {
	if c.observed != nil {
		cmd.effort.written = c.transport.written.Load() - cmd.effort.written
	}
}

// tellAnswered tells whoever watches. It runs on the reader. Of a command that is answered before it is written to its
// end it tells what has been sent by then.
func (c *Client) tellAnswered(cmd *command) {
	if c.observed == nil {
		return
	}
	c.mu.Lock()
	began := cmd.effort.began
	sent := cmd.effort.written
	if !cmd.sent { // its writer has not come back, and nobody else writes meanwhile
		sent = c.transport.written.Load() - sent
	}
	c.mu.Unlock()
	read := c.transport.read.Load()
	c.observed(Exchange{Command: verb(cmd.name), Answer: cmd.status.name, Took: time.Since(began), Sent: sent, Received: read - c.heard})
	c.heard = read
}

// verb cuts the name of a command in front of its quoted argument.
func verb(name string) string {
	head, _, _ := strings.Cut(name, `"`)
	return strings.TrimSpace(head)
}
