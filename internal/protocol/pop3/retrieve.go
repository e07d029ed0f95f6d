// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// Retrieve writes a whole message, octet by octet as it comes, and returns how many there were. A refusal is a *StatusError; a
// *WriteError is the writer's own, and the connection can still be used. A server that announces EXPIRE 0 is not asked, and the
// error is ErrDeletes.
func (c *Client) Retrieve(ctx context.Context, number int, to io.Writer) (octets int64, err error) {
	return c.one(ctx, whole, number, to)
}

// Top is Retrieve for the header and the first lines of the body, which no server deletes for.
func (c *Client) Top(ctx context.Context, number, lines int, to io.Writer) (octets int64, err error) {
	return c.one(ctx, lines, number, to)
}

// Taker takes messages that were asked for together, in the order in which they were.
type Taker interface {
	// Begin says where a message goes.
	Begin(number int) io.Writer
	// End is told how many octets a message had, or why it did not come, as the error of Retrieve. Its error ends the
	// reading; so does a broken connection.
	End(number int, octets int64, err error) error
}

// RetrieveEach is Retrieve for many messages. Where the server takes commands one behind the other (RFC 2449, section 6.6), it
// never waits for ours. After an error of the taker's the answers that are still under way are lost, and the connection with
// them.
func (c *Client) RetrieveEach(ctx context.Context, numbers []int, taker Taker) error {
	return c.each(ctx, whole, numbers, taker)
}

// TopEach is RetrieveEach for headers and first lines.
func (c *Client) TopEach(ctx context.Context, numbers []int, lines int, taker Taker) error {
	return c.each(ctx, lines, numbers, taker)
}

// whole stands for all lines.
const whole = -1

// single takes one message.
type single struct {
	to     io.Writer
	octets int64
	err    error
}

func (s *single) Begin(int) io.Writer { return s.to }

func (s *single) End(_ int, octets int64, err error) error {
	s.octets, s.err = octets, err
	return nil
}

func (c *Client) one(ctx context.Context, lines, number int, to io.Writer) (int64, error) {
	s := &single{to: to}
	if err := c.each(ctx, lines, []int{number}, s); err != nil {
		return s.octets, err
	}
	return s.octets, s.err
}

func (c *Client) each(ctx context.Context, lines int, numbers []int, taker Taker) error {
	if lines == whole && c.caps.Expire == "0" {
		return ErrDeletes
	}
	ahead := 1
	if c.caps.Pipelining {
		ahead = window
	}
	verb, sent := "RETR", 0
	if lines != whole {
		verb = "TOP"
	}
	for i, number := range numbers {
		for ; sent < min(i+ahead, len(numbers)); sent++ {
			if err := c.send(ctx, command(lines, numbers[sent])); err != nil {
				return err
			}
		}
		_, err := c.status(ctx, verb)
		var octets int64
		if err == nil {
			octets, err = c.body(ctx, verb, number, taker.Begin(number))
		}
		if c.broken != nil {
			return errors.Join(taker.End(number, octets, c.broken), c.broken)
		}
		if err := taker.End(number, octets, err); err != nil {
			if sent > i+1 {
				_ = c.fail(ctx, err) // answers are under way that nobody takes
			}
			return err
		}
	}
	return nil
}

func command(lines, number int) string {
	if lines == whole {
		return fmt.Sprintf("RETR %d", number)
	}
	return fmt.Sprintf("TOP %d %d", number, lines)
}

// body writes the lines of a message up to the one with nothing but a dot, and takes the dots away that were put in front of
// others. A line begins behind CRLF only: a message in which the server lets a lone LF stand does not end at "\n.". Lines of a
// server whose status lines end with LF alone begin behind that.
func (c *Client) body(ctx context.Context, verb string, number int, to io.Writer) (octets int64, err error) {
	defer c.wire.watch(ctx)()
	most := c.most.message
	if verb == "TOP" {
		most = c.most.top
	}
	var failed error
	begins, returned := true, false // at the beginning of a line; behind a CR
	for {
		part, err := c.in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return octets, c.fail(ctx, cut(err))
		}
		if begins && c.isEnd(part) {
			c.wire.answered()
			return octets, failed
		}
		ends := bytes.HasSuffix(part, []byte("\r\n")) || returned && string(part) == "\n" || c.bare && bytes.HasSuffix(part, []byte("\n"))
		returned = bytes.HasSuffix(part, []byte("\r"))
		if begins {
			part = bytes.TrimPrefix(part, []byte("."))
		}
		begins = ends
		if octets += int64(len(part)); octets > most {
			return octets, c.fail(ctx, &SyntaxError{fmt.Sprintf("%s %d of more than %d MiB", verb, number, most>>20)})
		}
		if failed == nil {
			if _, err := to.Write(part); err != nil {
				failed = &WriteError{Number: number, Err: err}
			}
		}
	}
}

func (c *Client) isEnd(line []byte) bool {
	return string(line) == ".\r\n" || c.bare && string(line) == ".\n"
}

// cut says that a message has no end.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
