// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// part is a piece of a command line: text that is sent as it is, or a string that needs a literal.
type part struct {
	text    string
	literal bool
}

// raw is command text, already in its wire form.
func raw(text string) part { return part{text: text} }

// str renders s as a quoted string, or as a literal when it has octets that quotes cannot hold
// (RFC 9051, section 4.3).
func str(s string) part {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return part{text: s, literal: true}
		}
	}
	return raw(`"` + quoting.Replace(s) + `"`)
}

var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// mailbox renders a mailbox name in the form that the connection speaks.
func (c *Client) mailbox(name string) part { return str(c.names().encode(name)) }

// checkParts refuses what cannot be sent in any form, before the first byte goes out.
func checkParts(parts []part) error {
	for _, p := range parts {
		if strings.IndexByte(p.text, 0) >= 0 { // RFC 9051, section 9: CHAR8
			return &ArgumentError{What: "string", Value: "", Why: "holds a NUL octet"}
		}
	}
	return nil
}

// writeParts writes the tag, the parts and the line end.
func (c *Client) writeParts(ctx context.Context, cmd *command, parts []part) error {
	if err := c.writeString(cmd.tag + " "); err != nil {
		return err
	}
	for _, p := range parts {
		if err := c.writePart(ctx, cmd, p); err != nil {
			return err
		}
	}
	return c.writeString("\r\n")
}

func (c *Client) writePart(ctx context.Context, cmd *command, p part) error {
	if p.literal {
		if err := c.announceLiteral(ctx, cmd, int64(len(p.text))); err != nil {
			return err
		}
	}
	return c.writeString(p.text)
}

func (c *Client) writeString(s string) error {
	if _, err := c.out.WriteString(s); err != nil {
		return c.writeFailed(err)
	}
	return nil
}

// literalMinusLimit is the largest non-synchronising literal under LITERAL- (RFC 7888, section 5).
const literalMinusLimit = 4096

// announceLiteral writes "{n}" or "{n+}" with its line end, and waits for the server's "+" where it
// has to. When the server refuses instead, the command is over and its answer is the error.
func (c *Client) announceLiteral(ctx context.Context, cmd *command, size int64) error {
	caps := c.Capabilities()
	if caps.Has("LITERAL+") || caps.Has("LITERAL-") && size <= literalMinusLimit {
		return c.writeString("{" + strconv.FormatInt(size, 10) + "+}\r\n")
	}
	return c.announceAndWait(ctx, cmd, size)
}

// announceAndWait writes "{n}" with its line end, and waits for the server's "+".
func (c *Client) announceAndWait(ctx context.Context, cmd *command, size int64) error {
	c.forgetContinuation()
	if err := c.writeString("{" + strconv.FormatInt(size, 10) + "}\r\n"); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	c.await(true)
	defer c.await(false)
	return c.awaitContinuation(ctx, cmd)
}

// forgetContinuation drops a "+" that nobody has waited for: it must not answer what comes next.
func (c *Client) forgetContinuation() {
	select {
	case <-c.continued:
	default:
	}
}

// awaitContinuation waits for "+", or for the tagged answer that comes instead.
func (c *Client) awaitContinuation(ctx context.Context, cmd *command) error {
	select {
	case <-c.continued:
		return nil
	case <-ctx.Done():
		c.fail(ctx.Err())
		return ctx.Err()
	case <-cmd.done:
	}
	select {
	case <-c.continued: // the "+" came first, then a refusal: the server reads the literal all the same
		return nil
	default:
	}
	if cmd.err != nil {
		return cmd.err
	}
	err := &syntaxError{cmd.name + " was completed before its arguments were sent"}
	c.fail(err)
	return err
}
