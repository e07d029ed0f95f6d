// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"

	"rehome/internal/protocol/mechanism"
)

// Credentials of one log-in.
type Credentials struct {
	User     string
	Password string
	Identity string // who to act as, "" for the user; not every mechanism carries it
	Token    string // an OAuth 2.0 access token instead of a password

	Mechanism string // "" lets LogIn choose; or one of mechanism.All, USER or APOP
	Clear     bool   // allows to send a password or token over a connection without TLS
}

// The ways of POP3's own.
const (
	MechanismUSER = "USER" // USER and PASS
	MechanismAPOP = "APOP" // a digest of the password, RFC 1939 section 7
)

// LogIn logs in, once, and returns by which mechanism, see mechanism.Choice.
func (c *Client) LogIn(ctx context.Context, login Credentials) (used string, err error) {
	if strings.ContainsAny(login.User+login.Password+login.Identity, "\r\n\x00") {
		return "", &ArgumentError{"it holds a line break or a NUL"}
	}
	if used, err = c.choose(login); err != nil {
		return "", err
	}
	if err := c.useUTF8(ctx); err != nil {
		return used, err
	}
	if err := c.logInBy(ctx, used, login); err != nil {
		return used, err
	}
	return used, c.learn(ctx) // what a server can do may depend on who asks (RFC 2449, section 5)
}

// useUTF8 has messages come as they are, and names beyond ASCII be understood (RFC 6856, section 2.1): without it a server may
// hide or alter messages. It is for the time before the log-in.
func (c *Client) useUTF8(ctx context.Context) error {
	if !c.caps.UTF8 {
		return nil
	}
	_, err := c.ask(ctx, "UTF8")
	if c.broken != nil {
		return err
	}
	return nil // a refusal leaves all as it was
}

// choose returns the mechanism; the error says why there is none.
func (c *Client) choose(login Credentials) (string, error) {
	if login.Mechanism != "" {
		name := strings.ToUpper(login.Mechanism)
		if Reveals(name) && !c.secured && !login.Clear {
			return "", errNotPrivate
		}
		return name, nil
	}
	choice := mechanism.Choice{
		Revealing: []string{mechanism.Plain, MechanismUSER, mechanism.Login},
		Hiding:    []string{mechanism.SCRAM256, mechanism.SCRAM1, mechanism.CRAM, MechanismAPOP},
		Private:   c.secured, Clear: login.Clear, Offers: func(name string) bool { return c.offers(name, login) },
	}
	if login.Token != "" {
		choice.Revealing, choice.Hiding = []string{mechanism.Bearer, mechanism.XOAUTH2}, nil
	}
	name, err := choice.Name()
	switch {
	case errors.Is(err, mechanism.ErrNotPrivate):
		return "", errNotPrivate
	case err != nil:
		return "", &StatusError{Command: "AUTH", Unsent: true, Text: err.Error() + ": it offers " + cmp.Or(strings.Join(c.caps.SASL, ", "), "none")}
	}
	return name, nil
}

var errNotPrivate = &StatusError{Command: "AUTH", Unsent: true, Text: mechanism.ErrNotPrivate.Error()}

// Reveals reports whether a mechanism sends the secret itself. A refusal of one that does not may come from the kind of hash
// that the server holds.
func Reveals(name string) bool { return name != MechanismAPOP && mechanism.Reveals(name) }

func (c *Client) offers(name string, login Credentials) bool {
	switch name {
	case MechanismUSER:
		return login.Identity == "" && c.caps.USER
	case MechanismAPOP:
		return login.Identity == "" && c.timestamp() != ""
	}
	return (login.Identity == "" || mechanism.CarriesIdentity(name)) && slices.Contains(c.caps.SASL, name)
}

// timestamp is what the greeting holds where the server knows APOP: a msg-id, and nothing else is one, as a server that
// could choose the octets freely would learn about the password (RFC 6151, section 2.1).
func (c *Client) timestamp() string { return timestampForm.FindString(c.greeting) }

var timestampForm = regexp.MustCompile(`<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>`)

func (c *Client) logInBy(ctx context.Context, name string, login Credentials) error {
	switch name {
	case MechanismUSER:
		if _, err := c.ask(ctx, "USER "+login.User); err != nil {
			return err
		}
		_, err := c.ask(ctx, "PASS "+login.Password)
		return err
	case MechanismAPOP:
		digest := md5.Sum([]byte(c.timestamp() + login.Password))
		_, err := c.ask(ctx, "APOP "+login.User+" "+hex.EncodeToString(digest[:]))
		return err
	}
	client := mechanism.New(name, mechanism.Credentials{Identity: login.Identity, User: login.User, Password: login.Password, Token: login.Token})
	if client == nil {
		return &StatusError{Command: "AUTH", Text: "this client does not know the mechanism " + name, Unsent: true}
	}
	return c.authenticate(ctx, client)
}

// longestCommand is what a command may have with its CRLF (RFC 5034, section 4); a longer initial response waits to be asked for.
const longestCommand = 255

// maxChallenges bounds an exchange.
const maxChallenges = 20

// authenticate runs a SASL exchange (RFC 5034, section 4).
func (c *Client) authenticate(ctx context.Context, client sasl.Client) error {
	name, initial, err := client.Start()
	if err != nil {
		return err
	}
	line := "AUTH " + name
	if coded := " " + encodeInitial(initial); initial != nil && len(line)+len(coded)+2 <= longestCommand {
		line, initial = line+coded, nil
	}
	if err := c.send(ctx, line); err != nil {
		return err
	}
	for range maxChallenges {
		challenge, done, err := c.challenge(ctx)
		switch {
		case err != nil:
			return err
		case done:
			if err := mechanism.Complete(client); err != nil {
				return c.fail(ctx, err)
			}
			return nil
		}
		answer := initial
		if initial = nil; answer == nil {
			if answer, err = client.Next(challenge); err != nil {
				return c.fail(ctx, err)
			}
		}
		if err := c.send(ctx, base64.StdEncoding.EncodeToString(answer)); err != nil {
			return err
		}
	}
	return c.fail(ctx, &SyntaxError{"AUTH without an end"})
}

// encodeInitial renders an initial response; "=" stands for an empty one.
func encodeInitial(data []byte) string {
	if len(data) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(data)
}

// challenge reads one step of the server's.
func (c *Client) challenge(ctx context.Context) (challenge []byte, done bool, err error) {
	defer c.wire.watch(ctx)()
	line, err := c.line()
	if err != nil {
		return nil, false, c.fail(ctx, err)
	}
	if text, isChallenge := strings.CutPrefix(line, "+"); isChallenge && (text == "" || text[0] == ' ') {
		if challenge, err = base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err != nil {
			return nil, false, c.fail(ctx, &SyntaxError{"a challenge that is not base64"})
		}
		return challenge, false, nil
	}
	_, err = c.conclude(ctx, line, "AUTH")
	c.tell("AUTH", 0, err)
	return nil, err == nil, err
}
