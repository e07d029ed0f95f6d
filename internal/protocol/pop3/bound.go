// SPDX-License-Identifier: Apache-2.0

package pop3

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

// Every wait ends, and every answer does.
//
// A server that owes an answer has the timeout for its next octet, and no more than patience times the timeout altogether
// for what it sends too slowly: each 2 KiB give back the 60th part of a timeout (two seconds), and the end of an answer all of
// it. Only the time counts in which we wait for octets, and not what a writer takes.

// patienceFactor is how many timeouts a server may take without getting on.
const patienceFactor = 10

const (
	octetsOfShare = 2 << 10
	sharesOfWait  = 60 // of a timeout, for each share of octets
)

const (
	bufferSize = 32 << 10
	maxLine    = 8 << 10   // of a status or a list; RFC 2449 section 4 allows 512 octets
	maxCaps    = 1000      // lines of CAPA
	maxList    = 4_000_000 // messages of one account: some 100 octets each
	window     = 16        // commands that wait for their answers, where the server takes several at once
)

// bounds are those of one answer, in octets.
type bounds struct {
	list    int64 // LIST and UIDL: three million messages whose identifiers are as long as RFC 1939, section 7, allows
	top     int64 // TOP: servers that know no lines give the whole message
	message int64 // RETR
}

func usualBounds() bounds { return bounds{list: 256 << 20, top: 256 << 20, message: 4 << 30} }

// wire is the byte stream with deadlines.
type wire struct {
	conn    net.Conn
	timeout time.Duration
	left    time.Duration // how long the server may still take without getting on
	octets  int64         // since time was given back for them

	mu    sync.Mutex
	ended bool // the context of the command is over: no deadline is renewed
}

// watch has the end of a context end whatever waits.
func (w *wire) watch(ctx context.Context) (stop func()) {
	w.mu.Lock()
	w.ended = false
	w.mu.Unlock()
	end := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = true
		_ = w.conn.SetDeadline(time.Unix(1, 0)) // of a broken connection the next read tells
	})
	return func() { end() }
}

// extend renews the deadline.
func (w *wire) extend(wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		_ = w.conn.SetDeadline(time.Now().Add(wait)) // of a broken connection the next read tells
	}
}

// Read implements io.Reader.
func (w *wire) Read(p []byte) (int, error) {
	began := time.Now()
	w.extend(min(w.timeout, max(w.left, 0)))
	n, err := w.conn.Read(p)
	w.left -= time.Since(began)
	w.octets += int64(n)
	shares := min(w.octets/octetsOfShare, patienceFactor*sharesOfWait) // no more than all of it
	w.octets %= octetsOfShare
	w.left = min(patienceFactor*w.timeout, w.left+w.timeout/sharesOfWait*time.Duration(shares))
	return n, err
}

// Write implements io.Writer.
func (w *wire) Write(p []byte) (int, error) {
	w.extend(w.timeout)
	return w.conn.Write(p)
}

// answered gives all of the time back.
func (w *wire) answered() { w.left = patienceFactor * w.timeout }

// line reads one line of a status or a list, without its end.
func (c *Client) line() (string, error) {
	var line []byte
	for {
		part, err := c.in.ReadSlice('\n')
		if line = append(line, part...); len(line) > maxLine {
			return "", &SyntaxError{"a line of more than 8 KiB"}
		}
		switch {
		case err == nil:
			text := strings.TrimSuffix(string(line), "\n")
			c.bare = !strings.HasSuffix(text, "\r")
			return strings.TrimSuffix(text, "\r"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}
