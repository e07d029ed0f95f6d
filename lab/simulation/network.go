// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Line says which connection is meant: the nth that a process has opened to an address.
type Line struct {
	Process, Address string
	Number           int // from 0
}

func (l Line) String() string { return fmt.Sprintf("%s to %s #%d", l.Process, l.Address, l.Number) }

// Weather is what one connection meets.
type Weather struct {
	Delay  time.Duration // one way
	Rate   int           // octets a second in each direction; 0 for no limit
	Room   int           // octets that a sender's kernel takes before its writes wait; 0 means 256 KiB
	Refuse bool          // nobody listens
	Stall  Stall         // of what the client sends
	Up     *Cut          // by what the client has sent
	Down   *Cut          // by what the server has sent
}

func (w Weather) room() int {
	if w.Room > 0 {
		return w.Room
	}
	return 256 << 10
}

// Stall holds back everything behind the octet After for a while; its sender does not notice.
type Stall struct {
	After int64
	For   time.Duration
}

// Cut ends a connection when After octets were sent in its direction. What was sent before arrives. With
// Silent nobody is told: whatever is sent later is swallowed in both directions.
type Cut struct {
	After  int64
	Silent bool
}

// Network connects processes to servers. It is safe for concurrent use.
type Network struct {
	weather func(Line) Weather

	mu      sync.Mutex
	servers map[string]func(net.Conn, Line)
	opened  map[string]int // connections of a process to an address
	dead    map[string]bool
	live    map[string][]*conn // the client ends of a process
	serving sync.WaitGroup
	idle    chan func() // to goroutines that have served a connection and wait for another one: their stacks have grown
	closed  bool
	ends    []*conn // the server ends
}

// NewNetwork returns a network with a weather for each connection; nil is always fine.
func NewNetwork(weather func(Line) Weather) *Network {
	if weather == nil {
		weather = func(Line) Weather { return Weather{} }
	}
	return &Network{weather: weather, servers: map[string]func(net.Conn, Line){}, opened: map[string]int{},
		dead: map[string]bool{}, live: map[string][]*conn{}, idle: make(chan func())}
}

// Serve lets serve answer each connection to address, on a goroutine of its own.
func (n *Network) Serve(address string, serve func(net.Conn, Line)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.servers[address] = serve
}

// Dialer returns the dial function of a process.
func (n *Network) Dialer(process string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) { return n.dial(ctx, process, address) }
}

func (n *Network) dial(ctx context.Context, process, address string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	line := Line{process, address, n.opened[process+" "+address]}
	n.opened[process+" "+address]++
	weather := n.weather(line)
	serve := n.servers[address]
	if n.dead[process] || n.closed || serve == nil || weather.Refuse {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	up := newPipe(weather)
	down := newPipe(weather)
	up.stall = weather.Stall
	up.cut = weather.Up
	down.cut = weather.Down
	up.onCut = func(silent bool) { breakLine(up, down, silent, up.block, down.loseReader) }
	down.onCut = func(silent bool) { breakLine(up, down, silent, up.loseReader, down.block) }
	client := &conn{in: down, out: up, line: line, name: line.String()}
	server := &conn{in: up, out: down, line: line, name: client.name}
	n.live[process] = append(n.live[process], client)
	n.ends = append(n.ends, server)
	n.workLocked(func() {
		defer server.Close()
		serve(server, line)
	})
	return client, nil
}

// workLocked lets a goroutine do something that has nothing to do, or a new one.
func (n *Network) workLocked(do func()) {
	select {
	case n.idle <- do:
		return
	default:
	}
	n.serving.Go(func() {
		do()
		for next := range n.idle {
			next()
		}
	})
}

// breakLine ends a connection in the middle of the line. The end that has just written finds that at once, the other one later.
func breakLine(up, down *pipe, silent bool, endUp, endDown func()) {
	if silent {
		up.vanish()
		down.vanish()
		return
	}
	up.finish(io.EOF)
	endUp()
	down.finish(syscall.ECONNRESET)
	endDown()
}

// Kill ends a process as kill -9 does: its connections are gone for it, and what it has written before
// still arrives. It dials no more. meanwhile, which may be nil, tells the process itself: when it can write nothing more,
// and before it finds that its connections are gone. What it does of both in which order then is the same to everybody.
func (n *Network) Kill(process string, meanwhile func()) {
	n.mu.Lock()
	ends := n.live[process]
	n.live[process] = nil
	n.dead[process] = true
	n.mu.Unlock()
	for _, c := range ends {
		c.out.block()
	}
	if meanwhile != nil {
		meanwhile()
	}
	for _, c := range ends {
		_ = c.Close()
	}
}

// Close ends every connection and waits until the servers' goroutines are gone.
func (n *Network) Close() {
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		close(n.idle)
	}
	all := append([]*conn(nil), n.ends...)
	for process, ends := range n.live {
		n.dead[process] = true
		all = append(all, ends...)
	}
	n.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
	n.serving.Wait()
}

// Connections counts what was opened, by whichever process.
func (n *Network) Connections() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	total := 0
	for _, count := range n.opened {
		total += count
	}
	return total
}

// conn is one end of a connection.
type conn struct {
	in, out *pipe
	line    Line
	name    string // of the line
}

func (c *conn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close lets the other end find the end behind what is under way.
func (c *conn) Close() error {
	c.in.leave(net.ErrClosed)
	c.out.finish(io.EOF)
	c.out.block()
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setReadDeadline(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.setWriteDeadline(t)
	return nil
}

func (c *conn) SetDeadline(t time.Time) error {
	c.in.setReadDeadline(t)
	c.out.setWriteDeadline(t)
	return nil
}

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

func (c *conn) LocalAddr() net.Addr  { return address(c.name) }
func (c *conn) RemoteAddr() net.Addr { return address(c.line.Address) }
