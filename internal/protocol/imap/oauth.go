// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"strings"
)

// The two ways to log in with an OAuth 2.0 access token: the standard, and what Google and Microsoft
// had before it.
const (
	mechanismBearer  = "OAUTHBEARER" // RFC 7628
	mechanismXOAUTH2 = "XOAUTH2"     // https://developers.google.com/gmail/imap/xoauth2-protocol
)

// TokenFunc returns an access token. refused is "" the first time, and then, once, the token that the
// server did not take: it has expired, and asking again should give a new one.
type TokenFunc func(ctx context.Context, refused string) (string, error)

// oauth is a SASL client for both.
type oauth struct{ name, identity, user, token string }

func newOAuth(name string, login Credentials, token string) *oauth {
	return &oauth{name: name, identity: login.Identity, user: login.User, token: token}
}

// Start implements sasl.Client.
func (m *oauth) Start() (string, []byte, error) {
	if strings.ContainsAny(m.user+m.identity+m.token, "\x00\x01\r\n") {
		return "", nil, &ArgumentError{What: "name or token", Value: "", Why: "holds a control character"}
	}
	if m.name == mechanismXOAUTH2 {
		return m.name, []byte("user=" + m.user + "\x01auth=Bearer " + m.token + "\x01\x01"), nil
	}
	who := m.user
	if m.identity != "" {
		who = m.identity
	}
	return m.name, []byte("n,a=" + escapeSCRAM(who) + ",\x01auth=Bearer " + m.token + "\x01\x01"), nil
}

// Next implements sasl.Client. A challenge is the server's reason for its refusal, in JSON; the refusal
// itself follows when it is acknowledged (RFC 7628, section 3.2.3).
func (m *oauth) Next([]byte) ([]byte, error) {
	if m.name == mechanismXOAUTH2 {
		return []byte{}, nil
	}
	return []byte{0x01}, nil
}

// logInToken logs in with a token, and once more with a fresh one when the first is refused.
func (c *Client) logInToken(ctx context.Context, mechanism string, login Credentials) error {
	token, err := login.Token(ctx, "")
	if err != nil {
		return err
	}
	refusal := c.Authenticate(ctx, newOAuth(mechanism, login, token))
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
	return c.Authenticate(ctx, newOAuth(mechanism, login, fresh))
}
