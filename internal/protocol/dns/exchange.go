// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	wire "github.com/miekg/dns"
)

// message is what one server has answered to one question.
type message struct {
	*wire.Msg
	tcp bool // it came over TCP, because it did not fit into a packet
}

// FormatError is an answer that makes no sense.
type FormatError struct{ Why string }

// Error says what was wrong.
func (e *FormatError) Error() string { return "cannot make sense of the answer: " + e.Why }

// ask puts one question to one address: by UDP, twice if nothing comes, by TCP where the answer is cut off (RFC 7766), and
// without EDNS where the server does not understand that (RFC 6891 section 7). An error is that of the connection or a
// *FormatError; a refusal is a message.
func (c *Client) ask(ctx context.Context, b *budget, addr netip.Addr, name string, kind Type) (message, error) {
	at := netip.AddrPortFrom(addr, c.options.Port)
	for _, edns := range []bool{true, false} {
		got, err := c.exchange(ctx, b, at, question(name, kind, edns))
		old := err == nil && edns && (got.Rcode == wire.RcodeFormatError || got.Rcode == wire.RcodeNotImplemented || got.Rcode == wire.RcodeBadVers)
		if !old {
			return got, err
		}
	}
	panic("unreachable: without EDNS the answer is returned as it is")
}

func question(name string, kind Type, edns bool) *wire.Msg {
	m := new(wire.Msg)
	m.SetQuestion(absolute(name), kind.code())
	m.RecursionDesired = false // RFC 1035 section 4.1.1: what the server itself knows
	if edns {
		m.SetEdns0(udpSize, true) // with signatures, RFC 3225
	}
	return m
}

func (c *Client) exchange(ctx context.Context, b *budget, at netip.AddrPort, asked *wire.Msg) (message, error) {
	got, err := c.send(ctx, b, "udp", at, asked)
	if isTimeout(err) && ctx.Err() == nil {
		got, err = c.send(ctx, b, "udp", at, asked)
	}
	if err != nil || !got.Truncated {
		return message{Msg: got}, err
	}
	got, err = c.send(ctx, b, "tcp", at, asked)
	if err != nil {
		return message{}, fmt.Errorf("the answer does not fit into a packet, and over TCP: %w", err)
	}
	if got.Truncated {
		return message{}, &FormatError{"it is cut off over TCP too"}
	}
	return message{Msg: got, tcp: true}, nil
}

func isTimeout(err error) bool {
	var silent net.Error
	return errors.As(err, &silent) && silent.Timeout()
}

// send asks once over one transport.
func (c *Client) send(ctx context.Context, b *budget, network string, at netip.AddrPort, asked *wire.Msg) (*wire.Msg, error) {
	if err := b.take(); err != nil {
		return nil, err
	}
	if err := c.paces.wait(ctx, at, c.options.Pause); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	conn, err := c.options.Dial(ctx, network, at.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // which ends what is read or written
	framed := &wire.Conn{Conn: conn, UDPSize: udpSize}
	if err := framed.WriteMsg(asked); err != nil {
		return nil, err
	}
	return receive(framed, asked)
}

// maxStrays is how many answers to other questions are read over: late ones, and those of somebody who guesses.
const maxStrays = 16

// receive reads the answer to asked.
func receive(conn *wire.Conn, asked *wire.Msg) (*wire.Msg, error) {
	for range maxStrays {
		octets, err := conn.ReadMsgHeader(nil)
		if err != nil {
			var connection net.Error
			if errors.As(err, &connection) {
				return nil, err
			}
			return nil, fmt.Errorf("the connection ended: %w", err)
		}
		got := new(wire.Msg)
		if err := got.Unpack(octets); err != nil {
			// A truncated answer may end in the midst of a record. The header says enough for TCP.
			if !got.Truncated || got.Id != asked.Id {
				return nil, &FormatError{err.Error()}
			}
			return got, nil
		}
		if got.Id == asked.Id && got.Response && sameQuestion(got, asked) {
			return got, checkSize(got)
		}
	}
	return nil, &FormatError{"only answers to other questions came"}
}

// sameQuestion compares the question that an answer repeats. A server that refuses may leave it out.
func sameQuestion(got, asked *wire.Msg) bool {
	if len(got.Question) == 0 {
		return got.Rcode != wire.RcodeSuccess && got.Rcode != wire.RcodeNameError
	}
	q, want := got.Question[0], asked.Question[0]
	return len(got.Question) == 1 && strings.EqualFold(q.Name, want.Name) && q.Qtype == want.Qtype && q.Qclass == want.Qclass
}

func checkSize(m *wire.Msg) error {
	if n := len(m.Answer) + len(m.Ns) + len(m.Extra); n > maxRecords {
		return &FormatError{fmt.Sprintf("it has %d records, and %d are the limit", n, maxRecords)}
	}
	return nil
}
