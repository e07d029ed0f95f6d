// SPDX-License-Identifier: Apache-2.0

// Package managesieve is a client for Sieve scripts on a mail server (RFC 5804).
//
// It knows commands and their answers, and nothing of what a script means. A caller connects with
// Dial, logs in with Authenticate, uses the commands, each of which is one round trip, and closes with
// Logout or Close. A Client is for one goroutine.
//
// What a server may send is bounded everywhere: lines, literals, and the number of answers. A server
// that sends the client elsewhere is not followed: see StatusError.Referral.
package managesieve

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"rehome/internal/protocol"
)

// Options of Dial.
type Options struct {
	Address  string // host:port, usually port 4190
	Security protocol.Security
	TLS      *tls.Config   // nil means verified by the system's roots; ServerName is filled in
	Timeout  time.Duration // for each answer; 0 means two minutes
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)

	// Answered is told of every command that was answered, with OK, NO or BYE. It may be nil.
	Answered func(Exchange)
	// Refused is told of every NO and BYE, on the goroutine of the command that got it. It may be nil.
	Refused func(*StatusError)
}

// Exchange is one command and its answer without anything that either holds: it may be logged, whatever they carry.
type Exchange struct {
	Command string // the verb
	Answer  string // OK, NO or BYE
	Took    time.Duration
	Sent    int64 // octets
}

const (
	defaultTimeout = 2 * time.Minute
	connectTimeout = 30 * time.Second
)

// Capabilities are what a server says of itself (RFC 5804 section 1.7).
type Capabilities struct {
	Implementation string
	SASL           []string // mechanisms, upper case
	Sieve          []string // extensions
	StartTLS       bool
	Modern         bool // it has VERSION, and so CHECKSCRIPT, RENAMESCRIPT and NOOP
}

// Client is a connection.
type Client struct {
	conn    net.Conn
	in      *bufio.Reader
	timeout time.Duration
	refused func(*StatusError) // may be nil
	caps    Capabilities
	secured bool
	broken  error

	answered func(Exchange) // may be nil
}

// StatusError is a NO or BYE.
type StatusError struct {
	Kind    string // NO or BYE
	Command string
	Code    string // "QUOTA/MAXSIZE", "ACTIVE", upper case; "" if there is none
	Text    string // the server's words, printable
	// Referral is the address of another server that has the scripts. A client that followed it would
	// hand the log-in to whomever the answer names.
	Referral string
}

// Error renders command, kind and the server's words.
func (e *StatusError) Error() string {
	words := strings.TrimSpace(e.Command + ": " + e.Kind + " " + cmp.Or(e.Text, e.Code))
	if e.Referral != "" {
		words += "; the scripts are on another server, " + e.Referral + ", which rehome does not ask on its own"
	}
	return words
}

// IsNo reports whether err is a refusal with the code, or any refusal for "".
func IsNo(err error, code string) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Kind == "NO" && (code == "" || status.Code == code)
}

// IsQuota reports whether err is a refusal because there is no room, or there are too many scripts.
func IsQuota(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Kind == "NO" && strings.HasPrefix(status.Code, "QUOTA")
}

// Capabilities returns what the server last said of itself.
func (c *Client) Capabilities() Capabilities { return c.caps }

// Secured reports whether the connection is encrypted.
func (c *Client) Secured() bool { return c.secured }

// Close ends the connection without a word.
func (c *Client) Close() error { return c.conn.Close() }

// Logout says good-bye and closes.
func (c *Client) Logout(ctx context.Context) error {
	_, err := c.do(ctx, "LOGOUT", raw("LOGOUT"))
	return errors.Join(err, c.Close())
}

// Dial connects, sets up TLS as told, and reads what the server says of itself. The context bounds
// these steps only.
func Dial(ctx context.Context, options Options) (*Client, error) {
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, min(options.Timeout, connectTimeout))
	defer cancel()
	dial := options.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", options.Address)
	if err != nil {
		return nil, err
	}
	c := newClient(conn, options.Timeout)
	c.answered = options.Answered
	c.refused = options.Refused
	if err := c.begin(ctx, options); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func newClient(conn net.Conn, timeout time.Duration) *Client {
	return &Client{conn: conn, in: bufio.NewReader(conn), timeout: timeout}
}

func (c *Client) begin(ctx context.Context, options Options) error {
	if options.Security == protocol.ImplicitTLS {
		if err := c.encrypt(ctx, options); err != nil {
			return err
		}
	}
	if err := c.learn(ctx, "connect"); err != nil || options.Security != protocol.StartTLS {
		return err
	}
	if !c.caps.StartTLS {
		return &StatusError{Kind: "NO", Command: "STARTTLS", Text: "the server does not offer it"}
	}
	if _, err := c.do(ctx, "STARTTLS", raw("STARTTLS")); err != nil {
		return err
	}
	if c.in.Buffered() > 0 { // RFC 5804 section 2.2: what came in the clear counts no more
		return &SyntaxError{"octets behind the answer to STARTTLS that are not encrypted"}
	}
	if err := c.encrypt(ctx, options); err != nil {
		return err
	}
	return c.learn(ctx, "STARTTLS")
}

func (c *Client) encrypt(ctx context.Context, options Options) error {
	secured, err := protocol.Secure(ctx, c.conn, options.Address, options.TLS)
	if err != nil {
		return err
	}
	c.conn, c.in, c.secured = secured, bufio.NewReader(secured), true
	return nil
}

// learn reads capabilities that the server sends by itself.
func (c *Client) learn(ctx context.Context, command string) error {
	lines, err := c.answer(ctx, command)
	if err != nil {
		return err
	}
	c.caps = newCapabilities(lines)
	if c.caps.Implementation == "" && c.caps.Sieve == nil && c.caps.SASL == nil {
		return &SyntaxError{"not the greeting of a ManageSieve server"}
	}
	return nil
}

func newCapabilities(lines [][]string) Capabilities {
	var caps Capabilities
	for _, line := range lines {
		value := ""
		if len(line) > 1 {
			value = line[1]
		}
		switch strings.ToUpper(line[0]) {
		case "IMPLEMENTATION":
			caps.Implementation = printable(value)
		case "SASL":
			caps.SASL = strings.Fields(strings.ToUpper(value))
		case "SIEVE":
			caps.Sieve = strings.Fields(value)
		case "STARTTLS":
			caps.StartTLS = true
		case "VERSION":
			caps.Modern = true
		}
	}
	return caps
}

// SyntaxError is an answer that makes no sense.
type SyntaxError struct{ What string }

// Error says what was wrong.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("cannot make sense of the server's answer: %s", e.What)
}
