// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"context"
	"strconv"
	"strings"
)

// Drop is what STAT says of a mailbox.
type Drop struct {
	Messages int
	Octets   int64 // as the server counts them: often an estimate
}

// Listed is one message of LIST.
type Listed struct {
	Number int   // from 1 on, in this session
	Octets int64 // as the server counts them: often an estimate
}

// Unique is one message of UIDL.
type Unique struct {
	Number int    // from 1 on, in this session
	ID     string // octets as the server sends them
}

// Stat asks how many messages there are.
func (c *Client) Stat(ctx context.Context) (Drop, error) {
	text, err := c.ask(ctx, "STAT")
	if err != nil {
		return Drop{}, err
	}
	words := strings.Fields(text)
	if len(words) < 2 {
		return Drop{}, c.fail(ctx, &SyntaxError{"STAT without two numbers"})
	}
	messages, err := strconv.ParseUint(words[0], 10, 31)
	octets, otherErr := strconv.ParseInt(words[1], 10, 64)
	if err != nil || otherErr != nil || octets < 0 || messages > maxList {
		return Drop{}, c.fail(ctx, &SyntaxError{"STAT with impossible numbers"})
	}
	return Drop{Messages: int(messages), Octets: octets}, nil
}

// List asks for the size of every message. Numbers are unique and rise.
func (c *Client) List(ctx context.Context) ([]Listed, error) {
	lines, err := c.list(ctx, "LIST", maxList)
	if err != nil {
		return nil, err
	}
	all := make([]Listed, 0, len(lines))
	last := 0
	for _, line := range lines {
		number, rest, err := numbered(line, last)
		octets, notNumber := strconv.ParseInt(rest, 10, 64)
		if err != nil || notNumber != nil || octets < 0 {
			return nil, c.fail(ctx, &SyntaxError{"LIST with the line " + quoted(line)})
		}
		all, last = append(all, Listed{Number: number, Octets: octets}), number
	}
	return all, nil
}

// maxUnique bounds an identifier: RFC 1939, section 7, allows 70 octets, and servers give more.
const maxUnique = 1000

// UIDL asks for the unique identifier of every message. Numbers are unique and rise; identifiers are as the server gives
// them, and some servers give one twice.
func (c *Client) UIDL(ctx context.Context) ([]Unique, error) {
	lines, err := c.list(ctx, "UIDL", maxList)
	if err != nil {
		return nil, err
	}
	all := make([]Unique, 0, len(lines))
	last := 0
	for _, line := range lines {
		number, id, err := numbered(line, last)
		if err != nil || id == "" || len(id) > maxUnique {
			return nil, c.fail(ctx, &SyntaxError{"UIDL with the line " + quoted(line)})
		}
		all, last = append(all, Unique{Number: number, ID: id}), number
	}
	return all, nil
}

// numbered splits a line of a list at its number, which must be more than the last one: a list with a number twice, or in
// another order, cannot be matched with anything.
func numbered(line string, last int) (number int, rest string, err error) {
	word, rest, _ := strings.Cut(line, " ")
	n, err := strconv.ParseUint(word, 10, 31)
	if err != nil || int(n) <= last {
		return 0, "", &SyntaxError{"a number out of order"}
	}
	return int(n), strings.Trim(rest, " "), nil
}

// list asks a command whose answer has several lines, and returns these without the dots in front.
func (c *Client) list(ctx context.Context, command string, most int) ([]string, error) {
	if _, err := c.ask(ctx, command); err != nil {
		return nil, err
	}
	defer c.wire.watch(ctx)()
	var lines []string
	for {
		line, err := c.line()
		switch {
		case err != nil:
			return nil, c.fail(ctx, err)
		case line == ".":
			c.wire.answered()
			return lines, nil
		case len(lines) == most:
			return nil, c.fail(ctx, &SyntaxError{command + " without an end"})
		}
		lines = append(lines, strings.TrimPrefix(line, "."))
	}
}
