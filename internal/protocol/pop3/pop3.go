// SPDX-License-Identifier: Apache-2.0

// Package pop3 is a client of POP3 (RFC 1939) with CAPA and response codes (RFC 2449), STLS and implicit TLS (RFC 2595, RFC
// 8314), SASL (RFC 5034), AUTH response codes (RFC 3206) and UTF8 (RFC 6856). It only reads: it knows no DELE.
//
// A caller dials, logs in, asks for Stat, List and UIDL, reads messages with Retrieve, Top or one of their forms for many,
// and quits. A Client is for one goroutine.
//
//   - Octets come as they were sent, without the dots that were put in front (RFC 1939, section 3). No message is held in memory.
//   - A number, a size or a list that the server does not give clearly is an error, never zero.
//   - Every line, list and wait is bounded, see bound.go.
//   - A log-in is one attempt: a second one could be the one that locks an account.
package pop3

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"rehome/internal/protocol"
)

// Options of Dial.
type Options struct {
	Address  string // host:port, usually port 995, or 110 with STLS
	Security protocol.Security
	TLS      *tls.Config   // nil means verified by the system's roots; ServerName is filled in
	Timeout  time.Duration // longest time without progress while waiting; 0 means two minutes
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)

	// Mask takes out of the words of a refusal what must not be seen: some servers repeat the command that they did not
	// like, be it a password. It may be nil.
	Mask func(words string) string
	// Refused is told of every -ERR. It may be nil.
	Refused func(*StatusError)
	// Answered is told of every command that was answered. It may be nil.
	Answered func(Exchange)
}

// Exchange is one command and its answer.
type Exchange struct {
	Command string // the verb
	Answer  string // +OK or -ERR
	Took    time.Duration
}

const (
	defaultTimeout = 2 * time.Minute
	connectTimeout = 30 * time.Second // a host that does not answer must not cost two minutes
)

// Client is a connection.
type Client struct {
	options  Options
	conn     net.Conn
	wire     *wire
	most     bounds
	in       *bufio.Reader
	greeting string
	caps     Capabilities
	secured  bool
	bare     bool // lines of this server end with LF alone
	broken   error
}

// Dial connects, sets up TLS as told, reads the greeting and asks for the capabilities. The context bounds these steps only.
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
	c := newClient(conn, options)
	if err := c.begin(ctx); err != nil {
		_ = c.conn.Close()
		return nil, err
	}
	return c, nil
}

func newClient(conn net.Conn, options Options) *Client {
	c := &Client{options: options, most: usualBounds()}
	c.use(conn)
	return c
}

// use reads and writes over a connection from now on.
func (c *Client) use(conn net.Conn) {
	c.conn = conn
	c.wire = &wire{conn: conn, timeout: c.options.Timeout, left: patienceFactor * c.options.Timeout}
	c.in = bufio.NewReaderSize(c.wire, bufferSize)
}

// begin brings a new connection to the point where somebody can log in.
func (c *Client) begin(ctx context.Context) error {
	defer c.wire.watch(ctx)()
	if c.options.Security == protocol.ImplicitTLS {
		if err := c.encrypt(ctx); err != nil {
			return err
		}
	}
	text, err := c.status(ctx, "connect")
	if err != nil {
		return err
	}
	c.greeting = text
	if err := c.learn(ctx); err != nil || c.options.Security != protocol.StartTLS {
		return err
	}
	if c.caps.Known && !c.caps.STLS {
		return &StatusError{Command: "STLS", Text: "the server does not offer it", Unsent: true}
	}
	if _, err := c.ask(ctx, "STLS"); err != nil {
		return err
	}
	if c.in.Buffered() > 0 { // RFC 2595, section 4: what came in the clear counts no more
		return &SyntaxError{"octets behind the answer to STLS that are not encrypted"}
	}
	if err := c.encrypt(ctx); err != nil {
		return err
	}
	return c.learn(ctx)
}

func (c *Client) encrypt(ctx context.Context) error {
	secured, err := protocol.Secure(ctx, c.conn, c.options.Address, c.options.TLS)
	if err != nil {
		return err
	}
	c.use(secured)
	c.secured = true
	return nil
}

// Secured reports whether the connection is encrypted.
func (c *Client) Secured() bool { return c.secured }

// Greeting returns the words of the first line, printable.
func (c *Client) Greeting() string { return printable(c.greeting) }

// Capabilities returns what the server said last of what it can do.
func (c *Client) Capabilities() Capabilities { return c.caps }

// LocalAddr returns the address from which this end has connected.
func (c *Client) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// Err returns what has broken the connection; nil if it can be used.
func (c *Client) Err() error { return c.broken }

// Quit says good-bye and closes the connection. As nothing was marked as deleted, nothing is (RFC 1939, section 6).
func (c *Client) Quit(ctx context.Context) error {
	_, err := c.ask(ctx, "QUIT")
	return errors.Join(err, c.Close())
}

// Close closes the connection.
func (c *Client) Close() error {
	if c.broken == nil {
		c.broken = net.ErrClosed
	}
	return c.conn.Close()
}

// ask sends a command and returns the words behind +OK. A refusal is a *StatusError; after any other error the connection is
// gone.
func (c *Client) ask(ctx context.Context, line string) (text string, err error) {
	if err := c.send(ctx, line); err != nil {
		return "", err
	}
	verb, _, _ := strings.Cut(line, " ")
	return c.status(ctx, verb)
}

// send writes a line.
func (c *Client) send(ctx context.Context, line string) error {
	if c.broken != nil {
		return c.broken
	}
	if strings.ContainsAny(line, "\r\n\x00") {
		return &ArgumentError{"it holds a line break or a NUL"}
	}
	defer c.wire.watch(ctx)()
	if _, err := c.wire.Write([]byte(line + "\r\n")); err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

// status reads an answer of one line.
func (c *Client) status(ctx context.Context, verb string) (text string, err error) {
	if c.broken != nil {
		return "", c.broken
	}
	defer c.wire.watch(ctx)()
	began := time.Now()
	line, err := c.line()
	if err != nil {
		return "", c.fail(ctx, err)
	}
	text, err = c.conclude(ctx, line, verb)
	c.tell(verb, time.Since(began), err)
	return text, err
}

// conclude reads a status line.
func (c *Client) conclude(ctx context.Context, line, verb string) (text string, err error) {
	switch word, rest, _ := strings.Cut(line, " "); {
	case strings.EqualFold(word, "+OK"):
		c.wire.answered()
		return rest, nil
	case strings.EqualFold(word, "-ERR"):
		c.wire.answered()
		status := newStatus(verb, rest, c.caps.ResponseCodes, c.options.Mask)
		if c.options.Refused != nil {
			c.options.Refused(status)
		}
		return "", status
	}
	return "", c.fail(ctx, &SyntaxError{"it begins with " + quoted(c.masked(line))})
}

func (c *Client) masked(words string) string {
	if c.options.Mask == nil {
		return words
	}
	return c.options.Mask(words)
}

func (c *Client) tell(verb string, took time.Duration, err error) {
	if c.options.Answered == nil {
		return
	}
	var status *StatusError
	switch {
	case err == nil:
		c.options.Answered(Exchange{Command: verb, Answer: "+OK", Took: took})
	case errors.As(err, &status):
		c.options.Answered(Exchange{Command: verb, Answer: "-ERR", Took: took})
	}
}

// fail gives a connection up: nobody knows which answer comes next.
func (c *Client) fail(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	c.broken = err
	_ = c.conn.Close() // what it would say is nothing anybody waits for
	return err
}
