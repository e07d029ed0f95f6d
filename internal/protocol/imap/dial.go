// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"strings"
	"time"

	"rehome/internal/protocol"
)

// DialFunc opens a network connection; net.Dialer.DialContext is one.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Options of Dial.
type Options struct {
	Address  string // host:port
	Security protocol.Security
	TLS      *tls.Config   // nil means verified by the system's roots; ServerName is filled in
	Timeout  time.Duration // longest time without progress while waiting; 0 means two minutes
	Dial     DialFunc      // nil means a plain net.Dialer

	// Refused is told of every NO, BAD and BYE after the greeting, in the reader's goroutine: it must be
	// quick and must not use the connection. It may be nil.
	Refused func(*StatusError)

	// Mask takes out of the words of a NO, BAD or BYE what must not be seen: some servers repeat the command that they
	// did not like, be it a password. Whatever is told or returned has gone through it. It may be nil.
	Mask func(words string) string

	// Answered is told of every command whose answer has come, like Refused. It may be nil.
	Answered func(Exchange)

	// Pace, if given, is called with the beginning of a command that is about to queue for a connection, by the goroutine
	// that sends it. Where each call takes a time of its own, as in a simulation, which of two goes first hangs on what they
	// are, and not on which goroutine happens to run first.
	Pace func(local net.Addr, command string)
}

const (
	defaultTimeout = 2 * time.Minute
	connectTimeout = 30 * time.Second // a host that does not answer must not cost two minutes
)

// Dial connects, sets up TLS as told, and reads the greeting. The context bounds these steps only.
func Dial(ctx context.Context, options Options) (*Client, error) {
	timeout := options.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, min(timeout, connectTimeout))
	defer cancel()
	dial := options.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", options.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	client, err := greet(ctx, conn, options, timeout)
	if !stop() && err == nil { // the context ended at the last moment and took the connection with it
		return nil, ctx.Err()
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	client.refused = options.Refused
	client.observed = options.Answered
	client.mask = options.Mask
	client.pace = options.Pace
	client.start()
	if !client.Capabilities().Known() {
		if err := client.Capability(ctx); err != nil {
			_ = client.Close()
			return nil, err
		}
	}
	return client, nil
}

// greet brings the connection to the point where the first command can be sent.
func greet(ctx context.Context, conn net.Conn, options Options, timeout time.Duration) (*Client, error) {
	if options.Security == protocol.ImplicitTLS {
		secured, err := protocol.Secure(ctx, conn, options.Address, options.TLS)
		if err != nil {
			return nil, err
		}
		conn = secured
	}
	client := newClient(conn, timeout)
	client.transport.owe(true) // a server that never greets is a server that makes no progress
	if err := client.readGreeting(); err != nil {
		return nil, err
	}
	if options.Security == protocol.StartTLS {
		return client.upgrade(ctx, options, timeout)
	}
	client.transport.owe(false)
	return client, nil
}

// nobody takes FETCH data before the log-in.
func nobody(UID, FetchItems) *fetchSink { return nil }

// readGreeting reads the first line (RFC 9051, section 7.1).
func (c *Client) readGreeting() error {
	resp, err := c.dec.response(nobody)
	if err != nil {
		return err
	}
	c.noteUntagged(resp)
	switch {
	case resp.tag != "" || resp.continuation:
	case resp.name == "OK", resp.name == "PREAUTH":
		c.greeting = resp.text
		c.preauth = resp.name == "PREAUTH"
		return nil
	case resp.name == "BYE", resp.name == "NO":
		return resp.statusError("connect")
	}
	return &syntaxError{"not an IMAP greeting: " + strconv.Quote(printable(strings.TrimSpace(resp.tag+" "+resp.name+" "+resp.text)))}
}

// upgrade runs STARTTLS before anything else is sent. Octets that arrive together with the server's
// OK were not protected and end the attempt (RFC 9051, section 11.3: response injection).
func (c *Client) upgrade(ctx context.Context, options Options, timeout time.Duration) (*Client, error) {
	if c.preauth {
		return nil, &StatusError{Kind: "NO", Command: "STARTTLS", Text: "the server starts in the authenticated state, where TLS cannot begin"}
	}
	if _, err := c.transport.Write([]byte("s1 STARTTLS\r\n")); err != nil {
		return nil, err
	}
	for {
		resp, err := c.dec.response(nobody)
		if err != nil {
			return nil, err
		}
		if resp.tag == "" && resp.name != "BYE" {
			continue
		}
		if resp.tag != "s1" || resp.name != "OK" {
			return nil, resp.statusError("STARTTLS")
		}
		break
	}
	if c.dec.in.Buffered() > 0 {
		return nil, &syntaxError{"octets behind the answer to STARTTLS that are not encrypted"}
	}
	secured, err := protocol.Secure(ctx, c.transport.conn, options.Address, options.TLS)
	if err != nil {
		return nil, err
	}
	upgraded := newClient(secured, timeout)
	upgraded.greeting = c.greeting
	upgraded.transport.owe(false)
	return upgraded, nil
}
