// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
)

// Addr returns a free TCP address, host and port, for one server of this lab. It is handed
// out once; the lab's host is its own, so nobody else takes the port before the server does.
func (r *Lab) Addr() (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range 100 {
		addr, err := probe(netip.AddrPortFrom(r.host, 0))
		if err != nil {
			return "", fmt.Errorf("find a free port on %s: %w", r.host, err)
		}
		if !r.ports[addr.Port()] {
			r.ports[addr.Port()] = true
			return addr.String(), nil
		}
	}
	return "", fmt.Errorf("find a free port on %s: the system offers only ports that are taken", r.host)
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
		if _, last = probe(netip.AddrPortFrom(host, 0)); last == nil {
			return host, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("find a loopback address: %w", last)
}

// probe listens on addr for a moment and returns the address with the port that was given.
func probe(addr netip.AddrPort) (netip.AddrPort, error) {
	listener, err := net.Listen("tcp", addr.String())
	if err != nil {
		return netip.AddrPort{}, err
	}
	bound, ok := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil {
		return netip.AddrPort{}, err
	}
	if !ok {
		return netip.AddrPort{}, errors.New("the listener has no TCP address")
	}
	return bound.AddrPort(), nil
}
