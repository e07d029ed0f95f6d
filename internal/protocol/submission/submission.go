// SPDX-License-Identifier: Apache-2.0

// Package submission is a client of message submission (RFC 6409) on go-smtp: STARTTLS or implicit TLS (RFC 8314), AUTH (RFC
// 4954), one message at a time. What go-smtp leaves to its caller is here: TLS is verified, every wait and the amount of what a
// server says are bounded, a log-in is one attempt, enhanced status codes (RFC 3463) are told apart, and a message of which
// nobody knows whether it was taken is told from one that was refused.
//
// A caller dials, logs in, sends, and quits. A Client is for one goroutine.
package submission

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"rehome/internal/protocol"
	"rehome/internal/protocol/mechanism"
)

// Options of Dial.
type Options struct {
	Address  string // host:port, usually port 465, or 587 with STARTTLS
	Security protocol.Security
	TLS      *tls.Config   // nil means verified by the system's roots; ServerName is filled in
	Timeout  time.Duration // for each answer; 0 means two minutes
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Name     string // of this machine, for EHLO: mail hosts look it up; "" says its address (RFC 5321, section 4.1.3)

	// Mask takes out of the words of a refusal what must not be seen: some servers repeat the command that they did not
	// like, be it a password. It may be nil.
	Mask func(words string) string
}

const (
	defaultTimeout = 2 * time.Minute
	connectTimeout = 30 * time.Second // a host that does not answer must not cost two minutes
	maxSaid        = 1 << 20          // octets that a server may say on a connection
)

// Client is a connection.
type Client struct {
	options Options
	conn    *bounded
	smtp    *smtp.Client
	secured bool
	refused bool // the last message
}

// bounded is a connection with a deadline for every write, and an end to what is read.
type bounded struct {
	net.Conn
	timeout time.Duration
	left    int
}

var errTalks = errors.New("the server keeps talking")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTalks
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (b *bounded) Write(p []byte) (int, error) {
	if err := b.SetWriteDeadline(time.Now().Add(b.timeout)); err != nil {
		return 0, err
	}
	return b.Conn.Write(p)
}

// Dial connects, sets up TLS as told, and says EHLO. The context bounds these steps only.
func Dial(ctx context.Context, options Options) (*Client, error) {
	options.Timeout = cmp.Or(options.Timeout, defaultTimeout)
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
	c := &Client{options: options, conn: &bounded{Conn: conn, timeout: options.Timeout, left: maxSaid}}
	if err := c.during(ctx, func() error { return c.begin(ctx) }); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// begin secures the connection and says EHLO.
func (c *Client) begin(ctx context.Context) error {
	var err error
	switch c.options.Security {
	case protocol.ImplicitTLS:
		var secured *tls.Conn
		if secured, err = protocol.Secure(ctx, c.conn, c.options.Address, c.options.TLS); err == nil {
			c.smtp, c.secured = smtp.NewClient(secured), true
		}
	case protocol.StartTLS:
		var settings *tls.Config
		if settings, err = protocol.Settings(c.options.Address, c.options.TLS); err != nil {
			return err
		}
		// What was read before the handshake is thrown away with its reader (RFC 3207, section 4.2).
		if c.smtp, err = smtp.NewClientStartTLS(c.conn, settings); err != nil {
			return c.startFault(err)
		}
		c.secured = true
	default:
		c.smtp = smtp.NewClient(c.conn)
	}
	if err != nil {
		return err
	}
	c.smtp.CommandTimeout, c.smtp.SubmissionTimeout = c.options.Timeout, c.options.Timeout
	return c.fault("EHLO", c.smtp.Hello(cmp.Or(c.options.Name, literal(c.conn.LocalAddr()))))
}

// startFault tells a server without STARTTLS from one that cannot be talked to: go-smtp has no type for the first.
func (c *Client) startFault(err error) error {
	var said *smtp.SMTPError
	var network net.Error
	var garbage textproto.ProtocolError
	if errors.As(err, &said) || errors.As(err, &network) || errors.As(err, &garbage) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errTalks) {
		return c.fault("STARTTLS", err)
	}
	return &StatusError{Command: "STARTTLS", Text: "the server does not offer it", Unsent: true}
}

// literal is the name of a client that has none (RFC 5321, section 4.1.3).
func literal(local net.Addr) string {
	address, err := netip.ParseAddrPort(local.String())
	switch {
	case err != nil:
		return "localhost"
	case address.Addr().Unmap().Is4():
		return "[" + address.Addr().Unmap().String() + "]"
	}
	return "[IPv6:" + address.Addr().WithZone("").String() + "]"
}

