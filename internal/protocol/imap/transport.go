// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"net"
	"sync"
	"time"
)

// transport is the byte stream with deadlines by progress: while the server owes an answer every read
// must make progress within timeout, and so must every write. A connection that waits for nothing
// has no read deadline.
type transport struct {
	conn net.Conn

	mu      sync.Mutex // so that the reader never renews a deadline that was just taken away
	owed    bool
	timeout time.Duration
	leaving bool // the server has said good-bye

	dropping bool // see dropUnsent
}

// hurry allows no more than limit without progress from now on, whether something is owed or not.
func (t *transport) hurry(limit time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timeout, t.leaving = min(t.timeout, limit), true
	t.setDeadline()
}

// owe starts the clock for the reader, which may already be blocked in a read, or stops it.
func (t *transport) owe(owed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owed = owed
	t.setDeadline()
}

func (t *transport) setDeadline() {
	deadline := time.Time{}
	if t.owed || t.leaving {
		deadline = time.Now().Add(t.timeout)
	}
	_ = t.conn.SetReadDeadline(deadline) // fails only on a closed connection, which the reader sees
}

// Read implements io.Reader for the decoder.
func (t *transport) Read(p []byte) (int, error) {
	t.mu.Lock()
	t.setDeadline()
	t.mu.Unlock()
	return t.conn.Read(p)
}

// Write implements io.Writer for the command writer.
func (t *transport) Write(p []byte) (int, error) {
	t.mu.Lock()
	timeout := t.timeout
	t.mu.Unlock()
	if err := t.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	return t.conn.Write(p)
}
