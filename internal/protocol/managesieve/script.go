// SPDX-License-Identifier: Apache-2.0

package managesieve

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Script is a line of LISTSCRIPTS.
type Script struct {
	Name   string
	Active bool
}

// Authenticate logs in by SASL PLAIN (RFC 4616). identity is whom to become, "" for the user itself. An
// error never repeats the password: nothing of what was sent is in it.
func (c *Client) Authenticate(ctx context.Context, identity, user, password string) error {
	if !slices.Contains(c.caps.SASL, "PLAIN") {
		return &StatusError{Kind: "NO", Command: "AUTHENTICATE", Text: "the server does not offer PLAIN, but only: " + strings.Join(c.caps.SASL, " ")}
	}
	message := base64.StdEncoding.EncodeToString([]byte(identity + "\x00" + user + "\x00" + password))
	if _, err := c.do(ctx, "AUTHENTICATE", raw(`AUTHENTICATE "PLAIN"`), message); err != nil {
		return err
	}
	// What a server can do may depend on who asks (RFC 5804 section 2.4).
	lines, err := c.do(ctx, "CAPABILITY", raw("CAPABILITY"))
	if err != nil {
		return err
	}
	c.caps = newCapabilities(lines)
	return nil
}

// ListScripts lists the account's scripts; at most one is active.
func (c *Client) ListScripts(ctx context.Context) ([]Script, error) {
	lines, err := c.do(ctx, "LISTSCRIPTS", raw("LISTSCRIPTS"))
	if err != nil {
		return nil, err
	}
	var all []Script
	for _, line := range lines {
		all = append(all, Script{Name: line[0], Active: len(line) > 1 && strings.EqualFold(line[1], "ACTIVE")})
	}
	return all, nil
}

// GetScript returns a script's text.
func (c *Client) GetScript(ctx context.Context, name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	lines, err := c.do(ctx, "GETSCRIPT", raw("GETSCRIPT"), name)
	if err != nil {
		return "", err
	}
	if len(lines) != 1 || len(lines[0]) != 1 {
		return "", &SyntaxError{"GETSCRIPT without a script"}
	}
	return lines[0][0], nil
}

// CheckScript has the server judge a script without storing it. A server without the command judges
// when it stores (RFC 5804 section 2.6), which never switches a script on: then nil means nothing.
func (c *Client) CheckScript(ctx context.Context, text string) error {
	if !c.caps.Modern {
		return nil
	}
	_, err := c.do(ctx, "CHECKSCRIPT", raw("CHECKSCRIPT"), text)
	return err
}

// PutScript stores a script that the server finds valid, in place of one of that name. It does not
// activate it; if that name is active, the new text is.
func (c *Client) PutScript(ctx context.Context, name, text string) error {
	if err := checkName(name); err != nil {
		return err
	}
	_, err := c.do(ctx, "PUTSCRIPT", raw("PUTSCRIPT"), name, text)
	return err
}

// SetActive activates a script, or none for "".
func (c *Client) SetActive(ctx context.Context, name string) error {
	if name != "" {
		if err := checkName(name); err != nil {
			return err
		}
	}
	_, err := c.do(ctx, "SETACTIVE", raw("SETACTIVE"), name)
	return err
}

// maxName is what every server takes (RFC 5804 section 1.6).
const maxName = 512

// checkName refuses what no script may be called (RFC 5804 section 1.6).
func checkName(name string) error {
	bad := strings.IndexFunc(name, func(r rune) bool {
		return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029
	})
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || bad >= 0 {
		return fmt.Errorf("%.60q cannot be a script's name", name)
	}
	return nil
}
