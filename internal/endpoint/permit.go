// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"context"
	"io"
	"net"

	"rehome/internal/protocol/dsync"
)

// permitted returns dial, or nil for a plain dialer, as it is where a host asks for no permit. Elsewhere nothing is written to a
// connection without one; what is on its way by then never becomes whole, because the connection ends.
func (h *Host) permitted(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(
	ctx context.Context, network, address string,
) (net.Conn, error) {
	permit := h.settings.Permit
	if permit == nil {
		return dial
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if err := h.open.add(conn); err != nil {
			return nil, err
		}
		if tcp, is := conn.(*net.TCPConn); is { // which says more of itself than others do
			return &permittedTCP{tcp, permittedWriter{conn, permit}, &h.open}, nil
		}
		return &permittedConn{conn, permittedWriter{conn, permit}, &h.open}, nil
	}
}

// permittedWriter asks before each part of what is written.
type permittedWriter struct {
	to interface {
		io.Writer
		Close() error
	}
	permit func() error
}

// permittedPart is how much may be written after a permit was given.
const permittedPart = 64 << 10

func (w permittedWriter) Write(b []byte) (n int, err error) {
	for first := true; first || n < len(b); first = false {
		if err := w.permit(); err != nil {
			_ = w.to.Close() // err is the reason
			return n, err
		}
		written, err := w.to.Write(b[n:min(len(b), n+permittedPart)])
		n += written
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

type permittedConn struct {
	net.Conn

	writer permittedWriter
	open   *openConnections
}

// Close implements net.Conn.
func (c *permittedConn) Close() error { return c.open.end(c.Conn) }

// Write implements net.Conn.
func (c *permittedConn) Write(b []byte) (int, error) { return c.writer.Write(b) }

type permittedTCP struct {
	*net.TCPConn

	writer permittedWriter
	open   *openConnections
}

// Close implements net.Conn.
func (c *permittedTCP) Close() error { return c.open.end(c.TCPConn) }

// Write implements net.Conn.
func (c *permittedTCP) Write(b []byte) (int, error) { return c.writer.Write(b) }

// ReadFrom implements io.ReaderFrom: that of the connection below would ask nobody.
func (c *permittedTCP) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.writer, r) }

// permittedStream is a conversation that is not a connection of this process.
type permittedStream struct {
	dsync.Stream

	writer permittedWriter
	open   *openConnections
}

// Write implements dsync.Stream.
func (s *permittedStream) Write(b []byte) (int, error) { return s.writer.Write(b) }

// Close implements dsync.Stream.
func (s *permittedStream) Close() error { return s.open.end(s.Stream) }

func (h *Host) permittedStream(stream dsync.Stream) (dsync.Stream, error) {
	if h.settings.Permit == nil {
		return stream, nil
	}
	if err := h.open.add(stream); err != nil {
		return nil, err
	}
	return &permittedStream{stream, permittedWriter{stream, h.settings.Permit}, &h.open}, nil
}
