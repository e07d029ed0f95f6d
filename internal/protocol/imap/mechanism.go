// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"errors"
	"slices"
	"strings"

	"rehome/internal/protocol/mechanism"
)

// Credentials of one log-in.
type Credentials struct {
	User     string
	Password string
	Identity string    // who to act as (RFC 4616, section 2), "" for the user; not every mechanism carries it
	Token    TokenFunc // an OAuth 2.0 access token instead of a password

	Mechanism string // "" lets LogIn choose; or one of Mechanisms
	// Clear allows to send a password or token over a connection without TLS.
	Clear bool
	// Once makes one attempt and no more, see mechanism.Choice: a second one could be the one that locks an account.
	Once bool
}

// Mechanisms returns the ways to log in that this client knows, the strongest first.
func Mechanisms() []string { return mechanism.All() }

// LogIn logs in by the strongest mechanism that the server announces and that fits the credentials, and
// returns its name. SCRAM goes first; then, under TLS, come PLAIN and LOGIN, and CRAM-MD5 last, because
// there it protects nothing and many servers announce it without being able to do it. Without TLS the
// password itself is sent only if Clear allows it, and after everything else.
//
// Servers announce SCRAM and CRAM-MD5 although they hold only another kind of hash of some passwords, and
// refuse them like wrong ones. So after such a refusal the password is sent, where that is allowed.
func (c *Client) LogIn(ctx context.Context, login Credentials) (used string, err error) {
	switch {
	case c.preauth:
		return "", ErrPreauthenticated
	case strings.ContainsRune(login.Identity+login.User+login.Password, 0): // it separates the three in PLAIN
		return "", &ArgumentError{What: "string", Value: "", Why: "holds a NUL octet"}
	}
	candidates, err := c.mechanisms(login)
	if err != nil {
		return "", err
	}
	_, private := c.TLS()
	if login.Once {
		candidates = candidates[:1]
	}
	for i, name := range candidates {
		used, err = name, c.logInBy(ctx, name, login)
		if err == nil || !c.mayBeHash(name, err) {
			break
		}
		if simple := firstRevealing(candidates[i+1:]); private && simple != "" { // one more attempt, not three
			return simple, c.logInBy(ctx, simple, login)
		}
	}
	return used, err
}

// ErrPreauthenticated says that the server has logged the connection in by itself, nobody knows as whom.
var ErrPreauthenticated = errors.New("the server has logged this connection in by itself (PREAUTH)")

// mayBeHash reports whether a refusal can come from the kind of hash that the server holds.
func (c *Client) mayBeHash(name string, err error) bool {
	var status *StatusError
	return !mechanism.Reveals(name) && c.Err() == nil && errors.As(err, &status) && status.Kind == "NO" &&
		(status.Code == "" || status.Code == "AUTHENTICATIONFAILED")
}

func firstRevealing(mechanisms []string) string {
	if i := slices.IndexFunc(mechanisms, mechanism.Reveals); i >= 0 {
		return mechanisms[i]
	}
	return ""
}

// mechanisms returns what may be tried, in this order; the error says why there is nothing.
func (c *Client) mechanisms(login Credentials) ([]string, error) {
	_, private := c.TLS()
	names := []string{mechanism.SCRAM256, mechanism.SCRAM1, mechanism.CRAM, mechanism.Plain, mechanism.Login}
	switch {
	case login.Mechanism != "":
		names = []string{strings.ToUpper(login.Mechanism)}
	case login.Token != nil:
		names = []string{mechanism.Bearer, mechanism.XOAUTH2}
	case private && login.Once:
		names = []string{mechanism.Plain, mechanism.Login, mechanism.SCRAM256, mechanism.SCRAM1, mechanism.CRAM}
	case private:
		names = []string{mechanism.SCRAM256, mechanism.SCRAM1, mechanism.Plain, mechanism.Login, mechanism.CRAM}
	}
	offered := []string(nil)
	clear := false
	for _, name := range names {
		switch {
		case !c.offers(name, login):
		case mechanism.Reveals(name) && !private && !login.Clear:
			clear = true
		default:
			offered = append(offered, name)
		}
	}
	switch {
	case len(offered) > 0:
		return offered, nil
	case clear, !private && c.Capabilities().Has("LOGINDISABLED"):
		return nil, &StatusError{Kind: "NO", Command: "LOGIN", Code: "PRIVACYREQUIRED",
			Text: "no password may be sent on this connection, which has no TLS"}
	}
	return nil, &UnsupportedError{Command: "AUTHENTICATE", Extension: "way to log in that fits: it offers " + c.Capabilities().mechanisms()}
}

// offers reports whether the server announces a mechanism that fits. One that was asked for by name, and
// one that must carry an identity, is tried all the same.
func (c *Client) offers(name string, login Credentials) bool {
	caps := c.Capabilities()
	if byToken := name == mechanism.Bearer || name == mechanism.XOAUTH2; byToken != (login.Token != nil) {
		return false
	}
	switch name {
	case mechanism.Login:
		return login.Identity == "" && (!caps.Has("LOGINDISABLED") || caps.Has("AUTH=LOGIN"))
	case mechanism.CRAM, mechanism.XOAUTH2:
		return login.Identity == "" && (caps.Has("AUTH="+name) || login.Mechanism != "")
	case mechanism.Plain:
		return caps.Has("AUTH=PLAIN") || login.Identity != "" || login.Mechanism != ""
	}
	return slices.Contains(Mechanisms(), name) && (caps.Has("AUTH="+name) || login.Mechanism != "")
}

// mechanisms lists what is announced, for people.
func (c Capabilities) mechanisms() string {
	var names []string
	for _, name := range c.List() {
		if announced, ok := strings.CutPrefix(name, "AUTH="); ok {
			names = append(names, printable(announced))
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (c *Client) logInBy(ctx context.Context, name string, login Credentials) error {
	switch {
	case login.Token != nil:
		return c.logInToken(ctx, name, login)
	case name == mechanism.Login && !c.Capabilities().Has("LOGINDISABLED"):
		return c.Login(ctx, login.User, login.Password)
	}
	return c.Authenticate(ctx, mechanism.New(name, mechanism.Credentials{Identity: login.Identity, User: login.User, Password: login.Password}))
}
