// SPDX-License-Identifier: Apache-2.0

package message

import "bytes"

// Header keeps the header of a message that streams by, up to a limit: mail from strangers may
// hold a header of any size.
type Header struct {
	limit int
	kept  []byte
	size  int64
	end   headEnd
}

// NewHeader returns a Header that keeps at most limit octets.
func NewHeader(limit int) *Header { return &Header{limit: max(limit, 0)} }

// Reset starts the next message and keeps the memory.
func (h *Header) Reset() {
	h.kept, h.size, h.end = h.kept[:0], 0, headEnd{}
}

// Write takes the next octets of the message and never fails.
func (h *Header) Write(p []byte) (int, error) {
	if !h.end.done {
		n := h.end.advance(p)
		h.size += int64(n)
		h.kept = append(h.kept, p[:min(n, h.limit-len(h.kept))]...)
	}
	return len(p), nil
}

// Bytes returns what is kept, with the empty line that ends the header, valid until Reset.
func (h *Header) Bytes() []byte { return h.kept }

// Size returns the octets of the header, kept or not.
func (h *Header) Size() int64 { return h.size }

// Complete says that the empty line has been seen.
func (h *Header) Complete() bool { return h.end.done }

// Truncated says that the header is longer than what is kept.
func (h *Header) Truncated() bool { return h.size > int64(len(h.kept)) }

// Split cuts a message behind the empty line; without one, all is header.
func Split(message []byte) (header, body []byte) {
	var end headEnd
	n := end.advance(message)
	return message[:n], message[n:]
}

// headEnd finds the empty line that ends a header (RFC 5322 section 2.1) in chunks of any size. A
// line of nothing but carriage returns is empty, as in the normal form.
type headEnd struct {
	inLine bool // something other than a carriage return was seen since the last line feed
	done   bool
}

// advance returns how many octets of p belong to the header.
func (e *headEnd) advance(p []byte) int {
	for i := 0; i < len(p); {
		switch {
		case e.inLine:
			feed := bytes.IndexByte(p[i:], '\n')
			if feed < 0 {
				return len(p)
			}
			i += feed + 1
			e.inLine = false
		case p[i] == '\n':
			e.done = true
			return i + 1
		default:
			e.inLine = p[i] != '\r'
			i++
		}
	}
	return len(p)
}
