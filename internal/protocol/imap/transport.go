// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"net"
	"sync/atomic"
	"time"
)

// transport is the byte stream with deadlines by progress: while an answer is awaited every read
// must make progress within timeout, and so must every write. An idle connection has no deadline.
type transport struct {
	conn    net.Conn
	timeout time.Duration
	waiting atomic.Bool

	read, written atomic.Int64 // octets, for reports
}

// busy starts the clock for the reader, which may already be blocked in a read.
func (t *transport) busy() {
	t.waiting.Store(true)
	t.extend()
}

// idle stops the clock.
func (t *transport) idle() {
	t.waiting.Store(false)
	_ = t.conn.SetReadDeadline(time.Time{}) // fails only on a closed connection, which the reader sees
}

func (t *transport) extend() {
	_ = t.conn.SetReadDeadline(time.Now().Add(t.timeout)) // as above
}

// Read implements io.Reader for the decoder.
func (t *transport) Read(p []byte) (int, error) {
	if t.waiting.Load() {
		t.extend()
	}
	n, err := t.conn.Read(p)
	t.read.Add(int64(n))
	return n, err
}

// Write implements io.Writer for the command writer.
func (t *transport) Write(p []byte) (int, error) {
	if err := t.conn.SetWriteDeadline(time.Now().Add(t.timeout)); err != nil {
		return 0, err
	}
	n, err := t.conn.Write(p)
	t.written.Add(int64(n))
	return n, err
}
