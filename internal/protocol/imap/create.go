// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// Create makes a mailbox (RFC 9051, section 6.3.4). That it exists already is not an error.
func (c *Client) Create(ctx context.Context, name string) error {
	answer, err := c.CreateAhead(ctx, name)
	if err != nil {
		return err
	}
	return answer.Wait(ctx)
}

// CreateAhead sends CREATE without waiting for its answer, so that many mailboxes cost one round trip.
func (c *Client) CreateAhead(ctx context.Context, name string) (*Answer, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return c.sendAhead(ctx, &command{name: "CREATE " + strconv.Quote(name)}, raw("CREATE "), c.mailbox(name))
}

// CreateSpecial makes a mailbox with a special use such as `\Sent` (RFC 6154, section 3), and reports
// whether the server has assigned it. A server that cannot, or that has another mailbox for this use,
// makes a plain one; one that exists already stays as it is.
func (c *Client) CreateSpecial(ctx context.Context, name, use string) (assigned bool, err error) {
	keyword, isUse := strings.CutPrefix(use, `\`)
	if !isUse || !isAtom(keyword) {
		return false, &ArgumentError{What: "special use", Value: use, Why: "is no attribute"}
	}
	if err := checkName(name); err != nil {
		return false, err
	}
	if !c.Capabilities().Has("CREATE-SPECIAL-USE") {
		return false, c.Create(ctx, name)
	}
	cmd := &command{name: "CREATE " + strconv.Quote(name)}
	err = c.do(ctx, cmd, raw("CREATE "), c.mailbox(name), raw(" (USE ("+use+"))"))
	switch {
	case err == nil:
		return true, nil
	case IsStatus(err, "NO"): // [USEATTR], or a server that says nothing better
		return false, c.Create(ctx, name)
	}
	return false, err
}

// Answer is that of a command that was sent ahead. Wait must be called on each.
type Answer struct {
	client *Client
	cmd    *command
}

func (c *Client) sendAhead(ctx context.Context, cmd *command, parts ...part) (*Answer, error) {
	if err := c.send(ctx, cmd, parts...); err != nil {
		return nil, err
	}
	return &Answer{client: c, cmd: cmd}, nil
}

// Wait returns when the server has answered. That something exists already is not an error.
func (a *Answer) Wait(ctx context.Context) error {
	err := a.client.wait(ctx, a.cmd)
	if IsCode(err, "ALREADYEXISTS") { // RFC 5530
		return nil
	}
	return err
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
