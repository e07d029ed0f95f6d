// SPDX-License-Identifier: Apache-2.0

package imap

import (
	"io"
	"net"
	"testing"
	"time"
)

// A connection that has become busy gets large buffers, and loses nothing of what the small ones hold.
func TestClient_growsItsBuffers(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	c := newClient(here, time.Minute)
	go func() {
		defer there.Close()
		_, _ = io.WriteString(there, "* OK one\r\n* OK two\r\n") // in one read
		_, _ = io.CopyN(io.Discard, there, 1)
	}()
	for _, want := range []string{"one", "two"} {
		resp, err := c.dec.response(nobody)
		if err != nil || resp.text != want {
			t.Fatalf("%q, %v; want %q", resp.text, err, want)
		}
		c.transport.read.Store(busy + 1)
		c.growIn()
	}
	if c.dec.in.Size() != readBuffer {
		t.Errorf("the reader holds %d octets, want %d", c.dec.in.Size(), readBuffer)
	}
	c.transport.written.Store(busy + 1)
	_ = c.out.WriteByte('x')
	if c.growOut(); c.out.Size() != smallBuffer {
		t.Error("the writer was changed while it held something")
	}
	if err := c.out.Flush(); err != nil {
		t.Fatal(err)
	}
	if c.growOut(); c.out.Size() != writeBuffer {
		t.Errorf("the writer holds %d octets, want %d", c.out.Size(), writeBuffer)
	}
}

// A message is streamed through as much as it needs.
func TestAppendCommand_growBuffer(t *testing.T) {
	t.Parallel()
	a := &AppendCommand{}
	for _, step := range []struct {
		size int64
		want int
	}{{1, smallBuffer}, {smallBuffer, smallBuffer}, {smallBuffer + 1, 2 * smallBuffer}, {1 << 30, appendBuffer}, {5, appendBuffer}} {
		if a.growBuffer(step.size); len(a.buffer) != step.want {
			t.Errorf("%d octets: %d, want %d", step.size, len(a.buffer), step.want)
		}
	}
}
