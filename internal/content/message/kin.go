// SPDX-License-Identifier: Apache-2.0

package message

import (
	"crypto/sha256"
	"hash"
)

// KinDigester digests what is left of a message when it is known what servers of any family do to one that
// they store: Courier drops every carriage return and ends the last line, Cyrus writes an X for every octet of
// a header that is not ASCII. Equal digests say that two are the same message, not that nothing was changed:
// that says a [Digester].
//
// It takes a message as an io.Writer, in chunks of any size, and never fails.
type KinDigester struct {
	hash  hash.Hash
	head  headEnd
	last  byte // written to the hash; 0 at the start
	clean [2048]byte
}

// NewKinDigester returns a KinDigester at the start of a message.
func NewKinDigester() *KinDigester { return &KinDigester{hash: sha256.New()} }

// Reset starts the next message.
func (d *KinDigester) Reset() {
	d.hash.Reset()
	d.head = headEnd{}
	d.last = 0
}

// Write takes the next octets.
func (d *KinDigester) Write(p []byte) (int, error) {
	inHead := 0
	if !d.head.done {
		inHead = d.head.advance(p)
	}
	n := 0
	for i, c := range p {
		switch {
		case c == '\r':
			continue
		case i < inHead && (c >= 0x80 || c == 0):
			c = 'X'
		case c == 0:
			c = 0x80
		}
		if n == len(d.clean) {
			d.hash.Write(d.clean[:])
			n = 0
		}
		d.clean[n], d.last = c, c
		n++
	}
	d.hash.Write(d.clean[:n])
	return len(p), nil
}

// Sum ends the message and returns its digest. Reset has to come before more is written.
func (d *KinDigester) Sum() Digest {
	if d.last != 0 && d.last != '\n' {
		d.hash.Write([]byte{'\n'})
		d.last = '\n'
	}
	return Digest(d.hash.Sum(nil))
}
