// SPDX-License-Identifier: Apache-2.0

package clientsetup

import (
	"net"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// mostPeers bounds each of the two generations of peers that are remembered: some 10 MB.
const mostPeers = 20_000

// peers allows each peer so many requests. Whoever has not asked for a while is forgotten: when the new generation is full,
// the old one goes.
type peers struct {
	perSecond rate.Limit
	burst     int

	mu       sync.Mutex
	new, old map[netip.Prefix]*rate.Limiter
}

func newPeers(perMinute int) *peers {
	return &peers{perSecond: rate.Limit(float64(perMinute) / 60), burst: max(perMinute/2, 10), new: map[netip.Prefix]*rate.Limiter{}}
}

// allow reports whether a peer may have one more answer now.
func (p *peers) allow(peer netip.Addr) bool { return p.of(peerOf(peer)).Allow() }

func (p *peers) of(peer netip.Prefix) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	limiter := p.new[peer]
	if limiter != nil {
		return limiter
	}
	if limiter = p.old[peer]; limiter == nil {
		limiter = rate.NewLimiter(p.perSecond, p.burst)
	}
	if len(p.new) >= mostPeers {
		p.old, p.new = p.new, map[netip.Prefix]*rate.Limiter{}
	}
	p.new[peer] = limiter
	return limiter
}

// peerOf is whom an address belongs to: with IPv6, one line has 2^64 of them (RFC 6177).
func peerOf(address netip.Addr) netip.Prefix {
	address = address.Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // fails only for the zero address, which is a peer like others
	return prefix
}

// The connections that are held at once. A device needs one for a second; a peer may be an office.
const (
	mostConnections = 4000
	mostOfPeer      = 200
)

// gate is a listener that holds no more connections than it should, so that a few cannot keep out the rest.
type gate struct {
	net.Listener
	places chan struct{}
	ofPeer int

	mu   sync.Mutex
	held map[netip.Prefix]int
}

func newGate(listener net.Listener, all, ofPeer int) *gate {
	return &gate{Listener: listener, places: make(chan struct{}, all), ofPeer: ofPeer, held: map[netip.Prefix]int{}}
}

// Accept waits for a place, then for a connection of somebody who has not got too many.
func (g *gate) Accept() (net.Conn, error) {
	g.places <- struct{}{}
	for {
		connection, err := g.Listener.Accept()
		if err != nil {
			<-g.places
			return nil, err
		}
		peer := peerOf(addressOf(connection.RemoteAddr().String()))
		if g.enter(peer) {
			return &held{Conn: connection, leave: sync.OnceFunc(func() { g.leave(peer) })}, nil
		}
		_ = connection.Close() // nothing was said yet
	}
}

func (g *gate) enter(peer netip.Prefix) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[peer] >= g.ofPeer {
		return false
	}
	g.held[peer]++
	return true
}

func (g *gate) leave(peer netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[peer]--; g.held[peer] <= 0 {
		delete(g.held, peer)
	}
	<-g.places
}

// held is a connection that gives back its place.
type held struct {
	net.Conn
	leave func()
}

func (h *held) Close() error {
	defer h.leave()
	return h.Conn.Close()
}

// addressOf reads "address:port"; the zero address is none.
func addressOf(hostPort string) netip.Addr {
	at, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}
