// SPDX-License-Identifier: Apache-2.0

package dav

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

var errStalled = errors.New("the server fell silent")

// Every wait has two bounds: by progress and in total. What is slower than this rate for a whole timeout is no
// progress, or a server that sends an octet now and then would be listened to for ever; and no exchange is waited
// for longer than so many timeouts, however well it goes.
const (
	slowest      = 4  // octets in a second
	mostTimeouts = 30 // an hour, with the usual timeout
)

// watchdog ends a request when too little has moved for a while. The clock runs only while
// somebody waits for the network, not while the caller works on what has arrived.
type watchdog struct {
	timer   *time.Timer
	timeout time.Duration
	cancel  context.CancelCauseFunc

	mu       sync.Mutex
	answered bool          // the upload no longer counts: net/http may still be taking pieces of it
	begun    time.Time     // since when the clock runs
	left     time.Duration // until what has moved is looked at
	moved    int64         // octets since it was looked at
	total    time.Duration // left of all the waiting
}

// watch returns a context that ends with errStalled; the clock is running.
func watch(ctx context.Context, timeout time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{timeout: timeout, cancel: cancel, left: timeout, total: mostTimeouts * timeout, begun: time.Now()}
	w.timer = time.AfterFunc(timeout, func() { cancel(errStalled) })
	return ctx, w
}

// uploading counts a piece that the connection takes, as long as no answer has come.
func (w *watchdog) uploading(octets int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.answered {
		w.stop(octets)
		w.start()
	}
}

// answer stops the clock because the head of the answer is there, or never will be.
func (w *watchdog) answer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
	w.stop(0)
	w.left, w.moved = w.timeout, 0
}

// reading runs the clock for one read of the answer.
func (w *watchdog) reading() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.start()
}

// pause stops it, behind a read of so many octets.
func (w *watchdog) pause(octets int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop(octets)
}

func (w *watchdog) start() {
	w.begun = time.Now()
	w.timer.Reset(max(min(w.left, w.total), 0))
}

// stop takes stock. Enough of progress gives the exchange a whole timeout again.
func (w *watchdog) stop(octets int) {
	w.timer.Stop()
	waited := time.Since(w.begun)
	w.left, w.total, w.moved = w.left-waited, w.total-waited, w.moved+int64(octets)
	if w.moved >= max(int64(slowest*w.timeout.Seconds()), 1) {
		w.left, w.moved = w.timeout, 0
	}
}

// hurry leaves so much time for all that is still to be read.
func (w *watchdog) hurry(rest time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total = min(w.total, rest)
}

// end frees what the request holds.
func (w *watchdog) end() {
	w.timer.Stop()
	w.cancel(nil)
}

// watchedUpload is a request body; each piece that the connection takes is progress.
type watchedUpload struct {
	data *bytes.Reader
	dog  *watchdog
}

func (u *watchedUpload) Read(p []byte) (int, error) {
	n, err := u.data.Read(p)
	u.dog.uploading(n)
	return n, err
}

func (u *watchedUpload) Close() error { return nil }

// watchedBody is an answer's body.
type watchedBody struct {
	body io.ReadCloser
	dog  *watchdog
	fail func(error) error // names the request in an error

	octets int64       // read
	ended  func(int64) // told of them when the body is closed
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.dog.reading()
	n, err := b.body.Read(p)
	b.dog.pause(n)
	b.octets += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.fail(err)
	}
	return n, err
}

// How much of an unread answer, and how long a wait for all of it, a kept connection is worth.
const (
	drainLimit = 64 << 10
	drainWait  = 2 * time.Second
)

// Close reads a short rest, so that the connection can be used again.
func (b *watchedBody) Close() error {
	b.dog.hurry(drainWait)
	_, _ = io.CopyN(io.Discard, b, drainLimit) // what matters of the answer has been read
	err := b.body.Close()
	b.dog.end()
	if b.ended != nil { // once, however often it is closed
		b.ended(b.octets)
		b.ended = nil
	}
	return err
}
