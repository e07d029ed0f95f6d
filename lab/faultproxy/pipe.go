// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// chunk is what one read gave: bytes, or the error that ended the stream.
type chunk struct {
	at   time.Time
	data []byte
	err  error
}

// pipe is one direction of a connection: a goroutine that reads, a queue that is as long as the
// delay, and a goroutine that writes what is due.
type pipe struct {
	connection *connection
	direction  Direction
	from, to   *net.TCPConn
	setting    *setting

	queue    chan chunk
	underWay atomic.Int64
	drained  chan struct{} // a signal that underWay has become less

	written int64     // bytes so far
	next    time.Time // when the rate allows the next byte
	deaf    bool      // half closed: what comes is thrown away
	resume  time.Time // when a stall that came is over
}

func newPipe(c *connection, direction Direction, setting *setting) *pipe {
	p := &pipe{
		connection: c, direction: direction, from: c.client, to: c.server, setting: setting,
		queue: make(chan chunk, maxUnderWay/chunkSize), drained: make(chan struct{}, 1),
	}
	if direction == ToClient {
		p.from = c.server
		p.to = c.client
	}
	return p
}

// run returns when the direction is over.
func (p *pipe) run() {
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		p.read()
	}()
	p.write()
	<-finished
}

func (p *pipe) read() {
	defer close(p.queue)
	buffer := make([]byte, chunkSize)
	for p.mayRead() {
		n, err := p.from.Read(buffer)
		if n > 0 {
			p.underWay.Add(int64(n))
			p.put(chunk{at: time.Now(), data: append([]byte(nil), buffer[:n]...)})
		}
		if err != nil {
			p.put(chunk{at: time.Now(), err: err})
			return
		}
	}
	// After an orderly end: until the peer ends too, or the deadline of the drain.
	_, _ = io.Copy(io.Discard, p.from)
}

func (p *pipe) put(c chunk) {
	select {
	case p.queue <- c:
	case <-p.connection.ended:
	}
}

// mayRead waits while the direction is stalled or full; false is the end of the connection.
func (p *pipe) mayRead() bool {
	for {
		fault, changed := p.setting.now()
		var wait <-chan struct{}
		if !fault.Stall {
			if p.underWay.Load() < fault.capacity() {
				break
			}
			wait = p.drained
		}
		select {
		case <-wait:
		case <-changed:
		case <-p.connection.ended:
			return false
		}
	}
	select {
	case <-p.connection.ended:
		return false
	default:
		return true
	}
}

func (p *pipe) write() {
	for {
		fault, changed := p.setting.now()
		if !p.deaf && fault.due(p.written) && !p.cut(fault.End) {
			return
		}
		select {
		case c, ok := <-p.queue:
			if !ok || !p.pass(c) {
				return
			}
		case <-changed:
		case <-p.connection.ended:
			return
		}
	}
}

// pass forwards one chunk when it is due; false is the end of the direction.
func (p *pipe) pass(c chunk) bool {
	for len(c.data) > 0 && !p.deaf {
		fault, ok := p.await(c.at)
		if !ok {
			return false
		}
		if fault.due(p.written) {
			if !p.cut(fault.End) {
				return false
			}
			break
		}
		n := fault.slice(len(c.data), p.written)
		if !p.send(c.data[:n], fault.Rate) {
			return false
		}
		c.data = c.data[n:]
	}
	p.release(len(c.data))
	switch {
	case c.err == nil:
		return true
	case !errors.Is(c.err, io.EOF) && !p.connection.orphan.Load():
		p.connection.end(RST)
		return false
	}
	if _, ok := p.await(c.at); ok && !p.deaf {
		_ = p.to.CloseWrite()
	}
	return false
}

// await waits until bytes that were read at the given time may go on, and returns the fault then.
func (p *pipe) await(at time.Time) (Fault, bool) {
	for {
		fault, changed := p.setting.now()
		if fault.Cut && !p.deaf {
			return fault, true
		}
		due := at.Add(fault.Delay)
		if fault.Rate > 0 && p.next.After(due) {
			due = p.next
		}
		if fault.StallFor > 0 && p.resume.IsZero() && p.written >= fault.StallAfter {
			p.resume = time.Now().Add(fault.StallFor)
		}
		if p.resume.After(due) {
			due = p.resume
		}
		wait := time.Until(due)
		if wait <= 0 && !fault.Stall {
			return fault, true
		}
		var timer <-chan time.Time
		if !fault.Stall {
			timer = time.After(wait)
		}
		select {
		case <-timer:
		case <-changed:
		case <-p.connection.ended:
			return fault, false
		}
	}
}

func (p *pipe) send(data []byte, rate int) bool {
	p.connection.forwarded(p.direction, len(data))
	if _, err := p.to.Write(data); err != nil {
		if p.direction == ToClient && p.connection.orphan.Load() {
			p.deaf = true
			p.release(len(data))
			return true
		}
		p.connection.end(RST)
		return false
	}
	p.written += int64(len(data))
	if rate > 0 {
		start := time.Now()
		if p.next.After(start) {
			start = p.next
		}
		p.next = start.Add(time.Duration(float64(len(data)) / float64(rate) * float64(time.Second)))
	}
	p.release(len(data))
	return true
}

// release tells the reader that bytes are no longer under way.
func (p *pipe) release(n int) {
	p.underWay.Add(int64(-n))
	select {
	case p.drained <- struct{}{}:
	default:
	}
}

// cut ends the connection, or this direction; it reports whether the pipe has to go on.
func (p *pipe) cut(how End) bool {
	p.connection.proxy.countCut()
	if how != HalfClose {
		p.connection.end(how)
		return false
	}
	p.deaf = true
	_ = p.to.CloseWrite()
	return true
}
