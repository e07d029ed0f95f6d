// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"strconv"
	"strings"
)

// dispatch hands one response to whoever waits for it.
func (c *Client) dispatch(resp *response) {
	if c.mask != nil && (resp.name == "NO" || resp.name == "BAD" || resp.name == "BYE") {
		resp.text = c.mask(resp.text)
	}
	switch {
	case resp.continuation:
		select {
		case c.continued <- resp.text:
			c.transport.answered()
		default: // nobody asked for it: skipped like every unknown response
		}
	case resp.tag != "":
		c.complete(resp)
	default:
		c.noteUntagged(resp)
		if resp.name == "BYE" {
			c.tellRefused(resp.statusError(""))
		}
		if resp.name == "BAD" { // the server was told something that we never meant to say
			c.fail(resp.statusError(""))
		}
		c.account(resp, c.offer(resp))
	}
}

// offer hands untagged data to the oldest command that wants it, and returns that command.
func (c *Client) offer(resp *response) *command {
	for _, cmd := range c.snapshot() {
		if cmd.untagged != nil && cmd.untagged(resp) || cmd.closes && resp.name == "VANISHED" {
			return cmd
		}
	}
	return nil
}

// tellRefused tells whoever watches the connection of a NO, BAD or BYE.
func (c *Client) tellRefused(status *StatusError) {
	if c.refused != nil {
		c.refused(status)
	}
}

// noteUntagged keeps what concerns the connection itself.
func (c *Client) noteUntagged(resp *response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noteHeldLocked(resp)
	switch resp.name {
	case "CAPABILITY":
		c.setCapsLocked(resp.words())
	case "ENABLED":
		c.noteEnabledLocked(resp.words())
	case "BYE":
		if c.bye == nil { // the first one has the reason
			c.bye = resp.statusError("")
		}
		c.transport.hurry(farewell) // some servers say it and never hang up
	}
	c.noteCodeLocked(resp)
}

// noteCodeLocked takes over capabilities announced in a response code (RFC 9051, section 7.1).
func (c *Client) noteCodeLocked(resp *response) {
	if resp.code == "CAPABILITY" {
		c.setCapsLocked(strings.Fields(resp.codeArgs))
	}
}

func (c *Client) setCapsLocked(words []string) {
	c.caps = newCapabilities(words)
	c.capsCount++
}

// complete ends the command that resp's tag belongs to. A second answer to the same command is
// skipped; an answer to a command that was never sent means that the server took something for a command.
func (c *Client) complete(resp *response) {
	cmd, known := c.take(resp)
	if cmd == nil {
		if !known {
			c.fail(&syntaxError{"it answers a command that was never sent: " + strconv.Quote(printable(resp.tag+" "+resp.name+" "+resp.text))})
		}
		return
	}
	c.answered()
	cmd.status = resp
	if resp.name != "OK" {
		status := resp.statusError(cmd.name)
		cmd.err = status
		c.tellRefused(status)
	} else if cmd.accepted != nil {
		cmd.accepted()
	}
	c.tellAnswered(cmd)
	bad := resp.name == "BAD" && (cmd.excused == nil || !cmd.excused()) // see the invariants
	if bad {
		c.bar(cmd.err) // before whoever waits goes on: no command may follow
	}
	close(cmd.done) // before the connection ends, so that whoever writes meets the server's words first
	if bad {
		c.fail(cmd.err)
	}
}

// take removes the answered command from the pending ones. known is false for a foreign tag.
func (c *Client) take(resp *response) (cmd *command, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noteCodeLocked(resp)
	for i, p := range c.pending {
		if p.tag == resp.tag {
			c.pending = append(c.pending[:i], c.pending[i+1:]...)
			c.clockLocked()
			return p, true
		}
	}
	number, ok := strings.CutPrefix(resp.tag, tagPrefix)
	n, err := strconv.Atoi(number)
	return nil, ok && err == nil && n >= 1 && n <= c.tagCount
}
