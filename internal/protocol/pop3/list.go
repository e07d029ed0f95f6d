// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"context"
	"fmt"
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
	var all []Listed
	last := 0
	err := c.list(ctx, "LIST", maxList, func(line string) bool {
		number, rest, err := numbered(line, last)
		octets, notNumber := strconv.ParseInt(rest, 10, 64)
		all, last = append(all, Listed{Number: number, Octets: octets}), number
		return err == nil && notNumber == nil && octets >= 0
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// maxUnique bounds an identifier: RFC 1939, section 7, allows 70 octets, and servers give more.
const maxUnique = 1000

// UIDL asks for the unique identifier of every message. Numbers are unique and rise; identifiers are as the server gives
// them, and some servers give one twice.
func (c *Client) UIDL(ctx context.Context) ([]Unique, error) {
	var all []Unique
	last := 0
	err := c.list(ctx, "UIDL", maxList, func(line string) bool {
		number, id, err := numbered(line, last)
		all, last = append(all, Unique{Number: number, ID: id}), number
		return err == nil && id != "" && len(id) <= maxUnique
	})
	if err != nil {
		return nil, err
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

// list asks a command whose answer has several lines, and hands these to take, each without the dot in front. A line that it does
// not take ends the connection; so does an answer of too many lines or octets.
func (c *Client) list(ctx context.Context, command string, most int, take func(line string) bool) error {
	if _, err := c.ask(ctx, command); err != nil {
		return err
	}
	defer c.wire.watch(ctx)()
	octets := int64(0)
	for lines := 0; ; lines++ {
		line, err := c.line()
		octets += int64(len(line))
		switch {
		case err != nil:
			return c.fail(ctx, err)
		case line == ".":
			c.wire.answered()
			return nil
		case lines == most:
			return c.fail(ctx, &SyntaxError{command + " without an end"})
		case octets > c.most.list:
			return c.fail(ctx, &SyntaxError{fmt.Sprintf("%s of more than %d MiB", command, c.most.list>>20)})
		case !take(strings.TrimPrefix(line, ".")):
			return c.fail(ctx, &SyntaxError{command + " with the line " + quoted(line)})
		}
	}
}
