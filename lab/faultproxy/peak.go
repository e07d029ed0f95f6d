// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"net"
	"syscall"
)

// established is the state of a connection of which neither end has said that it is over (Linux, include/net/tcp_states.h).
const established = 1

// isOpen reports whether the client has its connection still, by what the system knows: that a process is gone is known there as soon as
// the next one connects.
func isOpen(client *net.TCPConn) (open bool) {
	raw, err := client.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) { // an error is that of a connection that is closed
		state, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO) // the first octet of the struct
		open = err == nil && state&0xFF == established
	})
	return open
}

// come notes a connection, and how many there are at this moment.
func (p *Proxy) come(client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[client] = true
	now := 0
	for c := range p.clients {
		if isOpen(c) {
			now++
		}
	}
	p.counts.Most = max(p.counts.Most, now)
}

func (p *Proxy) gone(client *net.TCPConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, client)
}
