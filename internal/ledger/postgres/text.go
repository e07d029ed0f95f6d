// SPDX-License-Identifier: Apache-2.0

package postgres

import (
	"strings"
	"unicode/utf8"
)

// The rule: a text comes back as it was, octet by octet. PostgreSQL takes no octet 0 in a text, and in a database of UTF-8
// nothing that is none (postgresql.org/docs/15/datatype-character.html, multibyte.html), but names of mailboxes and the words of
// servers are what the servers make of them. Each octet that is not taken travels as one character for private use; those
// characters themselves travel octet by octet as well, so that no two texts become the same.
const firstOctet = 0x10F700 // stands for the octet 0, and the 255 behind it for the others

// toText writes what PostgreSQL takes.
func toText(s string) string {
	if travelsAsItIs(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 || r == 0 || standsForOctet(r) {
			for _, octet := range []byte(s[:n]) {
				b.WriteRune(firstOctet + rune(octet))
			}
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// fromText undoes toText.
func fromText(s string) string {
	if travelsAsItIs(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if standsForOctet(r) {
			b.WriteByte(byte(r - firstOctet))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func standsForOctet(r rune) bool { return r >= firstOctet && r <= firstOctet+0xFF }

// travelsAsItIs reports whether a text is the same on both sides. All characters from U+10F700 to U+10F7FF begin with these octets.
func travelsAsItIs(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !strings.Contains(s, "\xF4\x8F\x9C") && !strings.Contains(s, "\xF4\x8F\x9D") &&
		!strings.Contains(s, "\xF4\x8F\x9E") && !strings.Contains(s, "\xF4\x8F\x9F")
}
