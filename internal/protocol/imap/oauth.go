// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"

	"rehome/internal/protocol/mechanism"
)

// TokenFunc returns an access token. refused is "" the first time, and then, once, the token that the
// server did not take: it has expired, and asking again should give a new one.
type TokenFunc func(ctx context.Context, refused string) (string, error)

// logInToken logs in with a token, and once more with a fresh one when the first is refused.
func (c *Client) logInToken(ctx context.Context, name string, login Credentials) error {
	token, err := login.Token(ctx, "")
	if err != nil {
		return err
	}
	refusal := c.logInOAuth(ctx, name, login, token)
	if !IsStatus(refusal, "NO") || c.Err() != nil {
		return refusal
	}
	fresh, err := login.Token(ctx, token)
	switch {
	case err != nil:
		return err
	case fresh == token:
		return refusal
	}
	return c.logInOAuth(ctx, name, login, fresh)
}

func (c *Client) logInOAuth(ctx context.Context, name string, login Credentials, token string) error {
	err := c.Authenticate(ctx, mechanism.New(name, mechanism.Credentials{Identity: login.Identity, User: login.User, Token: token}))
	if errors.Is(err, mechanism.ErrUnfit) {
		return &ArgumentError{What: "name or token", Value: "", Why: "holds a control character"}
	}
	return err
}
