// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"os"
	"sync"
	"syscall"
	"time"
)

// pipe is one direction of a connection: octets wait in the sender's kernel, travel, and arrive. What
// was written arrives also when its writer is gone by then.
type pipe struct {
	delay time.Duration
	rate  int // octets a second, 0 for no limit
	room  int // octets that may be under way before the writer has to wait
	stall Stall
	cut   *Cut
	onCut func(silent bool) // called without mu

	mu       sync.Mutex
	segments []segment
	queued   int
	sent     int64
	busy     time.Time // until when the line carries what was written before
	swallow  bool      // nothing arrives any more, and nobody is told
	end      error     // what the reader finds behind the last segment
	endAt    time.Time
	deaf     bool      // writing fails
	deafAt   time.Time // when the writer finds that the reader is gone: what is written until then comes to nothing
	reader   error     // why reading fails at once, at the reader's own wish

	readDeadline, writeDeadline time.Time
	readable, writable          chan struct{} // capacity 1

	// While the reader waits, whoever changes something says when it can go on: it is woken once for what it reads, and not
	// for each change of a deadline, and for what is still on its way.
	waiting bool
	alarm   *time.Timer
}

type segment struct {
	at   time.Time
	data []byte
}

func newPipe(w Weather) *pipe {
	alarm := time.NewTimer(0)
	alarm.Stop()
	return &pipe{delay: w.Delay, rate: w.Rate, room: w.room(), readable: make(chan struct{}, 1), writable: make(chan struct{}, 1), alarm: alarm}
}

func poke(waiting chan struct{}) {
	select {
	case waiting <- struct{}{}:
	default:
	}
}

// wait blocks until it is poked, or until an instant; the zero instant never comes.
func wait(poked <-chan struct{}, until time.Time) {
	if until.IsZero() {
		<-poked
		return
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-poked:
	case <-timer.C:
	}
}

// earliest returns the first of two instants that are set.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (p *pipe) read(buffer []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		n, until, err := p.tryReadLocked(buffer)
		if n > 0 || err != nil {
			return n, err
		}
		p.waiting = true
		p.setAlarmLocked(until)
		p.mu.Unlock()
		select {
		case <-p.readable:
		case <-p.alarm.C:
		}
		p.mu.Lock()
		p.waiting = false
	}
}

// tryReadLocked reads what has arrived, or says until when to wait at most.
func (p *pipe) tryReadLocked(buffer []byte) (n int, until time.Time, err error) {
	ready, now := p.readyLocked(), time.Now()
	switch {
	case ready.IsZero() || ready.After(now):
		return 0, ready, nil
	case p.reader != nil:
		return 0, until, p.reader
	case len(p.segments) > 0 && !p.segments[0].at.After(now):
		return p.takeLocked(buffer), until, nil
	case len(p.segments) == 0 && p.end != nil && !p.endAt.After(now):
		return 0, until, p.end
	}
	return 0, until, os.ErrDeadlineExceeded
}

// readyLocked says from when on the reader has something to do; the zero instant never comes.
func (p *pipe) readyLocked() time.Time {
	ready := p.readDeadline
	switch {
	case p.reader != nil:
		return past
	case len(p.segments) > 0:
		ready = earliest(ready, p.segments[0].at)
	case p.end != nil:
		ready = earliest(ready, p.endAt)
	}
	return ready
}

// past is an instant before all others.
var past = time.Unix(0, 0)

// rouseLocked is for whoever changes what the reader waits for.
func (p *pipe) rouseLocked() {
	if !p.waiting {
		return
	}
	if ready := p.readyLocked(); ready.IsZero() || ready.After(time.Now()) {
		p.setAlarmLocked(ready)
	} else {
		poke(p.readable)
	}
}

// setAlarmLocked wakes the reader at an instant; the zero instant never comes.
func (p *pipe) setAlarmLocked(at time.Time) {
	if at.IsZero() {
		p.alarm.Stop()
	} else {
		p.alarm.Reset(time.Until(at))
	}
}

func (p *pipe) takeLocked(buffer []byte) int {
	first := &p.segments[0]
	n := copy(buffer, first.data)
	if first.data = first.data[n:]; len(first.data) == 0 {
		p.segments = p.segments[1:]
	}
	p.queued -= n
	poke(p.writable)
	return n
}

func (p *pipe) write(data []byte) (written int, err error) {
	for len(data) > 0 {
		n, until, err := p.tryWrite(data)
		if err != nil {
			return written, err
		}
		written, data = written+n, data[n:]
		if n == 0 {
			wait(p.writable, until)
		}
	}
	return written, nil
}

func (p *pipe) tryWrite(data []byte) (n int, until time.Time, err error) {
	p.mu.Lock()
	now := time.Now()
	space := p.room - p.queued
	switch {
	case p.deaf || !p.deafAt.IsZero() && !p.deafAt.After(now):
		err = syscall.EPIPE
	case p.swallow || !p.deafAt.IsZero():
		n = len(data)
	case space > 0:
		n = min(space, len(data))
		if p.cut != nil {
			n = int(min(int64(n), p.cut.After-p.sent))
		}
		p.sendLocked(now, data[:n])
	case !p.writeDeadline.IsZero() && !p.writeDeadline.After(now):
		err = os.ErrDeadlineExceeded
	}
	until = p.writeDeadline
	cut := p.cut
	reached := cut != nil && p.sent >= cut.After
	if reached {
		p.cut = nil
	}
	p.mu.Unlock()
	if reached {
		p.onCut(cut.Silent)
	}
	return n, until, err
}

// sendLocked puts octets on the line.
func (p *pipe) sendLocked(now time.Time, data []byte) {
	if len(data) == 0 {
		return
	}
	if p.busy.Before(now) {
		p.busy = now
	}
	if p.stall.For > 0 && p.sent+int64(len(data)) > p.stall.After {
		p.busy = p.busy.Add(p.stall.For)
		p.stall.For = 0
	}
	if p.rate > 0 {
		p.busy = p.busy.Add(time.Duration(len(data)) * time.Second / time.Duration(p.rate))
	}
	p.segments = append(p.segments, segment{at: p.busy.Add(p.delay), data: append([]byte(nil), data...)})
	p.sent += int64(len(data))
	p.queued += len(data)
	p.rouseLocked()
}

// finish lets the reader find why behind what is under way.
func (p *pipe) finish(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end == nil && !p.swallow {
		p.end, p.endAt = why, time.Now().Add(p.delay)
		if p.busy.After(time.Now()) {
			p.endAt = p.busy.Add(p.delay)
		}
	}
	p.rouseLocked()
}

// leave is the reader's own end: it reads nothing any more, and what is written to it comes to nothing.
func (p *pipe) leave(why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reader == nil {
		p.reader = why
	}
	p.loseReaderLocked()
	p.rouseLocked()
}

// loseReader lets the writer fail as soon as word of it can be there: at the same instant it would hang on who comes first.
func (p *pipe) loseReader() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loseReaderLocked()
}

func (p *pipe) loseReaderLocked() {
	if p.deafAt.IsZero() {
		p.deafAt = time.Now().Add(p.delay)
	}
	poke(p.writable)
}

// vanish swallows whatever is written from now on.
func (p *pipe) vanish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallow = true
	poke(p.writable)
}

// block lets the writer fail from now on.
func (p *pipe) block() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = true
	poke(p.writable)
}

func (p *pipe) setReadDeadline(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readDeadline = t
	p.rouseLocked()
}

func (p *pipe) setWriteDeadline(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writeDeadline = t
	poke(p.writable)
}
