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

// watchdog ends a request when not a byte has moved for a while. The clock runs only while
// somebody waits for the network, not while the caller works on what has arrived.
type watchdog struct {
	timer   *time.Timer
	timeout time.Duration
	cancel  context.CancelCauseFunc

	mu       sync.Mutex
	answered bool // the upload no longer counts: net/http may still be taking pieces of it
}

// watch returns a context that ends with errStalled; the clock is running.
func watch(ctx context.Context, timeout time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{timeout: timeout, cancel: cancel}
	w.timer = time.AfterFunc(timeout, func() { cancel(errStalled) })
	return ctx, w
}

// uploading gives the request more time, as long as no answer has come.
func (w *watchdog) uploading() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.answered {
		w.timer.Reset(w.timeout)
	}
}

// answer stops the clock because the head of the answer is there, or never will be.
func (w *watchdog) answer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
	w.timer.Stop()
}

// reading runs the clock for one read of the answer.
func (w *watchdog) reading(timeout time.Duration) { w.timer.Reset(timeout) }

func (w *watchdog) pause() { w.timer.Stop() }

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
	u.dog.uploading()
	return u.data.Read(p)
}

func (u *watchedUpload) Close() error { return nil }

// watchedBody is an answer's body.
type watchedBody struct {
	body    io.ReadCloser
	dog     *watchdog
	timeout time.Duration
	fail    func(error) error // names the request in an error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.dog.reading(b.timeout)
	n, err := b.body.Read(p)
	b.dog.pause()
	if err != nil && err != io.EOF {
		err = b.fail(err)
	}
	return n, err
}

// How much of an unread answer, and how long a wait for it, a kept connection is worth.
const (
	drainLimit = 64 << 10
	drainWait  = 2 * time.Second
)

// Close reads a short rest, so that the connection can be used again.
func (b *watchedBody) Close() error {
	b.timeout = min(b.timeout, drainWait)
	_, _ = io.CopyN(io.Discard, b, drainLimit) // what matters of the answer has been read
	err := b.body.Close()
	b.dog.end()
	return err
}
