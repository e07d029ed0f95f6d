// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"crypto/tls"
	"net"
	"syscall"
)

// unsentLimit is how much the kernel may hold of what we have written and it has not sent. It bounds what
// a server is given after nobody wants it any more, and how long an orderly end takes on a slow line. What
// is sent and not acknowledged is not limited by it, so that a long line stays full.
const unsentLimit = 256 << 10

// socket is what can be set on a TCP connection.
type socket interface {
	SetLinger(seconds int) error
	SyscallConn() (syscall.RawConn, error)
}

// socketOf returns the TCP connection below conn, and false when it is something else.
func socketOf(conn net.Conn) (socket, bool) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	s, ok := conn.(socket)
	return s, ok
}

// dropUnsent has the kernel throw away what is unsent when the connection ends, however it ends: also when
// this process is killed. Without it the kernel would go on for as long as it takes, and the server store
// what nobody counts on any more. An orderly end takes it back with sendAll.
//
// That cannot be had on every connection, and nothing depends on it but how long some trouble lasts.
func (t *transport) dropUnsent() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropping {
		return
	}
	t.dropping = true
	if s, ok := socketOf(t.conn); ok {
		_ = s.SetLinger(0)
		limitUnsent(s)
	}
}

// sendAll ends dropUnsent.
func (t *transport) sendAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := socketOf(t.conn); ok && t.dropping {
		_ = s.SetLinger(-1)
	}
	t.dropping = false
}

// close ends the connection at once. TLS's own good-bye could wait for seconds until there is room for it
// behind what is to be dropped.
func (t *transport) close() {
	t.mu.Lock()
	dropping := t.dropping
	t.mu.Unlock()
	conn := t.conn
	if secured, ok := conn.(*tls.Conn); ok && dropping {
		conn = secured.NetConn()
	}
	_ = conn.Close() // why it ends is known; a second error of a dead socket adds nothing
}
