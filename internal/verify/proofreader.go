// SPDX-License-Identifier: Apache-2.0

package verify

import "encoding/binary"

// ProofReader reads the content of a Proof, piece by piece. After the first piece that is not there all is zero, and Whole says so:
// whatever it is given, it takes no more memory than the text is long.
type ProofReader struct {
	text   []byte
	failed bool
}

// NewProofReader begins at the start of a content.
func NewProofReader(content []byte) *ProofReader { return &ProofReader{text: content} }

// Whole reports whether all pieces were there, and nothing is left.
func (r *ProofReader) Whole() bool { return !r.failed && len(r.text) == 0 }

// Failed reports whether a piece was not there.
func (r *ProofReader) Failed() bool { return r.failed }

// Fail says that a piece makes no sense.
func (r *ProofReader) Fail() { r.failed = true }

// Unsigned reads a number that was written by binary.AppendUvarint.
func (r *ProofReader) Unsigned() uint64 {
	value, n := binary.Uvarint(r.text)
	return taken(r, value, n)
}

// Signed reads a number that was written by binary.AppendVarint.
func (r *ProofReader) Signed() int64 {
	value, n := binary.Varint(r.text)
	return taken(r, value, n)
}

func taken[T int64 | uint64](r *ProofReader, value T, n int) T {
	if r.failed || n <= 0 {
		r.failed = true
		return 0
	}
	r.text = r.text[n:]
	return value
}

// Count reads, as Unsigned does, how many things follow, of at least so many octets each.
func (r *ProofReader) Count(octets int) int {
	n := r.Unsigned()
	if n > uint64(len(r.text)/octets) {
		r.failed = true
		return 0
	}
	return int(n)
}

// Text reads octets with their number before them.
func (r *ProofReader) Text() string { return string(r.Octets(r.Count(1))) }

// Octet reads one octet.
func (r *ProofReader) Octet() byte {
	if octet := r.Octets(1); len(octet) == 1 {
		return octet[0]
	}
	return 0
}

// Octets reads n octets, which stay those of the content; nil where there are fewer.
func (r *ProofReader) Octets(n int) []byte {
	if r.failed || n > len(r.text) {
		r.failed = true
		return nil
	}
	taken := r.text[:n]
	r.text = r.text[n:]
	return taken
}
