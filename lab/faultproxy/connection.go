// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// drainTime is how long an ended connection still takes bytes in. Closing a socket that has
// unread bytes sends RST, so an orderly end has to read on for a while.
const drainTime = time.Second

// connection is one client with its own connection to the server.
type connection struct {
	proxy          *Proxy
	client, server *net.TCPConn
	ended          chan struct{} // closed when nothing is forwarded any more
	once           sync.Once

	orphan atomic.Bool // the server is not to learn that the client is gone

	mu    sync.Mutex
	spoke bool // the client spoke and the server has not answered yet
}

// run forwards both directions until both are over.
func (c *connection) run(settings [2]*setting) {
	if fault, _ := settings[ToServer].now(); fault.Orphan {
		c.orphan.Store(true)
	}
	var both sync.WaitGroup
	both.Go(newPipe(c, ToServer, settings[ToServer]).run)
	both.Go(newPipe(c, ToClient, settings[ToClient]).run)
	both.Wait()
	c.abandon()
}

// end ends both directions for the peers to see. The first end counts.
func (c *connection) end(how End) {
	if how == Vanish {
		c.orphan.Store(true)
		_ = c.client.CloseWrite()
		return
	}
	c.once.Do(func() {
		close(c.ended)
		for _, side := range []*net.TCPConn{c.client, c.server} {
			if how == RST {
				reset(side)
				continue
			}
			_ = side.CloseWrite()
			_ = side.SetReadDeadline(time.Now().Add(drainTime))
		}
	})
}

// abandon frees the sockets, whatever is on its way.
func (c *connection) abandon() {
	c.once.Do(func() { close(c.ended) })
	_ = c.client.Close()
	_ = c.server.Close()
}

// forwarded counts bytes that went through.
func (c *connection) forwarded(direction Direction, n int) {
	c.mu.Lock()
	answered := direction == ToClient && c.spoke
	c.spoke = direction == ToServer
	c.mu.Unlock()
	c.proxy.count(direction, n, answered)
}

// reset closes a socket with RST: no lingering means no orderly end.
func reset(side *net.TCPConn) {
	_ = side.SetLinger(0)
	_ = side.Close()
}
