// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/emersion/go-sasl"

	"rehome/internal/protocol/mechanism"
)

// LogInPlain is LogIn with a password that may also go over a connection without TLS.
func (c *Client) LogInPlain(ctx context.Context, identity, user, password string) error {
	_, err := c.LogIn(ctx, Credentials{Identity: identity, User: user, Password: password, Clear: true})
	return err
}

// Authenticate runs a SASL exchange (RFC 9051, section 6.2.2), with the initial response in the
// command itself where the server allows it (SASL-IR, RFC 4959).
func (c *Client) Authenticate(ctx context.Context, client sasl.Client) error {
	name, initial, err := client.Start()
	if err != nil {
		return err
	}
	count := c.announcements()
	cmd := &command{name: "AUTHENTICATE " + name}
	if err := c.begin(ctx, cmd); err != nil {
		return err
	}
	defer c.guard(ctx)()
	err = c.exchange(ctx, cmd, client, name, initial)
	if endErr := c.end(cmd); err == nil {
		err = endErr
	}
	if err != nil {
		return c.orServerWords(cmd, err)
	}
	if err := c.wait(ctx, cmd); err != nil {
		return err
	}
	if err := mechanism.Complete(client); err != nil {
		c.fail(err)
		return err
	}
	return c.refreshCapabilities(ctx, count)
}

// exchange writes the command and answers every challenge until the tagged answer is there.
func (c *Client) exchange(ctx context.Context, cmd *command, client sasl.Client, name string, initial []byte) error {
	line := cmd.tag + " AUTHENTICATE " + name
	if initial != nil && c.Capabilities().Has("SASL-IR") {
		line += " " + encodeSASL(initial)
		initial = nil
	}
	c.forgetContinuation()
	if err := c.flushLine(line); err != nil {
		return err
	}
	c.owes(cmd)
	for {
		select {
		case challenge := <-c.continued:
			answer, err := nextSASL(client, challenge, initial)
			initial = nil
			if err != nil {
				c.fail(err) // cancelling by "*" would be answered by BAD, which ends the connection as well
				return err
			}
			if err := c.flushLine(base64.StdEncoding.EncodeToString(answer)); err != nil {
				return err
			}
		case <-cmd.done:
			return nil
		case <-ctx.Done():
			c.fail(ctx.Err())
			return ctx.Err()
		}
	}
}

var errNotBase64 = errors.New("the server's SASL challenge is not base64")

// nextSASL computes the answer to one challenge; a pending initial response goes first.
func nextSASL(client sasl.Client, challenge string, initial []byte) ([]byte, error) {
	if initial != nil {
		return initial, nil
	}
	decoded, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return nil, errNotBase64
	}
	return client.Next(decoded)
}

// encodeSASL renders an initial response; "=" stands for an empty one (RFC 4959, section 3).
func encodeSASL(data []byte) string {
	if len(data) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(data)
}

func (c *Client) flushLine(line string) error {
	if err := c.writeString(line + "\r\n"); err != nil {
		return err
	}
	return c.flush()
}
