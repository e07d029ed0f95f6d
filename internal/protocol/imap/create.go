// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// Create makes a mailbox (RFC 9051, section 6.3.4). That it exists already is not an error.
func (c *Client) Create(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	err := c.do(ctx, &command{name: "CREATE " + strconv.Quote(name)}, raw("CREATE "), mailbox(name))
	if IsCode(err, "ALREADYEXISTS") { // RFC 5530
		return nil
	}
	return err
}

// Subscribe puts a mailbox on the list that clients show (RFC 9051, section 6.3.7).
func (c *Client) Subscribe(ctx context.Context, name string) error {
	return c.do(ctx, &command{name: "SUBSCRIBE " + strconv.Quote(name)}, raw("SUBSCRIBE "), mailbox(name))
}

// checkName refuses what no server should be asked to create.
func checkName(name string) error {
	switch {
	case name == "":
		return &ArgumentError{What: "mailbox name", Value: name, Why: "is empty"}
	case strings.ContainsAny(name, "\x00\r\n"):
		return &ArgumentError{What: "mailbox name", Value: name, Why: "holds a line end or NUL"}
	}
	return nil
}
