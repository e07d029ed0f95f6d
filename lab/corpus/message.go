// SPDX-License-Identifier: Apache-2.0

package corpus

import (
	"bytes"
	"io"
	"time"
)

// Message describes one message. Copying it is cheap; the copy has the same octets.
type Message struct {
	UID          uint32
	Size         int64    // octets as IMAP shows them (RFC822.SIZE)
	Flags        []string // system flags and keywords
	InternalDate time.Time
	NULs         int
	Trap         string // what is odd about it, if anything

	content content
}

// content makes the octets as they lie on the source's disk, mostly with LF line ends.
type content interface {
	writeStored(w io.Writer) error
}

// WriteTo writes the octets as the source's IMAP shows them: every line ends in CRLF, and a NUL
// reads as 0x80.
func (m Message) WriteTo(w io.Writer) (int64, error) {
	wire := wireWriter{w: w}
	err := m.content.writeStored(&wire)
	return wire.n, err
}

// WriteStored writes the octets as they lie on the source's disk.
func (m Message) WriteStored(w io.Writer) error { return m.content.writeStored(w) }

// Octets returns what WriteTo writes.
func (m Message) Octets() []byte {
	var b bytes.Buffer
	b.Grow(int(m.Size))
	_, _ = m.WriteTo(&b) // a bytes.Buffer takes everything
	return b.Bytes()
}

// wireWriter turns stored octets into those of an IMAP literal. A bare CR stays as it is.
type wireWriter struct {
	w       io.Writer
	n       int64
	afterCR bool
	buf     []byte
}

func (x *wireWriter) Write(p []byte) (int, error) {
	x.buf = x.buf[:0]
	for _, c := range p {
		switch {
		case c == '\n' && !x.afterCR:
			x.buf = append(x.buf, '\r', '\n')
		case c == 0:
			x.buf = append(x.buf, 0x80)
		default:
			x.buf = append(x.buf, c)
		}
		x.afterCR = c == '\r'
	}
	n, err := x.w.Write(x.buf)
	x.n += int64(n)
	return len(p), err
}

// literal is a message whose octets are spelled out.
type literal []byte

func (l literal) writeStored(w io.Writer) error {
	_, err := w.Write(l)
	return err
}

// literalMessage describes stored octets as they are.
func literalMessage(trap string, stored []byte) Message {
	wire := wireWriter{w: io.Discard}
	_, _ = wire.Write(stored) // io.Discard takes everything
	return Message{Size: wire.n, NULs: bytes.Count(stored, []byte{0}), Trap: trap, content: literal(stored)}
}
