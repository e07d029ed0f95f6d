// SPDX-License-Identifier: Apache-2.0

package message_test

import (
	"bytes"
	"strings"
	"testing"

	"rehome/internal/content/message"
)

func TestSplit_emptyLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, header, body string }{
		{"", "", ""},
		{"A: b\r\n\r\nbody", "A: b\r\n\r\n", "body"},
		{"A: b\n\nbody", "A: b\n\n", "body"},
		{"A: b\r\n\nbody", "A: b\r\n\n", "body"},
		{"A: b\r\n\r\r\nbody", "A: b\r\n\r\r\n", "body"},
		{"\r\nbody", "\r\n", "body"},
		{"A: b\r\n \r\nC: d\r\n", "A: b\r\n \r\nC: d\r\n", ""},
		{"A: b\r\n\rC: d\r\n\r\n", "A: b\r\n\rC: d\r\n\r\n", ""},
		{"no line end", "no line end", ""},
	} {
		header, body := message.Split([]byte(c.raw))
		if string(header) != c.header || string(body) != c.body {
			t.Errorf("Split(%q): got %q and %q, want %q and %q", c.raw, header, body, c.header, c.body)
		}
	}
}

func TestHeader_keepsNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	h := message.NewHeader(100)
	line := []byte("X-Long: " + strings.Repeat("x", 1000) + "\r\n")
	for range 1000 {
		h.Write(line)
	}
	if h.Complete() || !h.Truncated() || len(h.Bytes()) != 100 || cap(h.Bytes()) > 200 {
		t.Errorf("before the end: complete %v, truncated %v, kept %d, room for %d", h.Complete(), h.Truncated(), len(h.Bytes()), cap(h.Bytes()))
	}
	h.Write([]byte("\r\nbody"))
	if want := int64(1000*len(line) + 2); !h.Complete() || h.Size() != want {
		t.Errorf("at the end: complete %v, got size %d, want %d", h.Complete(), h.Size(), want)
	}
	h.Reset()
	h.Write([]byte("A: b\r\n\r\nbody"))
	if got, want := string(h.Bytes()), "A: b\r\n\r\n"; got != want || h.Truncated() || !h.Complete() {
		t.Errorf("after Reset: got %q, want %q, truncated %v, complete %v", got, want, h.Truncated(), h.Complete())
	}
}

func FuzzHeader(f *testing.F) {
	for _, seed := range []string{"", "A: b\r\n\r\nc", "\r\r\n", "a\n\rb\n\r\nc"} {
		f.Add([]byte(seed), uint8(3), uint8(10))
	}
	f.Fuzz(func(t *testing.T, raw []byte, chunk, limit uint8) {
		header, body := message.Split(raw)
		if !bytes.Equal(append(bytes.Clone(header), body...), raw) {
			t.Fatalf("the parts of %q are %q and %q", raw, header, body)
		}
		h := message.NewHeader(int(limit))
		for rest := raw; len(rest) > 0; {
			n := min(int(chunk)+1, len(rest))
			h.Write(rest[:n])
			rest = rest[n:]
		}
		if got, want := h.Size(), int64(len(header)); got != want {
			t.Errorf("size: got %d, want %d", got, want)
		}
		if got, want := h.Bytes(), header[:min(len(header), int(limit))]; !bytes.Equal(got, want) {
			t.Errorf("kept: got %q, want %q", got, want)
		}
		if len(body) > 0 && !h.Complete() {
			t.Error("there is a body, but the header is not complete")
		}
	})
}
