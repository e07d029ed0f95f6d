// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// transport is the byte stream with deadlines: while the server owes an answer every read must bring
// something within timeout, and the reads together must get on (see bound.go); every write must make
// progress within timeout. A connection that waits for nothing has no read deadline.
type transport struct {
	conn net.Conn

	mu      sync.Mutex // so that the reader never renews a deadline that was just taken away
	owed    bool
	since   time.Time     // when this wait began
	left    time.Duration // how long the server may still take without getting on
	timeout time.Duration
	leaving bool // the server has said good-bye

	dropping bool // see dropUnsent

	awaited awaited

	written, read atomic.Int64 // octets, as they are before TLS and behind compression
}

// hurry allows no more than limit without progress from now on, whether something is owed or not.
func (t *transport) hurry(limit time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.leaving {
		t.timeout, t.leaving = min(t.timeout, limit), true
		t.left = patienceFactor * t.timeout
	}
	t.setDeadline()
}

// owe starts the clock for the reader, which may already be blocked in a read, or stops it.
func (t *transport) owe(owed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if owed && !t.owed {
		t.since, t.left = time.Now(), patienceFactor*t.timeout
	}
	t.owed = owed
	t.awaited.set(&t.awaited.owed, owed)
	t.setDeadline()
}

// moved gives time back for octets that somebody waits for.
func (t *transport) moved(octets int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	full := patienceFactor * t.timeout
	shares := min(octets, octetsOfShare*patienceFactor*shareOfResponse) // no more than all of it
	t.left = min(full, t.left+t.timeout/shareOfResponse*time.Duration(shares)/octetsOfShare)
}

// answered gives all of the time back.
func (t *transport) answered() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = patienceFactor * t.timeout
}

func (t *transport) setDeadline() {
	deadline := time.Time{}
	if t.owed || t.leaving {
		deadline = time.Now().Add(min(t.timeout, max(t.left, 0)))
	}
	_ = t.conn.SetReadDeadline(deadline) // fails only on a closed connection, which the reader sees
}

// Read implements io.Reader for the decoder.
func (t *transport) Read(p []byte) (int, error) {
	t.mu.Lock()
	t.since = time.Now()
	t.awaited.set(&t.awaited.reading, true)
	t.setDeadline()
	t.mu.Unlock()
	n, err := t.conn.Read(p)
	t.read.Add(int64(n))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.awaited.set(&t.awaited.reading, false)
	if t.owed || t.leaving {
		t.left -= time.Since(t.since)
	}
	return n, err
}

// Write implements io.Writer for the command writer.
func (t *transport) Write(p []byte) (int, error) {
	t.mu.Lock()
	timeout := t.timeout
	t.awaited.set(&t.awaited.writing, true)
	t.mu.Unlock()
	defer t.note(&t.awaited.writing, false)
	if err := t.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	t.written.Add(int64(len(p))) // before: the server may answer before this call is back
	n, err := t.conn.Write(p)
	t.written.Add(int64(n - len(p)))
	return n, err
}
