// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strconv"
	"strings"
)

// Create makes a mailbox (RFC 9051, section 6.3.4). That it exists already is not an error; whether it is
// the one that was meant is another question, see CreateAhead.
func (c *Client) Create(ctx context.Context, name string) error {
	answer, err := c.CreateAhead(ctx, name)
	if err == nil {
		err = answer.Wait(ctx)
	}
	if IsCode(err, "ALREADYEXISTS") { // RFC 5530
		return nil
	}
	return err
}

// CreateAhead sends CREATE without waiting for its answer, so that many mailboxes cost one round trip. A
// mailbox that exists already is refused with [ALREADYEXISTS] (RFC 5530): a name that no listing shows may
// be another way to say INBOX.
func (c *Client) CreateAhead(ctx context.Context, name string) (*Answer, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return c.sendAhead(ctx, &command{name: "CREATE " + strconv.Quote(name)}, raw("CREATE "), c.mailbox(name))
}

// CreateSpecial makes a mailbox with a special use such as `\Sent` (RFC 6154, section 3), and reports
// whether the server has assigned it. A server that cannot, or that has another mailbox for this use,
// makes a plain one; one that exists already is refused as by CreateAhead.
func (c *Client) CreateSpecial(ctx context.Context, name, use string) (assigned bool, err error) {
	keyword, isUse := strings.CutPrefix(use, `\`)
	if !isUse || !isAtom(keyword) {
		return false, &ArgumentError{What: "special use", Value: use, Why: "is no attribute"}
	}
	if err := checkName(name); err != nil {
		return false, err
	}
	if !c.Capabilities().Has("CREATE-SPECIAL-USE") {
		return false, c.createPlain(ctx, name)
	}
	cmd := &command{name: "CREATE " + strconv.Quote(name)}
	err = c.do(ctx, cmd, raw("CREATE "), c.mailbox(name), raw(" (USE ("+use+"))"))
	switch {
	case err == nil:
		return true, nil
	case IsStatus(err, "NO"): // [USEATTR], or a server that says nothing better
		return false, c.createPlain(ctx, name)
	}
	return false, err
}

func (c *Client) createPlain(ctx context.Context, name string) error {
	answer, err := c.CreateAhead(ctx, name)
	if err != nil {
		return err
	}
	return answer.Wait(ctx)
}

// Answer is that of a command that was sent ahead. Wait must be called on each.
type Answer struct {
	client *Client
	cmd    *command
}

func (c *Client) sendAhead(ctx context.Context, cmd *command, parts ...part) (*Answer, error) {
	if err := c.breathe(ctx); err != nil {
		return nil, err
	}
	cmd.lazy = true
	if err := c.send(ctx, cmd, parts...); err != nil {
		return nil, err
	}
	return &Answer{client: c, cmd: cmd}, nil
}

// Wait returns when the server has answered.
func (a *Answer) Wait(ctx context.Context) error { return a.client.wait(ctx, a.cmd) }

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