// during has the end of a context end whatever waits.
func (c *Client) during(ctx context.Context, do func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	err := do()
	if !stop() && ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// Secured reports whether the connection is encrypted.
func (c *Client) Secured() bool { return c.secured }

// Mechanisms returns those that the server announces, upper case.
func (c *Client) Mechanisms() []string {
	_, list := c.smtp.Extension("AUTH")
	return strings.Fields(strings.ToUpper(printable(list)))
}

// Credentials of one log-in.
type Credentials struct {
	User, Password string
	Mechanism      string // "" lets LogIn choose; or one of mechanism.All
	Clear          bool   // allows to send a password over a connection without TLS
}

// LogIn logs in, once, and returns by which mechanism, see mechanism.Choice.
func (c *Client) LogIn(ctx context.Context, login Credentials) (used string, err error) {
	credentials := mechanism.Credentials{User: login.User, Password: login.Password}
	if err := credentials.Check(); err != nil {
		return "", err
	}
	if used, err = c.choose(login); err != nil {
		return "", &StatusError{Command: "AUTH", Unsent: true, Text: err.Error() + ": it offers " +
			cmp.Or(strings.Join(c.Mechanisms(), ", "), "none")}
	}
	client := mechanism.New(used, credentials)
	if client == nil {
		return used, &StatusError{Command: "AUTH", Unsent: true, Text: "this client does not know the mechanism " + used}
	}
	err = c.during(ctx, func() error { return c.smtp.Auth(client) })
	if err == nil {
		err = mechanism.Complete(client)
	}
	return used, c.fault("AUTH", err)
}

func (c *Client) choose(login Credentials) (string, error) {
	if name := strings.ToUpper(login.Mechanism); name != "" {
		if mechanism.Reveals(name) && !c.secured && !login.Clear {
			return "", mechanism.ErrNotPrivate
		}
		return name, nil
	}
	offered := c.Mechanisms()
	return mechanism.Choice{
		Revealing: []string{mechanism.Plain, mechanism.Login}, Hiding: []string{mechanism.SCRAM256, mechanism.SCRAM1, mechanism.CRAM},
		Private: c.secured, Clear: login.Clear, Offers: func(name string) bool { return slices.Contains(offered, name) },
	}.Name()
}

// Send gives a message to the server and returns its words. A refusal is a *StatusError, and nothing was sent; an
// *UncertainError says that nobody knows. The message is in the form of RFC 5322, with CRLF.
func (c *Client) Send(ctx context.Context, from, to string, message []byte) (reply string, err error) {
	return c.SendNoting(ctx, from, to, message, nil)
}

// SendNoting is Send, and calls note when everything but the end of the message has been given to the connection: before note returns,
// no server can have taken the message (RFC 5321, section 4.1.1.4), and from then on one may. If note fails, the message is given up
// and the connection closed. A refusal leaves the connection ready for another message.
func (c *Client) SendNoting(ctx context.Context, from, to string, message []byte, note func() error) (reply string, err error) {
	err = c.during(ctx, func() error {
		if c.refused { // the server may still be in the midst of the transaction (RFC 5321, section 4.1.4)
			if err := c.fault("RSET", c.smtp.Reset()); err != nil {
				return err
			}
		}
		reply, err = c.send(from, to, message, note)
		c.refused = isStatus(err)
		return err
	})
	return printable(reply), err
}

func (c *Client) send(from, to string, message []byte, note func() error) (string, error) {
	if err := c.smtp.Mail(from, nil); err != nil {
		return "", c.fault("MAIL", err)
	}
	if err := c.smtp.Rcpt(to, nil); err != nil {
		return "", c.fault("RCPT", err)
	}
	data, err := c.smtp.Data()
	if err != nil {
		return "", c.fault("DATA", err)
	}
	if _, err := data.Write(message); err != nil {
		return "", c.fault("DATA", err) // without its end nothing was taken (RFC 5321, section 4.1.1.4)
	}
	if note != nil {
		if err := note(); err != nil {
			_ = c.Close()
			return "", err
		}
	}
	answer, err := data.CloseWithResponse()
	switch err := c.fault("the message", err); {
	case err == nil:
		return answer.StatusText, nil
	case isStatus(err):
		return "", err
	default:
		return "", &UncertainError{err}
	}
}

// Quit says good-bye and closes the connection.
func (c *Client) Quit(ctx context.Context) error {
	err := c.during(ctx, c.smtp.Quit)
	if err != nil {
		_ = c.Close()
	}
	return err
}

// Close closes the connection.
func (c *Client) Close() error { return c.conn.Close() }
