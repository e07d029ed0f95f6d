// SPDX-License-Identifier: Apache-2.0

package message

import "crypto/sha256"

// OriginOf returns a hash of the Message-ID and the Date of a header. Servers that rewrite addresses and
// subjects leave these alone: of two messages with different origins neither is a version of the other. Known
// is false when it has neither, or when octets in them are not ASCII, which servers replace as they like.
//
// Of each field the first occurrence counts; white space does not.
func OriginOf(header []byte) (origin Fingerprint, known bool) {
	var values [2][]byte
	for name, value := range fields(header) {
		if i := fieldIndex(name); i >= 0 && i < len(values) && values[i] == nil {
			values[i] = value
		}
	}
	if madeByCopier(values[0]) {
		values[0] = nil
	}
	if isBlank(values[0]) && isBlank(values[1]) {
		return Fingerprint{}, false
	}
	hash := sha256.New()
	for _, value := range values {
		for _, c := range value {
			switch {
			case c >= 0x80 || c == 0:
				return Fingerprint{}, false
			case !isSpace(c):
				hash.Write([]byte{c})
			}
		}
		hash.Write([]byte{0})
	}
	return Fingerprint(hash.Sum(nil)[:16]), true
}
