// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// FingerprintFields are the fields that [FingerprintOf] reads, as FETCH BODY[HEADER.FIELDS (...)]
// wants them: a header of these alone has the fingerprint of the whole.
//
// They are what the author wrote and no server touches. Received, Return-Path, Status, X-UIDL,
// X-IMAP and the like come and go on the way; Content-Type and MIME-Version are rewritten by
// filters and tell few messages apart.
const FingerprintFields = "Message-ID Date From To Cc Subject"

const fieldCount = 6

// fieldIndex returns the place of a field in FingerprintFields, or -1.
func fieldIndex(name []byte) int {
	for i, field := range [fieldCount]string{"message-id", "date", "from", "to", "cc", "subject"} {
		if len(name) == len(field) && bytes.EqualFold(name, []byte(field)) {
			return i
		}
	}
	return -1
}

// FingerprintOf returns the fingerprint of a header. Weak says that it has neither a Message-ID
// nor a Date: then compare digests too before taking two messages for one.
//
// Of each field the first occurrence counts, in whatever order they stand. Values are unfolded,
// white space is one blank, and a run of octets above 0x7f, NUL or X, counts as one sign, because
// servers disagree about raw 8-bit headers, and Cyrus writes an X for each octet of them. An absent field and an empty one are the same.
func FingerprintOf(header []byte) (fp Fingerprint, weak bool) {
	var values [fieldCount][]byte
	for name, value := range fields(header) {
		if i := fieldIndex(name); i >= 0 && values[i] == nil {
			values[i] = value
		}
	}
	if madeByCopier(values[0]) {
		values[0] = nil
	}
	w := fieldHash{hash: sha256.New()}
	for _, value := range values {
		w.add(value)
	}
	return w.sum(), isBlank(values[0]) && isBlank(values[1])
}

// madeByCopier recognises a Message-ID that is not part of the message: imapsync --addheader
// writes "<uid@imapsync>" into messages that have none.
func madeByCopier(id []byte) bool {
	return bytes.HasSuffix(bytes.TrimRight(id, " \t\r\n>"), []byte("@imapsync"))
}

const messageIDLimit = 250

// MessageID returns the first Message-ID for a report: printable ASCII, at most 250 octets, or "".
func MessageID(header []byte) string {
	for name, value := range fields(header) {
		if fieldIndex(name) == 0 {
			return printableID(value)
		}
	}
	return ""
}

func printableID(value []byte) string {
	value = bytes.Trim(value, " \t\r\n")
	if end := bytes.IndexByte(value, '>'); end >= 0 && value[0] == '<' {
		value = value[:end+1]
	} else if end := bytes.IndexAny(value, " \t\r\n"); end >= 0 {
		value = value[:end]
	}
	id := bytes.Clone(value[:min(len(value), messageIDLimit)])
	for i, c := range id {
		if c < 0x21 || c > 0x7e {
			id[i] = '?'
		}
	}
	return string(id)
}

// fieldHash hashes field values in their normal form through a small buffer, however long they are.
type fieldHash struct {
	hash hash.Hash
	buf  [512]byte
	n    int
}

func (w *fieldHash) add(value []byte) {
	blank := false
	eightBit := false
	any := false
	for _, c := range value {
		if isSpace(c) {
			blank = true
			continue
		}
		high := c >= 0x80 || c == 0 || c == 'X'
		if high && eightBit && !blank {
			continue
		}
		if blank && any {
			w.octet(' ')
		}
		if high {
			c = 0x80
		}
		w.octet(c)
		blank = false
		eightBit = high
		any = true
	}
	w.octet(0) // ends the field; no value holds one
}

func (w *fieldHash) octet(c byte) {
	if w.n == len(w.buf) {
		w.hash.Write(w.buf[:])
		w.n = 0
	}
	w.buf[w.n] = c
	w.n++
}

func (w *fieldHash) sum() Fingerprint {
	w.hash.Write(w.buf[:w.n])
	return Fingerprint(w.hash.Sum(nil)[:16])
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func isBlank(value []byte) bool { return len(bytes.Trim(value, " \t\r\n\v\f")) == 0 }
