// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
)

// Ports of servers are below those that the system gives to whoever asks for none (on Linux from 32768 on): one that is free now would
// otherwise be taken, before the server starts, by somebody who listens on all addresses.
const lowestPort, highestPort = 10_000, 32_000

// Addr returns a free TCP address, host and port, for one server of this lab. It is handed
// out once; the lab's host is its own, so nobody else takes the port before the server does.
func (r *Lab) Addr() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last error
	for range 100 {
		port := uint16(lowestPort + rand.IntN(highestPort-lowestPort))
		if r.ports[port] {
			continue
		}
		if last = probe(netip.AddrPortFrom(r.host, port)); last == nil {
			r.ports[port] = true
			return netip.AddrPortFrom(r.host, port).String(), nil
		}
	}
	return "", fmt.Errorf("find a free port on %s: %w", r.host, cmp.Or(last, errors.New("all that were tried are taken")))
}

// NewHost returns one more loopback address of this lab's own, for servers that need the same port at different hosts.
func (r *Lab) NewHost() (string, error) {
	host, err := freeHost()
	return host.String(), err
}

// freeHost picks an address in 127.0.0.0/8, which is loopback as a whole on Linux. With a host
// of its own a lab cannot meet the ports of another lab or the outgoing connections of others.
func freeHost() (netip.Addr, error) {
	var last error
	for range 20 {
		host := netip.AddrFrom4([4]byte{127, byte(1 + rand.IntN(254)), byte(rand.IntN(256)), byte(1 + rand.IntN(254))})
		if last = probe(netip.AddrPortFrom(host, 0)); last == nil {
			return host, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("find a loopback address: %w", last)
}

// probe listens on addr for a moment. A program that is being started just then would have the listener, too, until it runs, and the address
// would be taken that long: none is started meanwhile.
func probe(addr netip.AddrPort) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	listener, err := net.Listen("tcp", addr.String())
	if err != nil {
		return err
	}
	return listener.Close()
}
