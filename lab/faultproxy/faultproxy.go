// SPDX-License-Identifier: Apache-2.0

// Package faultproxy is a TCP proxy that misbehaves on demand: slow, thin, cut, stalled, deaf.
//
// It knows no protocol; bytes go through as they are and in order. A test dials Addr instead of
// the server, and changes the faults while connections run, for all of them by Set or for one of
// them by Plan. Nothing is random: a fault happens at the byte or the moment it was ordered for.
//
// New, then Set or Plan, then dial Addr. Close ends the proxy and every connection.
package faultproxy

import (
	"errors"
	"fmt"
	"net"
	"sync"
)

// Direction is one way through the proxy.
type Direction int

// The two directions.
const (
	ToServer Direction = iota
	ToClient
)

// Proxy forwards connections to one target.
type Proxy struct {
	target   *net.TCPAddr
	listener *net.TCPListener
	running  sync.WaitGroup

	mu       sync.Mutex // guards what follows
	closed   bool
	settings [2]*setting
	plan     func(number int) *Faults
	open     map[*connection]bool
	clients  map[*net.TCPConn]bool
	counts   Counts
}

// Counts are totals over all connections since New.
type Counts struct {
	Connections int
	Most        int      // connections that clients had at the same time
	Bytes       [2]int64 // forwarded, by Direction
	// RoundTrips counts how often the server answered after the client had spoken: pipelined
	// commands are one round trip.
	RoundTrips int
	Cuts       int // connections, or directions of them, that a Fault ended
}

// New starts a proxy on a free port of 127.0.0.1. The caller closes it.
func New(target string) (*Proxy, error) {
	resolved, err := net.ResolveTCPAddr("tcp", target)
	if err != nil {
		return nil, fmt.Errorf("open a fault proxy for %s: %w", target, err)
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("open a fault proxy for %s: %w", target, err)
	}
	p := &Proxy{
		target: resolved, listener: listener, open: map[*connection]bool{}, clients: map[*net.TCPConn]bool{},
		settings: [2]*setting{newSetting(Fault{}), newSetting(Fault{})},
	}
	p.running.Go(p.accept)
	return p, nil
}

// Addr returns the address to dial, "host:port".
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set changes the faults of one direction, at once and for all connections, also those that run
// and those to come; except connections that have a plan of their own.
func (p *Proxy) Set(direction Direction, fault Fault) { p.settings[direction].change(fault) }

// Plan gives connections faults of their own: plan is asked with 1 for the first connection from
// now on, 2 for the second, and so on, one at a time. Where it returns nil the connection follows
// Set. A nil plan ends the previous one.
func (p *Proxy) Plan(plan func(number int) *Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if plan == nil {
		p.plan = nil
		return
	}
	before := p.counts.Connections
	p.plan = func(number int) *Faults { return plan(number - before) }
}

// Counts returns the totals so far.
func (p *Proxy) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// Cut ends all connections that run now, by FIN, RST or Vanish; new ones are served.
func (p *Proxy) Cut(how End) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.end(how)
	}
}

// Close stops listening, ends every connection and waits for them. Closing twice is allowed.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.abandon()
	}
	p.mu.Unlock()
	p.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.AcceptTCP()
		if err != nil {
			return // closed
		}
		p.come(client)
		p.running.Go(func() {
			defer p.gone(client)
			p.serve(client)
		})
	}
}

func (p *Proxy) serve(client *net.TCPConn) {
	settings := p.admit()
	server, err := net.DialTCP("tcp", nil, p.target)
	if err != nil {
		reset(client) // as if the server itself had refused
		return
	}
	c := &connection{proxy: p, client: client, server: server, ended: make(chan struct{})}
	if p.register(c) {
		c.run(settings)
	}
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
}

// register makes the connection known to Cut and Close; false if the proxy was closed meanwhile.
func (p *Proxy) register(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.abandon()
		return false
	}
	p.open[c] = true
	return true
}

// admit counts a connection and returns the settings it follows.
func (p *Proxy) admit() [2]*setting {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Connections++
	if p.plan != nil {
		if faults := p.plan(p.counts.Connections); faults != nil {
			return [2]*setting{newSetting(faults.ToServer), newSetting(faults.ToClient)}
		}
	}
	return p.settings
}

// count adds forwarded bytes and, if the server has just answered, a round trip.
func (p *Proxy) count(direction Direction, n int, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Bytes[direction] += int64(n)
	if answered {
		p.counts.RoundTrips++
	}
}

func (p *Proxy) countCut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Cuts++
}
