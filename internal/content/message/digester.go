// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// Digester takes a message as an io.Writer, in chunks of any size, and never fails. Writing
// allocates nothing; octets that are already in normal form go to the hash without being copied.
type Digester struct {
	hash hash.Hash
	size int64 // octets of the normal form
	raw  int64
	head headEnd
	held int // carriage returns that the next octet decides about
	line int // octets of the line that has not ended
	note Notes

	ends  [64]byte   // carriage returns and one last line feed, to hash from
	clean [2048]byte // a piece of the message with its NULs replaced
}

// NewDigester returns a Digester at the start of a message.
func NewDigester() *Digester {
	d := &Digester{hash: sha256.New()}
	for i := range d.ends {
		d.ends[i] = '\r'
	}
	d.ends[len(d.ends)-1] = '\n'
	return d
}

// Reset starts the next message.
func (d *Digester) Reset() {
	d.hash.Reset()
	d.size = 0
	d.raw = 0
	d.held = 0
	d.line = 0
	d.head = headEnd{}
	d.note = Notes{}
}

// Write takes the next octets.
func (d *Digester) Write(p []byte) (int, error) {
	d.raw += int64(len(p))
	d.noteHeader(p)
	if bytes.IndexByte(p, 0) < 0 {
		d.normalise(p)
		return len(p), nil
	}
	d.note.NUL = true
	for rest := p; len(rest) > 0; {
		n := copy(d.clean[:], rest)
		for i, c := range d.clean[:n] {
			if c == 0 {
				d.clean[i] = 0x80
			}
		}
		d.normalise(d.clean[:n])
		rest = rest[n:]
	}
	return len(p), nil
}

// Sum returns the digest of what was written; more may be written afterwards.
func (d *Digester) Sum() Digest { return Digest(d.hash.Sum(nil)) }

// Size returns the octets of the normal form.
func (d *Digester) Size() int64 { return d.size }

// RawSize returns the octets as written.
func (d *Digester) RawSize() int64 { return d.raw }

// Notes returns what was seen so far.
func (d *Digester) Notes() Notes {
	note := d.note
	note.LongestLine = max(note.LongestLine, d.line)
	return note
}

func (d *Digester) noteHeader(p []byte) {
	if d.head.done || d.note.EightBitHeader {
		return
	}
	for _, c := range p[:d.head.advance(p)] {
		if c >= 0x80 || c == 0 {
			d.note.EightBitHeader = true
			return
		}
	}
}

// normalise hashes p, which holds no NUL, in as few and as long runs as possible.
func (d *Digester) normalise(p []byte) {
	p = d.settleHeld(p)
	content := len(bytes.TrimRight(p, "\r"))
	d.held += len(p) - content
	p = p[:content]

	hashed := 0
	lineStart := 0
	for lineStart < len(p) {
		n := bytes.IndexByte(p[lineStart:], '\n')
		if n < 0 {
			break
		}
		feed := lineStart + n
		end := feed // of the line's content
		for end > lineStart && p[end-1] == '\r' {
			end--
		}
		if feed-end != 1 {
			d.feed(p[hashed:end])
			d.feed(d.ends[len(d.ends)-2:])
			hashed = feed + 1
			d.note.BareLF = d.note.BareLF || feed == end
		}
		d.endLine(end - lineStart)
		lineStart = feed + 1
	}
	d.line += len(p) - lineStart
	d.feed(p[hashed:])
}

// settleHeld hashes the carriage returns that ended the last chunk, now that p tells whether they
// end a line, and returns what is left of p.
func (d *Digester) settleHeld(p []byte) []byte {
	if d.held == 0 {
		return p
	}
	rest := bytes.TrimLeft(p, "\r")
	d.held += len(p) - len(rest)
	if len(rest) == 0 {
		return nil
	}
	if rest[0] == '\n' {
		d.feed(d.ends[len(d.ends)-2:])
		d.held = 0
		d.endLine(0)
		return rest[1:]
	}
	d.line += d.held
	for d.held > 0 {
		n := min(d.held, len(d.ends)-1)
		d.feed(d.ends[:n])
		d.held -= n
	}
	return rest
}

// endLine notes a line of which the last n octets came with the present chunk.
func (d *Digester) endLine(n int) {
	d.note.LongestLine = max(d.note.LongestLine, d.line+n)
	d.line = 0
}

func (d *Digester) feed(p []byte) {
	d.size += int64(len(p))
	d.hash.Write(p) // a hash never fails
}
